import { EventStoreDBClient } from '@eventstore/db-client';
import { storeContract } from '../../testing/store-contract.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';
import { ServerDouble } from './server-double.test-support.ts';

storeContract('the store on a double of EventStoreDB', async () => {
  const double = await ServerDouble.start();
  return {
    open: () => openEventStoreDbEventStore(EventStoreDBClient.connectionString(double.url), { quietMs: 100 }),
    remove: async () => double.kill(),
  };
});
