// The protocol double of EventStoreDB as a process of its own, so that replicas talk to it as to a server. Prints its
// URL; ends when its standard input does.
import { once } from 'node:events';
import { ServerDouble } from '@paidonce/ledger/testing/eventstoredb-double';

const double = await ServerDouble.start();
console.log(double.url);
process.stdin.resume();
await once(process.stdin, 'end');
double.kill();
