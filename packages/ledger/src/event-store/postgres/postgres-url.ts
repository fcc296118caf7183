// Opens the store of a `postgres:` URL. `schema=` and `clients=` are ours; the driver reads the rest of the URL. The URL of a shop on
// Prisma says `schema=public`: that is where the shop's tables are, and ours never.
import { LedgerError } from '../../errors.ts';
import type { EventStore } from '../event-store.ts';
import { withoutPassword } from '../without-password.ts';
import { openWithConnections } from './open-store.ts';
import type { PostgresEventStoreOptions } from './options.ts';
import { defaultConnections } from './pool.ts';
import { shopSchema } from './schema.ts';

const mostConnections = 64;

/**
 * Opens the log that a URL names.
 * @throws LedgerError `invalid_input`: the URL cannot be read, or the package `pg` is not installed. Also what opening the store
 *   throws. No message contains the password.
 */
export async function openPostgresUrl(url: string, options: Pick<PostgresEventStoreOptions, 'create' | 'readOnly'>): Promise<EventStore> {
  const shown = withoutPassword(url);
  const { own, driverUrl } = takeOwn(url);
  const connections = Number(own.get('clients') ?? defaultConnections);
  if (!Number.isInteger(connections) || connections < 2 || connections > mostConnections) {
    throw new LedgerError('invalid_input', `${shown}: clients must be a number from 2 to ${mostConnections}`);
  }
  const named = own.get('schema');
  const schema = named === shopSchema ? undefined : named;
  try {
    return await openWithConnections({ url: driverUrl, ...options, ...(schema !== undefined && { schema }) }, connections);
  } catch (error) {
    if (!(error instanceof LedgerError) || error.message.startsWith(shown)) throw error;
    throw new LedgerError(error.code, `${shown}: ${error.message}`, { cause: error });
  }
}

/** Takes our parameters out of the URL: the driver would send those that it does not know to the server. */
function takeOwn(url: string): { readonly own: ReadonlyMap<string, string>; readonly driverUrl: string } {
  const at = url.indexOf('?');
  if (at === -1) return { own: new Map(), driverUrl: url };
  const pairs = url.slice(at + 1).split('&');
  const isOwn = (pair: string): boolean => /^(schema|clients)=/.test(pair);
  const own = pairs
    .filter(isOwn)
    .map((pair): [string, string] => [pair.split('=', 1)[0] as string, decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]);
  const others = pairs.filter((pair) => pair !== '' && !isOwn(pair));
  return { own: new Map(own), driverUrl: others.length > 0 ? `${url.slice(0, at)}?${others.join('&')}` : url.slice(0, at) };
}
