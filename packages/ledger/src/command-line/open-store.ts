// Store URLs, in one place: which scheme opens which store. `sqlite:PATH` is read without opening it for writing.

import { type LogReader, readerOf } from '../audit/log/log-reader.ts';
import { sqliteReader } from '../audit/log/sqlite-reader.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { clusterSchemes, openEventStore, withoutPassword } from '../event-store/store-url.ts';

export interface WritableStore {
  readonly store: EventStore;
  /** It writes appends in the order in which they are called: an import may have many under way. */
  readonly keepsOrder: boolean;
}

interface Scheme {
  /** @param rest what follows the scheme and its colon. */
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

/** @throws LedgerError `invalid_input`, and what the store throws. */
export function openReader(url: string): Promise<LogReader> {
  const { scheme, rest } = parseStoreUrl(url);
  return scheme.openReader(url, rest);
}

/** For the commands that write: `import`. */
export function openWritableStore(url: string): Promise<WritableStore> {
  const { scheme, rest } = parseStoreUrl(url);
  return scheme.openStore(url, rest);
}

/** `--store`, else LEDGER_URL, else where the shop and the demo keep their log. */
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
