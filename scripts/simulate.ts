// The program of `npm run simulate`: simulates the ledger. With `-- --stripe` it simulates the Stripe adapter, against the
// sandbox's model; with `-- --subscriptions` it plays the proof of subscriptions. All other options go to the simulation; its
// `main.ts` lists them.
const args = process.argv.slice(2);
const others: Readonly<Record<string, string>> = {
  '--stripe': 'stripe-adapter/src/testing/simulation',
  '--subscriptions': 'ledger/src/testing/simulation/subscription-laws',
};
const other = args.find((arg) => Object.hasOwn(others, arg));
process.argv.splice(2, args.length, ...args.filter((arg) => arg !== other));
const folder = other === undefined ? undefined : others[other];
await import(new URL(`../packages/${folder ?? 'ledger/src/testing/simulation'}/main.ts`, import.meta.url).href);
