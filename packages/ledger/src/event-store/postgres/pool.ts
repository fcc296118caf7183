// The pool of a store that was given a URL. `pg` is an optional peer dependency: it is loaded only here.
import { LedgerError } from '../../errors.ts';
import { withoutPassword } from '../without-password.ts';
import type { PostgresPool } from './client.ts';

/** Four: a group under way, a look, and two reads. */
export const defaultConnections = 4;

/** @throws LedgerError `invalid_input`: `pg` is not installed, or the URL cannot be read. */
export async function poolFor(url: string, connections: number, connectTimeoutMs: number): Promise<PostgresPool> {
  const { Pool, Client } = await loadDriver();
  const config = { connectionString: url, connectionTimeoutMillis: connectTimeoutMs, application_name: 'paidonce', keepAlive: true };
  try {
    new Client(config); // It reads the URL; a pool would do so with its first connection.
  } catch (error) {
    throw unreadable(url, error);
  }
  return new Pool({ ...config, max: connections });
}

function unreadable(url: string, error: unknown): LedgerError {
  const { code, message } = error as { code?: unknown; message: string };
  const advice =
    code === 'ENOENT'
      ? 'A file that it names (sslrootcert, sslcert, sslkey) is not there. Check the path'
      : `It cannot be read (${message}). Check the URL`;
  return new LedgerError('invalid_input', `${withoutPassword(url)}: ${advice}`, { cause: error });
}

interface Driver {
  readonly Pool: new (config: object) => PostgresPool;
  readonly Client: new (config: object) => object;
}

async function loadDriver(): Promise<Driver> {
  try {
    return (await import('pg')).default as unknown as Driver;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new LedgerError('invalid_input', 'postgres:// needs the package pg, which is not installed. Run: npm install pg@8');
  }
}
