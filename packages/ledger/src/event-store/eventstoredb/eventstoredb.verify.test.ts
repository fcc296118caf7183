import { EventStoreDBClient } from '@eventstore/db-client';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { storeContract } from '../../testing/store-contract.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';

storeContract('the store on a double of EventStoreDB', async () => {
  const double = await ServerDouble.start();
  return {
    open: () => openEventStoreDbEventStore(EventStoreDBClient.connectionString(double.url), { quietMs: 100 }),
    remove: async () => double.kill(),
    backUp: async () => {
      const putBack = double.log.backUp();
      return async () => {
        double.kill();
        putBack();
        await double.restart();
      };
    },
  };
});
