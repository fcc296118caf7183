// Runs the protocol double of EventStoreDB as a separate process, so that replicas connect to it as to a server. Prints its
// URL, and ends when its standard input ends.
import { once } from 'node:events';
import { ServerDouble } from '@paidonce/ledger/testing/eventstoredb-double';

const double = await ServerDouble.start();
console.log(double.url);
process.stdin.resume();
await once(process.stdin, 'end');
double.kill();
