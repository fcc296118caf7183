// The entry point @paidonce/ledger/store-url: opens the event store that a URL names, such as the value of LEDGER_URL. The
// clients of EventStoreDB are optional peer dependencies: only the one that is needed is loaded.
import { LedgerError } from '../errors.ts';
import type { EventStore } from './event-store.ts';
import type { Credentials, EventStoreDbClient } from './eventstoredb/client.ts';
import { openEventStoreDbEventStore } from './eventstoredb/eventstoredb.ts';
import { openMemoryEventStore } from './memory.ts';
import { openSqliteEventStore } from './sqlite/sqlite.ts';

/** The schemes of EventStoreDB and KurrentDB. The client reads the rest of such a URL. */
export const clusterSchemes: readonly string[] = ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'];

/** One client has enough capacity for most processes. A large process may share its load among more (`?clients=N`). */
const defaultClients = 1;
const mostClients = 16;

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
export async function openEventStore(url: string, options: OpenUrlOptions = {}): Promise<EventStore> {
  const [, scheme = '', rest = ''] = /^([a-z][a-z+]*):(.*)$/s.exec(url) ?? [];
  if (options.readOnly && !clusterSchemes.includes(scheme)) {
    throw new LedgerError(
      'invalid_input',
      `${withoutPassword(url)}: readOnly is for a cluster. A SQLite file is read by sqliteReader of @paidonce/ledger/audit`,
    );
  }
  if (scheme === 'memory' && rest === '') return openMemoryEventStore();
  if (scheme === 'sqlite' && rest !== '') return openSqliteEventStore(rest);
  if (clusterSchemes.includes(scheme) && rest.startsWith('//')) return openCluster(url, scheme, options);
  throw new LedgerError(
    'invalid_input',
    `${JSON.stringify(withoutPassword(url))} names no store. Known: sqlite:PATH, memory:, ${clusterSchemes.map((each) => `${each}://HOST`).join(', ')}`,
  );
}

/** Returns the URL with `***` in place of the password, for messages and logs. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z+]+:\/\/[^/?#@:]*):[^@]*@/, '$1:***@');
}

async function openCluster(url: string, scheme: string, { readOnly = false }: OpenUrlOptions): Promise<EventStore> {
  const shown = withoutPassword(url);
  if (scheme.endsWith('+discover') && url.split('?', 1)[0]?.includes(',')) {
    throw new LedgerError(
      'invalid_input',
      `${shown}: ${scheme}:// asks its first host alone, and fails while that one is down. Write ${scheme.replace('+discover', '')}://HOST,HOST,HOST`,
    );
  }
  const { clientUrl, clients } = takeClients(url, shown);
  const connect = await clientFor(scheme);
  const credentials = credentialsIn(url);
  const reconnect = (): EventStoreDbClient => connected(connect, clientUrl, shown);
  const all = Array.from({ length: clients }, reconnect);
  try {
    return await openEventStoreDbEventStore(all, { reconnect, readOnly, ...(credentials && { credentials }) });
  } catch (error) {
    if (error instanceof LedgerError) throw new LedgerError(error.code, `${shown}: ${error.message}`, { cause: error });
    throw error;
  }
}

type Connect = (url: string) => EventStoreDbClient;

/**
 * Loads a client. Each client works with each server. A process must load only one of them, because their generated code
 * shares one global namespace.
 */
async function clientFor(scheme: string): Promise<Connect> {
  const eventStore = async (): Promise<Connect> => {
    const { EventStoreDBClient } = await import('@eventstore/db-client');
    return (url) => EventStoreDBClient.connectionString(url);
  };
  const kurrent = async (): Promise<Connect> => {
    const { KurrentDBClient } = await import('@kurrent/kurrentdb-client');
    return (url) => KurrentDBClient.connectionString(url.replace(/^esdb/, 'kurrentdb'));
  };
  for (const load of scheme.startsWith('esdb') ? [eventStore, kurrent] : [kurrent]) {
    try {
      return await load();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  const name = scheme.startsWith('esdb') ? '@eventstore/db-client@6' : '@kurrent/kurrentdb-client@1';
  throw new LedgerError('invalid_input', `${scheme}:// needs a client that is not installed. Run: npm install ${name}`);
}

function connected(connect: Connect, url: string, shown: string): EventStoreDbClient {
  try {
    return connect(url);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    const advice = /certificate|No such file/i.test(reason)
      ? 'A file that it names (tlsCAFile, userCertFile, userKeyFile) is not there. Check the path'
      : `It cannot be read: ${withoutPassword(reason)} Check the URL`;
    throw new LedgerError('invalid_input', `${shown}: ${advice}`, { cause: error });
  }
}

/** Takes `clients=N` out of the URL, because a client warns about options that it does not know. */
function takeClients(url: string, shown: string): { readonly clientUrl: string; readonly clients: number } {
  const [base = '', query = ''] = url.split('?', 2);
  const own = query.split('&').filter((pair) => pair.startsWith('clients='));
  const others = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('clients='));
  const clients = own.length > 0 ? Number(own[0]?.slice('clients='.length)) : defaultClients;
  if (!Number.isInteger(clients) || clients < 1 || clients > mostClients) {
    throw new LedgerError('invalid_input', `${shown}: clients must be a number from 1 to ${mostClients}`);
  }
  return { clientUrl: others.length > 0 ? `${base}?${others.join('&')}` : base, clients };
}

/** Reads user and password. The client reads them too, but an append needs them as an option of the call. */
function credentialsIn(url: string): Credentials | undefined {
  const [, username, password] = /^[a-z+]+:\/\/([^/?#@:]+):([^@]*)@/.exec(url) ?? [];
  if (username === undefined || password === undefined) return undefined;
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
