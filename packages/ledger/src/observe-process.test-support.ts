// Runs a separate process on the store that a URL names: 64 callers report at once that the order is paid, each with its own
// evidence. Arguments: the URL, the name of the process, the order. Prints the outcomes as JSON.
import { createInterface } from 'node:readline';
import { concurrentObservations } from './concurrent-observations.test-support.ts';
import { openEventStore } from './event-store/store-url.ts';
import { createPaymentLedger } from './ledger.ts';
import { testRuntime } from './test-runtime.test-support.ts';

const [url = '', name = '', orderId = ''] = process.argv.slice(2);
await using ledger = createPaymentLedger({
  eventStore: await openEventStore(url),
  background: false,
  readModels: ':memory:',
  runtime: testRuntime,
});
console.log('ready');
for await (const _ of createInterface(process.stdin)) break; // Waits for a line, so that all processes begin at the same time.
const answers = await Promise.all(concurrentObservations(name, orderId).map((observation) => ledger.observePayment(observation)));
console.log(JSON.stringify(answers.map(({ outcome }) => outcome)));
