import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { KurrentDbContainer } from '@testcontainers/kurrentdb';
import { containerSuite } from './container.test-support.ts';

await containerSuite({
  image: 'kurrentplatform/kurrentdb:26.0',
  container: (image) => new KurrentDbContainer(image),
  environment: { KURRENTDB_RUN_PROJECTIONS: 'None', KURRENTDB_START_STANDARD_PROJECTIONS: 'false' },
  scheme: 'kurrentdb',
  connect: (url) => KurrentDBClient.connectionString(url),
});
