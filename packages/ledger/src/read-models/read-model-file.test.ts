import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type EventStore, logStart, type Position, type StoredEvent } from '../event-store/event-store.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { systemRuntime } from '../runtime.ts';
import { testRuntime } from '../test-runtime.test-support.ts';
import type { Race } from './open-at-once.test-support.ts';
import { openReadModelFile, type ReadModelFile } from './read-model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-read-models-'));
let path = '';
let files = 0;
beforeEach(() => {
  path = join(folder, `read-models-${++files}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function storeOf(...ids: readonly string[]): Promise<EventStore> {
  const store = openMemoryEventStore();
  for (const [index, id] of ids.entries()) await store.append('order-1', index - 1, [{ id, type: 'Happened', data: {}, metadata: {} }]);
  return store;
}

async function pageOf(store: EventStore): Promise<{ readonly events: readonly StoredEvent[]; readonly next: Position }> {
  for await (const page of store.readLog()) return page;
  throw new Error('no page');
}

const open = (store: EventStore) => openReadModelFile(path, store, testRuntime);

async function reopened(file: ReadModelFile, store: EventStore): Promise<ReadModelFile> {
  file.close();
  return open(store);
}

describe('a page and its cursor', () => {
  test('are one transaction, and are there again when the file is opened again', async () => {
    const store = await storeOf('a', 'b');
    const file = await open(store);
    expect(file.cursor('orders')).toBe(logStart);
    const page = await pageOf(store);
    await file.advance('orders', page, () => file.db.exec("insert into reviews values ('order-1', 'r1', '{}')"));
    const again = await reopened(file, store);
    expect(again.cursor('orders')).toBe(page.next);
    expect(again.cursor('roll-forward')).toBe(logStart);
    expect(again.db.prepare('select count(*) as n from reviews').get()).toEqual({ n: 1 });
    again.close();
  });

  test('of two subscribers of one process, at once, do not meet within a transaction', async () => {
    const store = await storeOf('a');
    const file = await open(store);
    const page = await pageOf(store);
    await Promise.all([file.advance('orders', page, () => undefined), file.advance('roll-forward', page, () => undefined)]);
    expect([file.cursor('orders'), file.cursor('roll-forward')]).toEqual([page.next, page.next]);
    file.close();
  });

  test('are both as before where the work fails', async () => {
    const store = await storeOf('a');
    const file = await open(store);
    const failing = file.advance('orders', await pageOf(store), () => {
      file.db.exec("insert into reviews values ('order-1', 'r1', '{}')");
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    expect(file.cursor('orders')).toBe(logStart);
    expect(file.db.prepare('select count(*) as n from reviews').get()).toEqual({ n: 0 });
    file.close();
  });

  test('that another process has applied is not applied again; of a longer page it is told from where', async () => {
    const store = await storeOf('a', 'b');
    const [mine, theirs] = [await open(store), await open(store)];
    const both = await pageOf(store);
    await theirs.advance('orders', { events: both.events.slice(0, 1), next: both.events[0]!.position }, () => undefined);
    const from: Position[] = [];
    await mine.advance('orders', both, (position) => from.push(position));
    await mine.advance('orders', both, (position) => from.push(position));
    expect(from).toEqual([both.events[0]!.position]);
    mine.close();
    theirs.close();
  });

  test('wait for another process that holds the file, without stopping this one', async () => {
    const store = await storeOf('a');
    const other = new DatabaseSync(path);
    const waits: number[] = [];
    const file = await openReadModelFile(path, store, {
      ...systemRuntime,
      sleep: async (ms) => {
        waits.push(ms);
        if (waits.length === 3) other.exec('commit');
      },
    });
    other.exec('begin immediate');
    await file.advance('orders', await pageOf(store), () => undefined);
    expect(waits).toHaveLength(3);
    expect(file.cursor('orders')).not.toBe(logStart);
    other.close();
    file.close();
  });

  test('wait for it no longer than a bound, then say so', async () => {
    const store = await storeOf('a');
    const runtime = instantRuntime();
    const file = await openReadModelFile(path, store, runtime);
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    await expect(file.advance('orders', await pageOf(store), () => undefined)).rejects.toMatchObject({ code: 'store_busy' });
    expect(runtime.monotonicNowMs()).toBeGreaterThan(1_000);
    other.exec('commit');
    await file.advance('orders', await pageOf(store), () => undefined);
    other.close();
    file.close();
  });
});

describe('a file that does not belong to the log is dropped, and read again from the start', () => {
  async function filledFrom(store: EventStore): Promise<Position> {
    const file = await open(store);
    const page = await pageOf(store);
    await file.advance('orders', page, () => file.db.exec("insert into reviews values ('order-1', 'r1', '{}')"));
    file.close();
    return page.next;
  }
  async function expectDropped(store: EventStore): Promise<void> {
    const file = await open(store);
    expect(file.cursor('orders')).toBe(logStart);
    expect(file.db.prepare('select count(*) as n from reviews').get()).toEqual({ n: 0 });
    file.close();
  }

  test('the log was moved away, and another one begun', async () => {
    await filledFrom(await storeOf('a', 'b'));
    await expectDropped(await storeOf('c', 'd'));
  });
  test('an older copy of the log was put back', async () => {
    await filledFrom(await storeOf('a', 'b'));
    await expectDropped(await storeOf('a'));
  });
  test('an older copy was put back, and what it lacks are events that the read models do not hold', async () => {
    const store = await storeOf('a');
    await store.append('sweep-fast', -1, [{ id: 's', type: 'Happened', data: {}, metadata: {} }]);
    const file = await open(store);
    const { events, next } = await pageOf(store);
    await file.advance('orders', { events: events.filter(({ stream }) => stream.startsWith('order-')), next }, () =>
      file.db.exec("insert into reviews values ('order-1', 'r1', '{}')"),
    );
    file.close();
    await expectDropped(await storeOf('a'));
  });
  test('an older copy was put back, and has grown past where the read models stood', async () => {
    const sweep = (id: string) => [{ id, type: 'Happened', data: {}, metadata: {} }];
    const store = await storeOf('a');
    await store.append('sweep-fast', -1, sweep('s1'));
    await store.append('sweep-fast', 0, sweep('s2'));
    const file = await open(store);
    const { events, next } = await pageOf(store);
    await file.advance('orders', { events: events.filter(({ stream }) => stream.startsWith('order-')), next }, () =>
      file.db.exec("insert into reviews values ('order-1', 'r1', '{}')"),
    );
    file.close();
    const restored = await storeOf('a', 'b'); // `b` stands where the sweeps stood: nobody would read it again.
    await restored.append('sweep-fast', -1, sweep('s3'));
    await expectDropped(restored);
  });
  test('an older copy was put back, and a sweep stands now where the read models passed by', async () => {
    const store = await storeOf('a');
    await store.append('reference-1', -1, [{ id: 'r', type: 'Happened', data: {}, metadata: {} }]);
    const file = await open(store);
    const { events, next } = await pageOf(store);
    await file.advance('orders', { events: events.slice(0, 1), next }, () =>
      file.db.exec("insert into reviews values ('order-1', 'r1', '{}')"),
    );
    file.close();
    const restored = await storeOf('a');
    await restored.append('sweep-fast', -1, [{ id: 's', type: 'Happened', data: {}, metadata: {} }]);
    await expectDropped(restored);
  });
  test('sweeps are nothing that the cursor of the roll-forward has missed', async () => {
    const store = await storeOf('a');
    await store.append('sweep-fast', -1, [{ id: 's', type: 'Happened', data: {}, metadata: {} }]);
    const file = await open(store);
    const { events, next } = await pageOf(store);
    await file.advance('roll-forward', { events: events.slice(0, 1), next }, () => undefined);
    const again = await reopened(file, store);
    expect(again.cursor('roll-forward')).toBe(next);
    again.close();
  });
  test('the same log, grown, is its own', async () => {
    const cursor = await filledFrom(await storeOf('a', 'b'));
    const file = await open(await storeOf('a', 'b', 'c'));
    expect(file.cursor('orders')).toBe(cursor);
    file.close();
  });
  test('a file of another layout', async () => {
    const store = await storeOf('a');
    await filledFrom(store);
    const db = new DatabaseSync(path);
    db.exec('pragma user_version = 99');
    db.close();
    await expectDropped(store);
  });
  test('a file with a trigger that is not ours', async () => {
    const store = await storeOf('a');
    await filledFrom(store);
    const db = new DatabaseSync(path);
    db.exec("create trigger pay after insert on orders begin update orders set status = 'active'; end");
    db.close();
    await expectDropped(store);
  });
  test('where the log cannot be asked, nothing is dropped', async () => {
    const store = await storeOf('a');
    const cursor = await filledFrom(store);
    const closed = await storeOf('a');
    await closed.close();
    await expect(open(closed)).rejects.toMatchObject({ code: 'closed' });
    const file = await open(store);
    expect(file.cursor('orders')).toBe(cursor);
    file.close();
  });
});

test('a file that is damaged says that it may be deleted, and not that the writers must stop', async () => {
  const store = await storeOf('a');
  (await open(store)).close();
  const db = new DatabaseSync(path);
  const root = Number(db.prepare("select rootpage from sqlite_schema where name = 'orders'").get()?.['rootpage']);
  const pageSize = Number(db.prepare('pragma page_size').get()?.['page_size']);
  db.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, (root - 1) * pageSize, root * pageSize));

  const file = await open(store);
  const work = () => void file.db.prepare('select state from orders').get();
  const damaged = file.advance('orders', await pageOf(store), work);
  await expect(damaged).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining('delete it') });
  await expect(damaged).rejects.not.toMatchObject({ message: expect.stringContaining('Stop the writers') });
  file.close();
});

describe('a file that is not ours is left as it is', () => {
  test('another program’s database', async () => {
    const db = new DatabaseSync(path);
    db.exec("create table orders (id text); insert into orders values ('precious')");
    db.close();
    await expect(open(await storeOf('a'))).rejects.toMatchObject({ code: 'invalid_input' });
    const still = new DatabaseSync(path);
    expect(still.prepare('select id from orders').all()).toEqual([{ id: 'precious' }]);
    still.close();
  });
  test('the log itself', async () => {
    const log = await openSqliteEventStore(path);
    await log.append('order-1', -1, [{ id: 'a', type: 'Happened', data: {}, metadata: {} }]);
    await expect(open(log)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await log.readStream('order-1')).toHaveLength(1);
    await log.close();
  });
  test('a text', async () => {
    writeFileSync(path, 'a letter to grandmother, long enough to be no empty file'.repeat(50));
    await expect(open(await storeOf('a'))).rejects.toMatchObject({ code: 'invalid_input' });
    expect(readFileSync(path, 'utf8')).toContain('grandmother');
  });
  test('a folder that is not there is told by name', async () => {
    path = join(folder, 'nowhere', 'read-models');
    await expect(open(await storeOf('a'))).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(open(await storeOf('a'))).rejects.toThrow(path);
  });
});

describe('two processes that open one new file at once', () => {
  const running: ChildProcess[] = [];
  afterAll(() => {
    for (const child of running) child.kill();
  });

  test('are never told that it is another program’s, though one looks while the other lays it out', async () => {
    const paths = Array.from({ length: 120 }, (_, index) => `${path}-${index}`);
    const workerData: Race = { paths, arrived: new Int32Array(new SharedArrayBuffer(4 * paths.length)) };
    const script = new URL('./open-at-once.test-support.ts', import.meta.url);
    const refused = await Promise.all([1, 2].map(() => once(new Worker(script, { workerData }), 'message')));
    expect(refused.flat(2)).toEqual([]);
  });

  test('share it: the second finds what the first laid out', async () => {
    const store = openMemoryEventStore();
    await store.append('sweep-fast', -1, [{ id: 's', type: 'Happened', data: {}, metadata: {} }]);
    const template = await open(store);
    template.close();
    const target = `${path}-target`;
    const script = fileURLToPath(new URL('./lay-out-slowly.test-support.ts', import.meta.url));
    const child = spawn(process.execPath, [script, path, target], { stdio: ['ignore', 'pipe', 'inherit'] });
    running.push(child);
    await once(child.stdout!, 'data'); // It holds the file, and has laid nothing out yet.
    const file = await openReadModelFile(target, store, testRuntime);
    expect(file.cursor('first')).toBe('00000000000000000001');
    file.close();
    if (child.exitCode === null) await once(child, 'exit');
    expect(existsSync(target)).toBe(true);
  });
});
