// `npm run simulate`: the ledger in a simulated world. `npm run simulate -- --stripe`: the Stripe adapter on top, against the
// sandbox's model. All other options go to the simulation that is meant; each names its own.
const args = process.argv.slice(2);
const simulated = args.includes('--stripe') ? 'stripe-adapter' : 'ledger';
process.argv.splice(2, args.length, ...args.filter((arg) => arg !== '--stripe'));
await import(new URL(`../packages/${simulated}/src/testing/simulation/main.ts`, import.meta.url).href);
