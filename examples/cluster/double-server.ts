// Runs the protocol double of EventStoreDB as a separate process, so that replicas connect to it as to a server. Prints its
// URL. For each line that it reads it breaks all connections, as a server that was killed would, serves again on its log after
// a second, and prints its URL again. It ends when its standard input ends.
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { ServerDouble } from '@paidonce/ledger/testing/eventstoredb-double';

const double = await ServerDouble.start();
console.log(double.url);
for await (const _ of createInterface({ input: process.stdin })) {
  double.kill();
  await wait(1_000);
  await double.restart();
  console.log(double.url);
}
double.kill();
