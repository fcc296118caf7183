// A process of its own on a SQLite log, for ledger-concurrency.test.ts: 64 callers say at once that the order is paid,
// each in its own words. Arguments: the log, the name of the process. Prints its outcomes, counted, as JSON.
import { createInterface } from 'node:readline';
import { openSqliteEventStore } from './event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from './ledger.ts';
import { sayings } from './observe-at-once.test-support.ts';

const [path = '', name = ''] = process.argv.slice(2);
await using ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(path), background: false, readModels: ':memory:' });
console.log('ready');
for await (const _ of createInterface(process.stdin)) break; // All processes begin when they are told.
const answers = await Promise.all(sayings(name).map((observation) => ledger.observePayment(observation)));
console.log(JSON.stringify(answers.map(({ outcome }) => outcome)));
