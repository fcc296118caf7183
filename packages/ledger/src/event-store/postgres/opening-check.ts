// What is asked of a server before a store opens on it. Whatever could lose or change what was acknowledged is refused, with
// one sentence and a remedy.
import { LedgerError } from '../../errors.ts';
import type { PostgresClient, Row } from './client.ts';
import type { Connections } from './connections.ts';
import { NotConnected, Unanswered } from './failure.ts';
import { lockClass } from './lock-key.ts';

const oldestServer = 140_000;

/** Refuses a server that cannot keep the promises. Returns warnings, each a sentence. */
export async function checkServer(client: PostgresClient, readOnly: boolean): Promise<readonly string[]> {
  const { rows } = await client.query(
    `select current_setting('server_version_num') as version, current_setting('server_version') as shown, version() as name,
       pg_is_in_recovery()::text as replica, current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
       current_setting('full_page_writes') as pages, current_setting('default_transaction_read_only') as readonly,
       current_setting('synchronous_commit') as commits, current_setting('statement_timeout') as statements,
       (current_setting('statement_timeout')::interval between interval '1 ms' and interval '2 s')::text as hasty,
       current_setting('synchronous_standby_names') as standbys, (select count(*) from pg_stat_replication)::text as replicas`,
  );
  const server = rows[0] as Record<string, string>;
  if (/cockroach/i.test(server['name'] ?? '')) refuse('This server is CockroachDB, whose advisory locks do not lock. Use PostgreSQL');
  if (/pglite/i.test(server['name'] ?? ''))
    refuse('This server is PGlite: one session for all, and no disk that it waits for. Use PostgreSQL');
  if (Number(server['version']) < oldestServer)
    refuse(`The server is PostgreSQL ${server['shown']}. PaidOnce needs 14 or newer: upgrade it`);
  if (server['encoding'] !== 'UTF8') {
    refuse(
      `The encoding of the database is ${server['encoding']}. Make one with encoding UTF8: create database … encoding 'UTF8' template template0`,
    );
  }
  if (readOnly) return [];
  if (server['replica'] === 'true') {
    refuse('The server is a read replica: it cannot append, and its reads lag. Name the primary (readOnly, for audits, allows a replica)');
  }
  if (server['readonly'] === 'on')
    refuse('Transactions of this role are read only (default_transaction_read_only). Set it off for the role');
  if (server['fsync'] !== 'on' || server['pages'] !== 'on') {
    refuse(
      `fsync is ${server['fsync']} and full_page_writes is ${server['pages']}: a crash would lose what was acknowledged. Turn both on`,
    );
  }
  return warningsOf(server);
}

function warningsOf(server: Readonly<Record<string, string>>): readonly string[] {
  const warnings: string[] = [];
  if (server['commits'] === 'off') {
    warnings.push(
      'synchronous_commit is off by default here. Appends of the ledger wait for the disk all the same; the writes of the shop do not',
    );
  }
  if (server['hasty'] === 'true') {
    warnings.push(
      `statement_timeout of this role is ${server['statements']}: on a busy server appends will fail with store_busy. Give it 5 s or more`,
    );
  }
  if (server['standbys'] === '' && Number(server['replicas']) > 0) {
    warnings.push(
      'A replica is connected, and synchronous_standby_names is empty: a failover can lose what was acknowledged. Name the replica there, or accept it',
    );
  }
  return warnings;
}

/**
 * Proves that the lock locks: taken on one connection, it must be refused on a second. That fails on a server that fakes it, on
 * one session for all (PGlite), and on a pool of one.
 */
export async function checkLock(connections: Connections, timeMs: number, key: number): Promise<void> {
  await connections.use(timeMs * 3, async (first) => {
    await first.query('begin');
    try {
      await first.query(`select pg_advisory_xact_lock(${lockClass}, ${key})`);
      const taken = await connections.use(timeMs, (second) =>
        second.query(`select pg_try_advisory_xact_lock(${lockClass}, ${key})::text as taken`),
      );
      if ((taken.rows[0] as Row | undefined)?.['taken'] !== 'false') {
        refuse(
          'The lock of the log does not lock: two sessions held it at once, so two processes could append at one place. Use a PostgreSQL server',
        );
      }
    } catch (error) {
      if (!isNoneFree(error)) throw error;
      await first.query('select 1'); // The server answers; it is the second connection that does not come.
      refuse('The pool, or the pooler, has no second connection. Give it at least two, and more where the shop shares it');
    } finally {
      await first.query('rollback').catch(() => undefined);
    }
  });
}

/** No client came in time, by our own limit or that of the pool; or a pooler gave one that waits. */
function isNoneFree(error: unknown): boolean {
  const cause = error instanceof NotConnected ? error.cause : error;
  return cause instanceof Unanswered || /timeout exceeded when trying to connect/.test(String(cause));
}

function refuse(message: string): never {
  throw new LedgerError('invalid_input', message);
}
