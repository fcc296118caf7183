import { EventStoreDBClient } from '@eventstore/db-client';
import { GenericContainer } from 'testcontainers';
import { containerSuite } from './container.test-support.ts';

await containerSuite({
  image: 'eventstore/eventstore:24.10',
  container: (image) => new GenericContainer(image),
  environment: { EVENTSTORE_CLUSTER_SIZE: '1', EVENTSTORE_INSECURE: 'true', EVENTSTORE_RUN_PROJECTIONS: 'None' },
  scheme: 'esdb',
  connect: (url) => EventStoreDBClient.connectionString(url),
});
