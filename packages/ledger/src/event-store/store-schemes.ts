// The stores that a URL can name. A new one is a folder beside this file and a row here: LEDGER_URL, the commands and their
// help read this table, so a store is loaded where it is opened, and not before.
import { LedgerError } from '../errors.ts';
import type { EventStore } from './event-store.ts';
import { withoutPassword } from './without-password.ts';

/** How to open a store. */
export interface OpenSchemeOptions {
  readonly readOnly: boolean;
  /** False: a store that a server has no place for yet is not made there. A file or a stream is made with its first event. */
  readonly create: boolean;
}

/** One kind of store. */
export interface StoreScheme {
  /** How its URL is written, as help and error messages show it. */
  readonly form: string;
  /** Matches the URLs of this store. */
  readonly pattern: RegExp;
  open(url: string, options: OpenSchemeOptions): Promise<EventStore>;
  /** True if the store commits the appends of one turn of the event loop together, in their order: then an import calls many at once. */
  readonly keepsOrder: boolean;
  /** How a command reads its log: opens it with `readOnly`, or as a SQLite file; or not at all, since it ends with its process. */
  readonly reading: 'readOnly' | 'sqliteFile' | 'none';
}

const cluster: Omit<StoreScheme, 'form' | 'pattern'> = {
  open: async (url, { readOnly }) => (await import('./eventstoredb/cluster-url.ts')).openClusterUrl(url, readOnly),
  keepsOrder: false,
  reading: 'readOnly',
};

const schemes: readonly StoreScheme[] = [
  {
    form: 'sqlite:PATH',
    pattern: /^sqlite:./s,
    open: async (url) => (await import('./sqlite/sqlite.ts')).openSqliteEventStore(sqlitePath(url)),
    keepsOrder: true,
    reading: 'sqliteFile',
  },
  {
    form: 'memory:',
    pattern: /^memory:$/,
    open: async () => (await import('./memory.ts')).openMemoryEventStore(),
    keepsOrder: true,
    reading: 'none',
  },
  {
    form: 'postgres://HOST/DATABASE',
    pattern: /^postgres(?:ql)?:\/\//,
    open: async (url, options) => (await import('./postgres/postgres-url.ts')).openPostgresUrl(url, options),
    keepsOrder: false,
    reading: 'readOnly',
  },
  { form: 'esdb://HOST', pattern: /^esdb(?:\+discover)?:\/\//, ...cluster },
  { form: 'kurrentdb://HOST', pattern: /^kurrentdb(?:\+discover)?:\/\//, ...cluster },
];

/** The URLs that a command accepts, for its help. */
export const storeForms: string = schemes
  .filter(({ reading }) => reading !== 'none')
  .map(({ form }) => form)
  .join(', ');

/** Returns the kind of store that a URL names. @throws LedgerError `invalid_input`: it names none. */
export function schemeOf(url: string): StoreScheme {
  const scheme = schemes.find(({ pattern }) => pattern.test(url));
  if (scheme !== undefined) return scheme;
  const hint = hintFor(url);
  const known = schemes.map(({ form }) => form).join(', ');
  throw new LedgerError('invalid_input', `${JSON.stringify(withoutPassword(url))} names no store. ${hint}Known: ${known}`);
}

/** Says what may be wrong with a URL that names no store. The URL is a secret where it holds a password. */
function hintFor(url: string): string {
  if (url.includes('://')) {
    const isAsWritten = /^[a-z+]+:/.test(url);
    return isAsWritten ? '' : 'A URL begins with its scheme in lower case, without a blank, a quote or NAME= before it. ';
  }
  return url === '' || /^[a-z+]+:/.test(url) ? '' : `Is it sqlite:${url}? `;
}

/** Returns the path in a `sqlite:` URL. */
export function sqlitePath(url: string): string {
  return url.slice('sqlite:'.length);
}
