// The entry point @paidonce/ledger/store-url: opens the event store that a URL names, such as the value of LEDGER_URL.
import { LedgerError } from '../errors.ts';
import type { EventStore } from './event-store.ts';
import { schemeOf } from './store-schemes.ts';
import { withoutPassword } from './without-password.ts';

export { withoutPassword };

/** How to open the store of a URL. */
export interface OpenUrlOptions {
  /** True: nothing is ever appended, also not to check the client. For servers: PostgreSQL, EventStoreDB, KurrentDB. Default: false. */
  readonly readOnly?: boolean;
  /** False: on PostgreSQL the schema must be there. Default: true. */
  readonly create?: boolean;
}

/**
 * Opens the store that a URL names.
 * @param url `sqlite:PATH`, `memory:`, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, `esdb://USER:PASSWORD@HOST:PORT,HOST:PORT?tlsCAFile=…` or `esdb+discover://NAME`, and
 *   the same two with `kurrentdb`. The client reads what follows the `?`, except `clients=N`: the number of connections that
 *   share the load, 1 to 16, default 1; on PostgreSQL the size of the pool, 2 to 64, default 4; and there `schema=NAME`.
 * @throws LedgerError `invalid_input`: the URL names no store, or the client for it is not installed. Also what opening the
 *   store throws: `store_unavailable`, `store_busy`, `file_newer`. No message contains the password.
 */
export async function openEventStore(url: string, { readOnly = false, create = true }: OpenUrlOptions = {}): Promise<EventStore> {
  const { open, reading } = schemeOf(url);
  if (readOnly && reading !== 'readOnly') {
    throw new LedgerError(
      'invalid_input',
      `${withoutPassword(url)}: readOnly is for a server. A SQLite file is read by sqliteReader of @paidonce/ledger/audit`,
    );
  }
  return open(url, { readOnly, create });
}
