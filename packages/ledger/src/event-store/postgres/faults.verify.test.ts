// Every fault of a server and its network that a shop meets, under load, on a real server: afterwards each acknowledged append
// is there once, where the answer said, and followers saw every event.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type PostgresServer, smallDisk, startPostgres, TcpProxy } from '../../testing/postgres-server/index.ts';
import { Load } from './load.test-support.ts';
import type { PostgresEventStore, PostgresEventStoreOptions } from './postgres.ts';
import { describeWithBinaries, newEvents, openPool, openStore } from './server.test-support.ts';

describeWithBinaries('under load', () => {
  let server: PostgresServer;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  test('the server and all of its processes are killed, three times', async () => {
    const load = new Load(await openTwo(), 8);
    for (let kill = 0; kill < 3; kill++) {
      await load.more(200);
      await server.kill();
      await server.start();
    }
    await load.more(50);
    await load.end();
    expect(load.failed).toEqual([]);
  });

  test('replies to appends are lost after they were committed, and replies to their repetitions too', async () => {
    const proxy = await startProxy();
    const load = new Load(await openTwo({ url: proxy.through(server.url()) }), 8);
    for (let loss = 0; loss < 12; loss++) {
      await load.more(30);
      proxy.repliesToLose += 1 + (loss % 3);
    }
    await load.more(50);
    await load.end();
    expect(proxy.repliesLost).toBe(24);
    expect(load.failed).toEqual([]);
  });

  test('connections are terminated in storms', async () => {
    const load = new Load(await openTwo(), 8);
    let terminated = 0;
    for (let storm = 0; storm < 20; storm++) {
      await load.more(20);
      terminated += (await server.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'paidonce'"))
        .length;
    }
    await load.more(50);
    await load.end();
    expect(terminated).toBeGreaterThan(20);
    expect(load.failed).toEqual([]);
  });

  test('connections fall silent, without an end', async () => {
    const proxy = await startProxy();
    const load = new Load(await openTwo({ url: proxy.through(server.url()), attemptTimeoutMs: 1_000, runtime: {}, timeoutMs: 60_000 }), 8);
    for (let round = 0; round < 2; round++) {
      await load.more(100);
      expect(proxy.silence()).toBeGreaterThan(0);
    }
    await load.more(50);
    await load.end();
    expect(load.failed).toEqual([]);
  });

  test('a process stops in the middle of its work: the others go on, for it holds no lock', async () => {
    const schema = newSchema();
    const stores = await openTwo({ schema });
    const load = new Load(stores, 8);
    for (let stop = 0; stop < 3; stop++) {
      const other = await startWriter(server.url(), schema);
      await load.more(100);
      other.kill('SIGSTOP');
      await load.more(300);
      other.kill('SIGKILL');
    }
    await load.end();
    expect(load.failed).toEqual([]);
  });

  test('the shop leaves a transaction open: followers see what was acknowledged all the same', async () => {
    const stores = await openTwo();
    const shop = await openPool(server.url()).connect();
    await shop.query('begin isolation level repeatable read');
    await shop.query('select count(*) from pg_class'); // Its snapshot keeps what is deleted or changed from now on.
    const load = new Load(stores, 8);
    await load.more(500);
    await load.end(); // It waits until each follower has every event.
    await shop.query('rollback');
    shop.release();
  });

  test('what a killed process had under way is stored or not, and its next one goes on', async () => {
    const schema = newSchema();
    const store = await openStore({ url: server.url(), schema });
    for (let kill = 0; kill < 3; kill++) {
      const writer = await startWriter(server.url(), schema);
      await writer.appended(20);
      writer.kill('SIGKILL');
      // What it sent last may still arrive, and is a conflict then.
      let revision = -1;
      for (let isAppended = false; !isAppended; ) {
        const result = await store.append(writer.stream, revision, newEvents(1));
        isAppended = result.appended;
        revision = result.appended ? result.revision : result.actualRevision;
      }
      expect(revision).toBeGreaterThanOrEqual(20);
      expect(await store.readStream(writer.stream)).toHaveLength(revision + 1);
    }
  });

  test('the disk of the tables is full: `store_full` with nothing written, and appends go on by themselves once there is room', async ({
    skip,
  }) => {
    const disk = smallDisk('24m');
    if (disk === undefined) {
      console.warn('SKIPPED: a full disk. It needs Linux, and root to mount a small one');
      skip();
      return;
    }
    onTestFinished(() => disk.remove());
    const schema = newSchema();
    const stores = await openTwo({ schema });
    await server.query(`create tablespace small location '${disk.folder}'`);
    await server.query(`alter table ${schema}.events set tablespace small`);
    const load = new Load(stores, 8);
    await load.more(100);
    const filler = join(disk.folder, 'filler');
    disk.fill(filler);
    while (load.failed.length < 5) await load.turn();
    rmSync(filler);
    await load.more(100);
    await load.end();
    expect(new Set(load.failed)).toEqual(new Set(['store_full']));
    for (const store of stores) await store.close();
    await server.query(`drop schema ${schema} cascade`);
    await server.query('drop tablespace small');
  });

  test('the disk of the WAL is full: the server stops, and once there is room and it runs again, nothing is missing', async ({ skip }) => {
    const disk = smallDisk('24m');
    if (disk === undefined) {
      console.warn('SKIPPED: a full disk of the WAL. It needs Linux, and root to mount a small one');
      skip();
      return;
    }
    onTestFinished(() => disk.remove());
    const initdb = [`--waldir=${join(disk.folder, 'wal')}`, '--wal-segsize=1'];
    const own = await startPostgres({ initdb, settings: { max_wal_size: "'512MB'", min_wal_size: "'2MB'" } });
    onTestFinished(() => own.remove());
    const load = new Load(await openTwo({ url: own.url() }), 8);
    await load.more(100);
    const filler = join(disk.folder, 'filler');
    disk.fill(filler);
    while (!readFileSync(join(own.folder, 'server.log'), 'utf8').includes('PANIC')) await load.turn();
    rmSync(filler);
    const enough = load.acknowledged.length + 100;
    while (load.acknowledged.length < enough) {
      if (!own.isRunning) await own.start();
      await load.turn();
    }
    await load.end();
    // Some statements meet the full disk before the server does.
    expect(load.failed.filter((code) => code !== 'store_full')).toEqual([]);
  });

  function newSchema(): string {
    schemas += 1;
    return `load_${schemas}`;
  }

  async function openTwo(options: PostgresEventStoreOptions = {}): Promise<readonly PostgresEventStore[]> {
    const all = { url: server.url(), schema: newSchema(), ...options };
    return [await openStore(all), await openStore(all)];
  }

  async function startProxy(): Promise<TcpProxy> {
    const proxy = await TcpProxy.start(server.port);
    onTestFinished(() => proxy.close());
    return proxy;
  }
});

/** A process that appends to a stream of its own, as fast as it can, and says how far it is. */
async function startWriter(url: string, schema: string) {
  const stream = `writer-${crypto.randomUUID()}`;
  const script = fileURLToPath(new URL('./writer-process.test-support.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', script, url, schema, stream], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let lines = 0;
  createInterface(child.stdout).on('line', () => {
    lines += 1;
  });
  const appended = (count: number): Promise<void> => expect.poll(() => lines).toBeGreaterThanOrEqual(count);
  await appended(1);
  return { stream, appended, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}
