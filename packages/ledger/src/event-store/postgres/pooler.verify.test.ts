// PgBouncer in transaction mode: each statement may run on another connection of the server. Debian has it (`pgbouncer`).
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBinaries, freePort, type PostgresServer, postgresPassword, startPostgres } from '../../testing/postgres-server/index.ts';
import { Load } from './load.test-support.ts';
import { openPostgresEventStore } from './postgres.ts';
import { describeWithBinaries, openPool, openStore } from './server.test-support.ts';

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((path) => existsSync(path));

if (program === undefined) {
  const reason = 'There is no PgBouncer on this machine. Install pgbouncer';
  console.warn(`SKIPPED: a pooler. ${reason}`);
  describe('a pooler', () => test.skip(reason, () => undefined));
} else {
  describeWithBinaries('a pooler in transaction mode', () => {
    let server: PostgresServer;
    let pooler: Pooler;
    beforeAll(async () => {
      server = await startPostgres();
      pooler = await startPooler(program, server.port);
    });
    afterAll(async () => {
      await pooler?.stop();
      await server?.remove();
    });

    test('passes appends and reads of two processes, whose clients share its connections; also while it is started again', async () => {
      const options = { url: pooler.url('many'), schema: 'pooled' };
      const load = new Load([await openStore(options), await openStore(options)], 8);
      await load.more(300);
      await pooler.restart();
      await load.more(300);
      await load.end();
      expect(load.failed).toEqual([]);
      const [locks] = await server.query("select count(*)::int as n from pg_locks where locktype = 'advisory'");
      expect(locks).toEqual({ n: 0 }); // A lock of the session would stay in the pooler.
    });

    test('one connection for all is refused', async () => {
      const pool = openPool(pooler.url('one'));
      await expect(openPostgresEventStore({ pool, schema: 'pooled_one', attemptTimeoutMs: 1_500 })).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('The pool, or the pooler, has no second connection'),
      });
    });
  });
}

interface Pooler {
  /** @param database `many`: several connections of the server. `one`: a single one. */
  url(database: 'many' | 'one'): string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function startPooler(path: string, serverPort: number): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-pooler-'));
  const user = findBinaries()?.user;
  const port = await freePort();
  const target = `host=127.0.0.1 port=${serverPort} dbname=postgres user=postgres password=${postgresPassword}`;
  const settings = [
    '[databases]',
    `many = ${target} pool_size=6`,
    `one = ${target} pool_size=1`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = trust\nauth_file = ${join(folder, 'users')}`,
    'pool_mode = transaction\nmax_client_conn = 100\nignore_startup_parameters = extra_float_digits',
    `logfile = ${join(folder, 'log')}`,
  ];
  writeFileSync(join(folder, 'settings.ini'), `${settings.join('\n')}\n`);
  writeFileSync(join(folder, 'users'), '"postgres" ""\n');
  if (user) chownSync(folder, user.uid, user.gid);
  let child: ChildProcess | undefined;
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const start = async (): Promise<void> => {
    child = spawn(path, ['-q', join(folder, 'settings.ini')], { stdio: 'ignore', ...user });
    process.once('exit', () => child?.kill('SIGKILL'));
    while (!(await answers(url('many')))) await wait(20);
  };
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGTERM');
    await ended;
  };
  await start();
  return {
    url,
    restart: async () => {
      await end();
      await start();
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
