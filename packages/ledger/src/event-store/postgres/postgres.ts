// The entry point @paidonce/ledger/postgres: the event store in a schema of a PostgreSQL database. Any number of processes may
// open the same log. Events are only ever inserted, by one SQL function under the lock of the log.
import { openWithConnections, type PostgresEventStore } from './open-store.ts';
import type { PostgresEventStoreOptions } from './options.ts';
import { defaultConnections } from './pool.ts';

export type { PostgresClient, PostgresPool } from './client.ts';
export type { PostgresEventStore } from './open-store.ts';
export type { PostgresEventStoreOptions } from './options.ts';

/**
 * Opens the log, or makes an empty one.
 * @throws LedgerError `invalid_input`: an option, the server, the role or the schema cannot be used; the message says what to
 *   do. `file_newer`: a newer release made the schema. `store_unavailable`: the server did not answer in time.
 */
export async function openPostgresEventStore(options: PostgresEventStoreOptions): Promise<PostgresEventStore> {
  return openWithConnections(options, defaultConnections);
}
