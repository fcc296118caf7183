import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { afterAll, beforeAll } from 'vitest';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { type OperatorClient, operatorSuite } from './operator-suite.test-support.ts';

let double: ServerDouble;
beforeAll(async () => {
  double = await ServerDouble.start({ client: '@kurrent/kurrentdb-client' });
});
afterAll(() => double.kill());

operatorSuite({
  name: 'a double of EventStoreDB, through the client of KurrentDB',
  url: () => double.url.replace('esdb://', 'kurrentdb://'),
  connect: (to) => KurrentDBClient.connectionString(to) as unknown as OperatorClient,
});
