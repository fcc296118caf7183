// What a real server answers where a call cannot be made: each is told with its code, with what was written, and with what to do;
// and the same store goes on once the cause is gone. What needs no server stands in writer.test.ts and opening-check.test.ts.
import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pool, type PoolClient } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../testing/postgres-server/index.ts';
import { lockClass, lockKey } from './lock-key.ts';
import type { PostgresEventStore } from './postgres.ts';
import { describeWithBinaries, newEvents, openPool, openStore } from './server.test-support.ts';

/** Only repetitions end then: an attempt has its usual time, however busy the machine is. */
const impatient = { timeoutMs: 200, runtime: {} };

describeWithBinaries('a server that runs', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  test.each([
    ['55P03: the lock is held, longer than this role waits', "lock_timeout = '50ms'", /Another session holds the lock of the log/],
    [
      '57014: a statement takes longer than this role may',
      "statement_timeout = '1s'",
      /PostgreSQL cancelled it \(.*\)\. Is statement_timeout/,
    ],
  ])('%s: `store_busy`, nothing written', async (title, setting, advice) => {
    const schema = `busy_${title.slice(0, 5).toLowerCase()}`;
    await (await openStore({ url: server.url(), schema })).append('order-0', -1, newEvents(1));
    await server.query(`create role ${schema} login superuser password 'secret'; alter role ${schema} set ${setting}`);
    const store = await openStore({ url: server.url('postgres', schema, 'secret'), schema, ...impatient });
    const holder = await openPool(server.url()).connect();
    await holder.query(`begin; select pg_advisory_xact_lock(${lockClass}, ${lockKey(schema)})`);
    const refused = store.append('order-1', -1, newEvents(1));
    await expect(refused).rejects.toMatchObject({ code: 'store_busy', message: expect.stringMatching(advice) });
    await expect(refused).rejects.toThrow(/Nothing was written\.$/);
    await holder.query('rollback');
    holder.release();
    await goesOn(store);
  });

  test('25006: transactions became read only, as where a provider ran out of storage: tried again, then told', async () => {
    const options = { url: server.url(), schema: 'read_only' };
    const [patient, hasty] = [await openStore(options), await openStore({ ...options, ...impatient })];
    await readOnly('on');
    await expect(hasty.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/read replica, or transactions of this role are read only\. Name the primary.*Nothing was written\.$/),
    });
    expect(await hasty.readStream('order-1')).toEqual([]);
    const waiting = patient.append('order-2', -1, newEvents(1));
    await readOnly('off');
    expect(await waiting).toMatchObject({ appended: true });
    await goesOn(hasty);
  });

  test('42501: a right was taken away under a process: told at once, nothing written', async () => {
    const store = await openStore({ url: server.url(), schema: 'revoked' });
    await server.query("create role weaker login password 'secret'; grant usage on schema revoked to weaker");
    await server.query('grant select on all tables in schema revoked to weaker; grant insert on revoked.streams, revoked.events to weaker');
    await server.query('grant insert, update, delete on revoked.snapshots to weaker');
    const weaker = await openStore({ url: server.url('postgres', 'weaker', 'secret'), schema: 'revoked', create: false });
    await server.query('revoke insert on revoked.events from weaker');
    await expect(weaker.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/permission denied for table events\. Was a right of this role taken away\?.*Nothing was written\.$/),
    });
    expect(await store.readStream('order-1')).toEqual([]);
    await server.query('grant insert on revoked.events to weaker');
    await goesOn(weaker);
  });

  test('a row that is no JSON is `corrupt`; every other stream goes on', async () => {
    const store = await openStore({ url: server.url(), schema: 'no_json' });
    await store.append('order-0', -1, newEvents(1));
    await server.query("update no_json.events set data = '{' where revision = 0");
    await expect(store.readStream('order-0')).rejects.toMatchObject({ code: 'corrupt' });
    await goesOn(store);
  });

  test('without the package `pg`, a URL is refused with the command that installs it', async () => {
    const hooks = `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        if (name === 'pg') throw Object.assign(new Error('it is not there'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(name, context);
      } });`;
    const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
    const args = ['--conditions=@paidonce/source', '--import', `data:text/javascript,${encodeURIComponent(hooks)}`];
    const { code, said } = await run([...args, main, 'verify', '--store', server.url()]);
    expect([code, said]).toEqual([
      2,
      expect.stringContaining('postgres:// needs the package pg, which is not installed. Run: npm install pg@8'),
    ]);
  });

  async function readOnly(value: 'on' | 'off'): Promise<void> {
    await server.query(`alter system set default_transaction_read_only = ${value}`);
    await server.query('select pg_reload_conf()');
    await expect.poll(() => server.query('show default_transaction_read_only')).toEqual([{ default_transaction_read_only: value }]);
  }
});

describeWithBinaries('a server of its own', () => {
  test('53300: it has no connection left: tried again, then told; once one is free the store goes on', async () => {
    const server = await startPostgres({ settings: { max_connections: '10', max_wal_senders: '0' } });
    onTestFinished(() => server.remove());
    await server.query("create role app login password 'secret'; grant create on database postgres to app");
    const url = server.url('postgres', 'app', 'secret');
    const pool = openPool(url);
    const store = await openStore({ pool, schema: 'crowded', ...impatient });
    await server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'");
    await expect.poll(() => pool.totalCount).toBe(0);
    const crowd = await takeAll(url);
    await expect(store.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/The server has no connection left\. Raise max_connections.*Nothing was written\.$/),
    });
    for (const client of crowd) client.release(true);
    await expect.poll(() => store.readStream('order-1').catch(String)).toEqual([]);
    await goesOn(store);
  });

  test('XX001: a page of the table is damaged: `corrupt`, and it says to stop', async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const store = await openStore({ url: server.url(), schema: 'damaged' });
    await store.append('order-1', -1, newEvents(1));
    const [file] = await server.query("select pg_relation_filepath('damaged.events') as path");
    await server.stop();
    const page = openSync(join(server.folder, String(file?.['path'])), 'r+');
    writeSync(page, Buffer.alloc(24, 0xff), 0, 24, 0);
    closeSync(page);
    await server.start();
    for (const use of [() => store.readStream('order-1'), () => store.append('order-2', -1, newEvents(1))]) {
      await expect(use()).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(/PostgreSQL XX001: invalid page .*\. Stop the writers, and keep the database as it is/),
      });
    }
  });
});

/** The store appends where nothing was written before. */
async function goesOn(store: PostgresEventStore): Promise<void> {
  expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true, revision: 0 });
  expect(await store.readStream('order-1')).toHaveLength(1);
}

/** Opens connections until the server has none left for this role. */
async function takeAll(url: string): Promise<readonly PoolClient[]> {
  const pool = new Pool({ connectionString: url, max: 100 });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  const taken: PoolClient[] = [];
  for (;;) {
    try {
      taken.push(await pool.connect());
    } catch (error) {
      expect(error).toMatchObject({ code: '53300' });
      return taken;
    }
  }
}

function run(args: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, (_, __, said) => resolve({ code: child.exitCode, said }));
  });
}
