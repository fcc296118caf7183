import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll } from 'vitest';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { type OperatorClient, operatorSuite } from './operator-suite.test-support.ts';

let double: ServerDouble;
beforeAll(async () => {
  double = await ServerDouble.start();
});
afterAll(() => double.kill());

operatorSuite({
  name: 'a double of EventStoreDB',
  url: () => double.url,
  connect: (to) => EventStoreDBClient.connectionString(to) as unknown as OperatorClient,
});
