// The program of `npm run simulate`: simulates the ledger. With `-- --stripe` it simulates the Stripe adapter, against the
// sandbox's model; with `-- --subscriptions` it plays the proof of subscriptions and then the adapter's subscriptions, or one of both
// with `-- --subscription-laws` and `-- --subscription-adapter`. All other options go to the simulation; its `main.ts` lists them.
const args = process.argv.slice(2);
const laws = 'ledger/src/testing/simulation/subscription-laws';
const adapter = 'stripe-adapter/src/testing/subscription-simulation';
const others: Readonly<Record<string, readonly string[]>> = {
  '--stripe': ['stripe-adapter/src/testing/simulation'],
  '--subscriptions': [laws, adapter],
  '--subscription-laws': [laws],
  '--subscription-adapter': [adapter],
};
const other = args.find((arg) => Object.hasOwn(others, arg));
process.argv.splice(2, args.length, ...args.filter((arg) => arg !== other));
const folders = (other === undefined ? undefined : others[other]) ?? ['ledger/src/testing/simulation'];
for (const folder of folders) await import(new URL(`../packages/${folder}/main.ts`, import.meta.url).href);
