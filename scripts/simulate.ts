// The program of `npm run simulate`: simulates the ledger. With `-- --stripe` it simulates the Stripe adapter, against the
// sandbox's model. All other options go to the simulation; its `main.ts` lists them.
const args = process.argv.slice(2);
const simulated = args.includes('--stripe') ? 'stripe-adapter' : 'ledger';
process.argv.splice(2, args.length, ...args.filter((arg) => arg !== '--stripe'));
await import(new URL(`../packages/${simulated}/src/testing/simulation/main.ts`, import.meta.url).href);
