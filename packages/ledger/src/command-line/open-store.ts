// Opens the store that a URL names, to read or to write, for the commands. The table of stores is event-store/store-schemes.ts.
import { type LogReader, readerOf } from '../audit/log/log-reader.ts';
import { sqliteReader } from '../audit/log/sqlite-reader.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { type StoreScheme, schemeOf, sqlitePath } from '../event-store/store-schemes.ts';
import { withoutPassword } from '../event-store/without-password.ts';

/** A store that was opened to write. */
export interface WritableStore {
  readonly store: EventStore;
  /** True if the store writes appends in the order in which they were called: then an import may run many at once. */
  readonly keepsOrder: boolean;
}

/**
 * Opens a log to read. A SQLite file is opened read-only.
 * @throws LedgerError `invalid_input`: the URL names no store. Also what opening the store throws.
 */
export async function openReader(url: string): Promise<LogReader> {
  const { open, reading } = lastingSchemeOf(url);
  return reading === 'sqliteFile'
    ? sqliteReader(sqlitePath(url), url)
    : readerOf(await open(url, { readOnly: true, create: false }), withoutPassword(url));
}

/**
 * Opens a store to write.
 * @param options `create`: also where a server has no place for it yet. Default: false, since a typing error in a command must
 *   not leave an empty ledger behind.
 * @throws LedgerError `invalid_input`: the URL names no store, or there is none. Also what opening the store throws.
 */
export async function openWritableStore(url: string, { create = false }: { readonly create?: boolean } = {}): Promise<WritableStore> {
  const { open, keepsOrder } = lastingSchemeOf(url);
  return { store: await open(url, { readOnly: false, create }), keepsOrder };
}

/**
 * Returns the URL of the log: the value of `--store`, else LEDGER_URL, else `sqlite:` with `ledger.db` in DATA_DIR or in
 * `./data`. The shop and the demo keep their log there.
 */
export function storeUrl(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return given ?? (env['LEDGER_URL'] || `sqlite:${env['DATA_DIR'] || './data'}/ledger.db`);
}

function lastingSchemeOf(url: string): StoreScheme {
  const scheme = schemeOf(url);
  if (scheme.reading === 'none') throw new LedgerError('invalid_input', `${url} ends with its process: a command cannot open it.`);
  return scheme;
}
