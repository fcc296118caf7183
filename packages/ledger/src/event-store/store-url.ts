// @paidonce/ledger/store-url: opens the event store that a URL names, as LEDGER_URL gives it. One URL moves a ledger from
// one machine to many.
import { LedgerError } from '../errors.ts';
import type { EventStore } from './event-store.ts';
import { schemeOf } from './store-schemes.ts';
import { withoutPassword } from './without-password.ts';

export { withoutPassword };

export interface OpenUrlOptions {
  /** Of a cluster: nothing is appended, also not when it is opened. */
  readonly readOnly?: boolean;
}

/**
 * `sqlite:PATH`, `memory:`, `esdb://USER:PASSWORD@HOST:PORT,HOST:PORT?tlsCAFile=…`, `esdb+discover://NAME`, and the same
 * with `kurrentdb`. What follows the `?` is the client's, but for `clients=N`: how many connections share the load.
 *
 * @throws LedgerError `invalid_input`: no such store, or no client installed for it; and what the store throws.
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
