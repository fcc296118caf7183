import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { storeContract } from '../../testing/store-contract.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';
import { ServerDouble } from './server-double.test-support.ts';

storeContract('the store on a double of EventStoreDB, through the client of KurrentDB,', async () => {
  const double = await ServerDouble.start({ client: '@kurrent/kurrentdb-client' });
  const url = double.url.replace('esdb://', 'kurrentdb://');
  return {
    open: () => openEventStoreDbEventStore(KurrentDBClient.connectionString(url), { quietMs: 100 }),
    remove: async () => double.kill(),
  };
});
