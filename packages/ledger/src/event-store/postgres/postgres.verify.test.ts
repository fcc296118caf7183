// The contract of the port on a real server, with a pool of its own for each handle, as in another process.
import { afterAll, beforeAll } from 'vitest';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { storeContract } from '../../testing/store-contract.ts';
import { openPostgresEventStore } from './postgres.ts';
import { describeOnServer } from './server.test-support.ts';

describeOnServer('PostgreSQL', (database) => {
  let schema: string;
  beforeAll(() => {
    schema = database().newSchema();
  });
  storeContract('the store on PostgreSQL', async () => {
    const { url, query } = database();
    return {
      open: () => openPostgresEventStore({ url, schema, runtime: testRuntime }),
      backUp: async () => {
        await query(`drop schema if exists ${schema}_backup cascade; create schema ${schema}_backup`);
        for (const table of ['streams', 'events']) await query(`create table ${schema}_backup.${table} as table ${schema}.${table}`);
        return () => putBack(query, schema);
      },
      remove: async () => undefined, // All tests share one schema, with names of their own.
    };
  });
  afterAll(() => database().query(`drop schema if exists ${schema}_backup cascade`));
});

/** Puts a backup back under the processes that have the log open, as a restore of the database would. */
async function putBack(query: (sql: string) => Promise<unknown>, schema: string): Promise<void> {
  await query(
    `begin; truncate ${schema}.streams, ${schema}.events;
     insert into ${schema}.streams overriding system value table ${schema}_backup.streams;
     insert into ${schema}.events table ${schema}_backup.events; commit`,
  );
}
