// Opens the store that a URL names, to read or to write, for the commands, and shows which it is before anything else: most that
// goes wrong on a command line is the wrong log. The table of stores is event-store/store-schemes.ts.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type LogReader, readerOf } from '../audit/log/log-reader.ts';
import { SqliteLog } from '../audit/log/sqlite-log.ts';
import { sqliteReader } from '../audit/log/sqlite-reader.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { type StoreScheme, schemeOf, sqlitePath } from '../event-store/store-schemes.ts';
import { withoutPassword } from '../event-store/without-password.ts';
import type { OptionSpec } from './command.ts';
import { grouped, type Terminal } from './terminal.ts';

/** A store that was opened to write. */
export interface WritableStore {
  readonly store: EventStore;
  /** True if the store commits the appends of one turn of the event loop together, in their order: then an import calls many at once. */
  readonly keepsOrder: boolean;
}

/** The flag `--create`, of the few commands that may begin a new ledger. */
export const createOption: Readonly<Record<'create', OptionSpec>> = {
  create: { help: 'make a new ledger where there is none. Default: a wrong path or folder is refused' },
};

/** How a command opens its store. */
export interface OpeningOptions {
  /** Gets the line that names the store, on standard error. */
  readonly terminal: Pick<Terminal, 'err'>;
  /** True if `--create` was given, false if not; absent: the command never begins a ledger. */
  readonly create?: boolean;
}

/**
 * Opens a log to read. A SQLite file is opened read-only.
 * @throws LedgerError `invalid_input`: the URL names no store, or there is no ledger. Also what opening the store throws.
 */
export async function openReader(url: string, { terminal }: OpeningOptions): Promise<LogReader> {
  const { open, reading } = lastingSchemeOf(url);
  if (reading !== 'sqliteFile') {
    const store = await open(url, { readOnly: true, create: false });
    terminal.err(withoutPassword(url));
    return readerOf(store, withoutPassword(url));
  }
  const path = resolve(sqlitePath(url));
  refuseMissing(path);
  const reader = sqliteReader(path, url);
  if (reader.sqlite) terminal.err(storeLine(reader.sqlite));
  return reader;
}

/**
 * Opens a store to write. Makes no ledger unless `create` is true.
 * @throws LedgerError `invalid_input`: the URL names no store, or there is no ledger. Also what opening the store throws.
 */
export async function openWritableStore(url: string, { terminal, create }: OpeningOptions): Promise<WritableStore> {
  const { open, keepsOrder, reading } = lastingSchemeOf(url);
  const isFile = reading === 'sqliteFile';
  if (isFile && create !== true) refuseMissing(resolve(sqlitePath(url)), create === false);
  const store = await open(url, { readOnly: false, create: create === true });
  try {
    if (!isFile && create !== true && !(await isLedger(store))) throw noLedger(withoutPassword(url), create === false, 'with an order');
    terminal.err(isFile ? countedLine(resolve(sqlitePath(url))) : withoutPassword(url));
    return { store, keepsOrder };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Returns the URL of the log: the value of `--store`, else LEDGER_URL, else `sqlite:` with `ledger.db` in DATA_DIR or in
 * `./data`. The shop and the demo keep their log there.
 */
export function storeUrl(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return given ?? (env['LEDGER_URL'] || `sqlite:${env['DATA_DIR'] || './data'}/ledger.db`);
}

function countedLine(path: string): string {
  const log = new SqliteLog(path);
  try {
    return storeLine(log);
  } finally {
    log.close();
  }
}

function storeLine(log: SqliteLog): string {
  const orders = log.orders();
  return `sqlite:${log.path}, ${grouped(orders)} order${orders === 1 ? '' : 's'}`;
}

/** An empty file is what SQLite leaves of a ledger that was never made. */
function refuseMissing(path: string, mayCreate = false): void {
  if (!existsSync(path) || statSync(path).size === 0) throw noLedger(path, mayCreate);
}

/** @param what on a server the log of a shop that has sold nothing yet looks like that of nobody. */
function noLedger(where: string, mayCreate: boolean, what = ''): LedgerError {
  const instead = mayCreate ? ', or make a new one: --create' : '';
  return new LedgerError(
    'invalid_input',
    `There is no ledger ${what && `${what} `}at ${where}. Name the right one: --store, LEDGER_URL or DATA_DIR${instead}`,
  );
}

/** On a server every log is there. One with orders has adopted a policy, or bears an identity. */
async function isLedger(store: EventStore): Promise<boolean> {
  for (const stream of ['ledger', 'policy']) if ((await store.readStream(stream)).length > 0) return true;
  return false;
}

function lastingSchemeOf(url: string): StoreScheme {
  const scheme = schemeOf(url);
  if (scheme.reading === 'none') throw new LedgerError('invalid_input', `${url} ends with its process: a command cannot open it.`);
  return scheme;
}
