// The entry point @paidonce/ledger/store-url: opens the event store that a URL names, such as the value of LEDGER_URL.
import { LedgerError } from '../errors.ts';
import type { EventStore } from './event-store.ts';
import { schemeOf } from './store-schemes.ts';
import { withoutPassword } from './without-password.ts';

export { withoutPassword };

/** How to open the store of a URL. */
export interface OpenUrlOptions {
  /** True: nothing is ever appended, also not to check the client. Only for EventStoreDB and KurrentDB. Default: false. */
  readonly readOnly?: boolean;
}

/**
 * Opens the store that a URL names.
 * @param url `sqlite:PATH`, `memory:`, `esdb://USER:PASSWORD@HOST:PORT,HOST:PORT?tlsCAFile=…` or `esdb+discover://NAME`, and
 *   the same two with `kurrentdb`. The client reads what follows the `?`, except `clients=N`: the number of connections that
 *   share the load, 1 to 16, default 1.
 * @throws LedgerError `invalid_input`: the URL names no store, or the client for it is not installed. Also what opening the
 *   store throws: `store_unavailable`, `store_busy`, `file_newer`. No message contains the password.
 */
export async function openEventStore(url: string, { readOnly = false }: OpenUrlOptions = {}): Promise<EventStore> {
  const { open, reading } = schemeOf(url);
  if (readOnly && reading !== 'readOnly') {
    throw new LedgerError(
      'invalid_input',
      `${withoutPassword(url)}: readOnly is for a cluster. A SQLite file is read by sqliteReader of @paidonce/ledger/audit`,
    );
  }
  return open(url, readOnly);
}
