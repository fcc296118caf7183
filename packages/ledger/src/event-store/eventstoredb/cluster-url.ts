// Opens the store of an `esdb:` or `kurrentdb:` URL. The clients are optional peer dependencies: only the one that is needed
// is loaded.
import { LedgerError } from '../../errors.ts';
import type { EventStore } from '../event-store.ts';
import { withoutPassword } from '../without-password.ts';
import type { Credentials, EventStoreDbClient } from './client.ts';
import type { EventStoreDbEventStoreOptions } from './options.ts';
import { openStore } from './store.ts';
import { adviceOnTls } from './tls-probe.ts';

/** One client has enough capacity for most processes. A large process may share its load among more (`?clients=N`). */
const defaultClients = 1;
const mostClients = 16;

/**
 * Opens the cluster that a URL names.
 * @throws LedgerError `invalid_input`: the URL cannot be read, or the client for it is not installed. Also what opening the
 *   store throws.
 */
export async function openClusterUrl(
  url: string,
  readOnly: boolean,
  options: Pick<EventStoreDbEventStoreOptions, 'runtime'> = {},
): Promise<EventStore> {
  const shown = withoutPassword(url);
  const [scheme = ''] = url.split(':', 1);
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
    return await openStore(all, { ...options, reconnect, readOnly, ...(credentials && { credentials }) }, () => adviceOnTls(url));
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
    const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    const advice = /certificate|No such file/i.test(message)
      ? 'A file that it names (tlsCAFile, userCertFile, userKeyFile) is not there. Check the path'
      : `It cannot be read: ${withoutPassword(message)} Check the URL`;
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
