// Opens the store that a URL names, to read or to write. To read `sqlite:PATH`, the file is opened read-only.

import { type LogReader, readerOf } from '../audit/log/log-reader.ts';
import { sqliteReader } from '../audit/log/sqlite-reader.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { clusterSchemes, openEventStore, withoutPassword } from '../event-store/store-url.ts';

/** A store that was opened to write. */
export interface WritableStore {
  readonly store: EventStore;
  /** True if the store writes appends in the order in which they were called: then an import may run many at once. */
  readonly keepsOrder: boolean;
}

interface Scheme {
  /** @param rest the URL without its scheme and colon. */
  openReader(url: string, rest: string): Promise<LogReader>;
  openStore(url: string, rest: string): Promise<WritableStore>;
}

const cluster: Scheme = {
  openReader: async (url) => readerOf(await openEventStore(url, { readOnly: true }), withoutPassword(url)),
  openStore: async (url) => ({ store: await openEventStore(url), keepsOrder: false }),
};

const schemes: Readonly<Record<string, Scheme>> = {
  sqlite: {
    openReader: async (url, path) => sqliteReader(path, url),
    openStore: async (_, path) => ({ store: await openSqliteEventStore(path), keepsOrder: true }),
  },
  ...Object.fromEntries(clusterSchemes.map((name) => [name, cluster])),
};

/** Opens a log to read. @throws LedgerError `invalid_input`: the URL names no store. Also what opening the store throws. */
export function openReader(url: string): Promise<LogReader> {
  const { scheme, rest } = parseStoreUrl(url);
  return scheme.openReader(url, rest);
}

/** Opens a store to write. @throws LedgerError `invalid_input`: the URL names no store. Also what opening the store throws. */
export function openWritableStore(url: string): Promise<WritableStore> {
  const { scheme, rest } = parseStoreUrl(url);
  return scheme.openStore(url, rest);
}

/**
 * Returns the URL of the log: the value of `--store`, else LEDGER_URL, else `sqlite:` with `ledger.db` in DATA_DIR or in
 * `./data`. The shop and the demo keep their log there.
 */
export function storeUrl(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return given ?? (env['LEDGER_URL'] || `sqlite:${env['DATA_DIR'] || './data'}/ledger.db`);
}

function parseStoreUrl(url: string): { readonly scheme: Scheme; readonly rest: string } {
  const [, name = '', rest = ''] = /^([a-z][a-z+]+):(.*)$/.exec(url) ?? [];
  const scheme = Object.hasOwn(schemes, name) ? schemes[name] : undefined;
  if (scheme && rest !== '') return { scheme, rest };
  const known = Object.keys(schemes).map((each) => `${each}:…`);
  const hint = name === 'memory' ? 'A log in memory ends with its process.' : `Is it sqlite:${withoutPassword(url)}?`;
  throw new LedgerError(
    'invalid_input',
    `${JSON.stringify(withoutPassword(url))} is no store that can be opened here. ${hint} Known: ${known.join(', ')}`,
  );
}
