// A process of its own on the store that a URL names: 64 callers say at once that the order is paid, each in its own
// words. Arguments: the URL, the name of the process, the order. Prints its outcomes as JSON.
import { createInterface } from 'node:readline';
import { concurrentObservations } from './concurrent-observations.test-support.ts';
import { openEventStore } from './event-store/store-url.ts';
import { createPaymentLedger } from './ledger.ts';

const [url = '', name = '', orderId = ''] = process.argv.slice(2);
await using ledger = createPaymentLedger({ eventStore: await openEventStore(url), background: false, readModels: ':memory:' });
console.log('ready');
for await (const _ of createInterface(process.stdin)) break; // All processes begin when they are told.
const answers = await Promise.all(concurrentObservations(name, orderId).map((observation) => ledger.observePayment(observation)));
console.log(JSON.stringify(answers.map(({ outcome }) => outcome)));
