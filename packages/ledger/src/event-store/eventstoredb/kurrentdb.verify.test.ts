import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { afterAll } from 'vitest';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { storeContract } from '../../testing/store-contract.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';

// The first read of this client takes half a second, so the stores of the suite share a few clients that stay open.
const double = await ServerDouble.start({ client: '@kurrent/kurrentdb-client' });
const clients = Array.from({ length: 4 }, () => KurrentDBClient.connectionString(double.url.replace('esdb://', 'kurrentdb://')));
let turn = 0;
afterAll(async () => {
  double.kill();
  await Promise.all(clients.map((client) => client.dispose()));
});

storeContract('the store on a double of EventStoreDB, through the client of KurrentDB,', async () => ({
  open: () => openEventStoreDbEventStore(clients[turn++ % clients.length] as KurrentDBClient, { quietMs: 100, keepClients: true }),
  remove: async () => undefined,
}));
