// The entry point @paidonce/ledger/eventstoredb: the event store for many machines, on EventStoreDB or KurrentDB. The caller
// passes the client. Any number of processes may open the same log.
import type { EventStore } from '../event-store.ts';
import type { EventStoreDbClient } from './client.ts';
import type { EventStoreDbEventStoreOptions } from './options.ts';
import { openStore } from './store.ts';

export type { Credentials, EventStoreDbClient } from './client.ts';
export type { EventStoreDbEventStoreOptions } from './options.ts';

/**
 * Opens the log with one client, or with several that share the load. It calls the server first, so that wrong settings
 * fail here, with one clear sentence.
 *
 * @param given clients of `@eventstore/db-client` 6 or `@kurrent/kurrentdb-client` 1. Closing the store, and a failure to
 *   open it, close them too, unless `keepClients` is set.
 * @throws LedgerError `store_unavailable`: the server cannot be reached, or refuses the credentials. `invalid_input`: a
 *   client, server or option cannot be used.
 */
export function openEventStoreDbEventStore(
  given: EventStoreDbClient | readonly EventStoreDbClient[],
  options: EventStoreDbEventStoreOptions = {},
): Promise<EventStore> {
  return openStore(given, options);
}
