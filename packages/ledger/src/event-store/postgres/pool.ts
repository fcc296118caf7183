// The pool of a store that was given a URL. `pg` is an optional peer dependency: it is loaded only here.
import { LedgerError } from '../../errors.ts';
import { withoutPassword } from '../without-password.ts';
import type { PostgresPool } from './client.ts';

/** Four: a group under way, a look, and two reads. */
export const defaultConnections = 4;

/** @throws LedgerError `invalid_input`: `pg` is not installed, or the URL cannot be read. */
export async function poolFor(url: string, connections: number, connectTimeoutMs: number): Promise<PostgresPool> {
  const Pool = await loadPool();
  try {
    return new Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: 'paidonce',
      keepAlive: true,
    });
  } catch (error) {
    throw new LedgerError('invalid_input', `${withoutPassword(url)}: It cannot be read: ${(error as Error).message}. Check the URL`);
  }
}

type Pool = new (config: object) => PostgresPool;

async function loadPool(): Promise<Pool> {
  try {
    return (await import('pg')).default.Pool as unknown as Pool;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new LedgerError('invalid_input', 'postgres:// needs the package pg, which is not installed. Run: npm install pg@8');
  }
}
