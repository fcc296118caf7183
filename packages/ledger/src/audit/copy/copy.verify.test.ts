import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { LedgerError } from '../../errors.ts';
import type { EventStore, NewEvent, StoredEvent } from '../../event-store/event-store.ts';
import { openEventStoreDbEventStore } from '../../event-store/eventstoredb/eventstoredb.ts';
import { createMemoryLog, openMemoryEventStore } from '../../event-store/memory.ts';
import { newDirectory, newLogPath } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { writeStories } from '../golden-log.test-support.ts';
import { type LogReader, readerOf } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { verifyLog } from '../verify/verify.ts';
import { type CopyPhase, copyLedger } from './copy.ts';

const directory = newDirectory();
const storiesPath = join(directory, 'told.db');
let source: LogReader;
let size = 0;
let root = '';
beforeAll(async () => {
  const store = await openSqliteEventStore(storiesPath);
  await writeStories(store);
  source = sqliteReader(storiesPath);
  ({ size, root } = await verifyLog(source));
});
afterAll(async () => {
  await source.close();
  rmSync(directory, { recursive: true, force: true });
});

const noted = (data: object = {}): NewEvent => ({ id: crypto.randomUUID(), type: 'Noted', data, metadata: { version: '1' } });

async function startDouble(): Promise<ServerDouble> {
  const double = await ServerDouble.start();
  onTestFinished(() => double.kill());
  return double;
}
async function openOn(double: ServerDouble): Promise<EventStore> {
  const store = await openEventStoreDbEventStore(EventStoreDBClient.connectionString(double.url), { quietMs: 50 });
  onTestFinished(() => store.close());
  return store;
}
async function openSqlite(path = newLogPath()): Promise<EventStore> {
  const store = await openSqliteEventStore(path);
  onTestFinished(() => store.close());
  return store;
}

async function eventsIn(store: EventStore): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.readLog()) events.push(...page.events);
  return events;
}

function startCopy(from: string, to: string): ChildProcess {
  const main = new URL('../../cli/main.ts', import.meta.url).pathname;
  const args = ['--conditions=@paidonce/source', main, 'copy', '--from', from, '--to', to, '--create'];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

describe('a copy has the root of its source', () => {
  test('from SQLite to EventStoreDB and back, and the last one verifies', async () => {
    const [cluster, back] = [await openOn(await startDouble()), newLogPath()];
    const phases = new Map<CopyPhase, number>();
    const onProgress = (phase: CopyPhase, events: number) => {
      expect(events).toBeGreaterThanOrEqual(phases.get(phase) ?? 0);
      phases.set(phase, events);
    };
    expect(await copyLedger(source, cluster, { onProgress })).toEqual({ outcome: 'copied', size, root, appended: size, sourceWentOn: 0 });
    expect([...phases]).toEqual([
      ['copy', size],
      ['prove', size],
    ]);
    const store = await openSqlite(back);
    expect(await copyLedger(readerOf(cluster), store, { keepsOrder: true })).toMatchObject({ outcome: 'copied', size, root });
    const copied = sqliteReader(back);
    expect(await verifyLog(copied)).toMatchObject({ found: 0, size, root });
    await copied.close();
  });

  test('also where its text is of the kind that JSON may be written in several ways', async () => {
    const original = await openSqlite();
    const texts = ['\u2028\u2029 \u{1f600} \ud800 / \\ " \u0000 é é', '</script>'];
    const numbers = [0.1, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 5e-324, 1.7976931348623157e308];
    await original.append('order-x', -1, [noted({ texts, numbers, nested: [[], {}, null, true, ''], z: 1, a: { y: 2, b: 3 } })]);
    const cluster = await openOn(await startDouble());
    const { size: one, root: same } = (await copyLedger(readerOf(original), cluster)) as { size: number; root: string };
    expect(await copyLedger(readerOf(cluster), await openSqlite())).toMatchObject({ outcome: 'copied', size: one, root: same });
  });

  test('also where a small event stands before one that fills an append alone', async () => {
    const original = openMemoryEventStore();
    const texts = [200_000, 1_000_000, 10].map((length) => noted({ text: 'x'.repeat(length) }));
    for (const [place, event] of texts.entries()) await original.append('order-x', place - 1, [event]);
    expect(await copyLedger(readerOf(original), await openSqlite())).toMatchObject({ outcome: 'copied', size: 3 });
  });

  test('also where many large events would fill the queue of the target at once', async () => {
    const original = openMemoryEventStore();
    for (let place = 0; place < 900; place++) await original.append(`order-${place}`, -1, [noted({ text: 'x'.repeat(30_000) })]);
    const copied = await copyLedger(readerOf(original), await openSqlite(), { keepsOrder: true });
    expect(copied).toMatchObject({ outcome: 'copied', size: 900, appended: 900 });
  });

  test('of an empty log too', async () => {
    expect(await copyLedger(readerOf(openMemoryEventStore()), openMemoryEventStore())).toMatchObject({ outcome: 'copied', size: 0 });
  });
});

describe('a copy that was cut off goes on', () => {
  test.each([1, 17, 40])('after kill -9 of its process at append %i', async (appends) => {
    const double = await startDouble();
    const child = startCopy(`sqlite:${storiesPath}`, double.url);
    let appended = 0;
    double.log.on('appended', () => {
      appended += 1;
      if (appended === appends) child.kill('SIGKILL');
    });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    const there = double.log.events.length;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThan(size);
    expect(await copyLedger(source, await openOn(double))).toEqual({
      outcome: 'copied',
      size,
      root,
      appended: size - there,
      sourceWentOn: 0,
    });
  });

  test('after kill -9 among the many appends that SQLite takes at once', async () => {
    const [from, to] = [newLogPath(), newLogPath()];
    const events = 9_000;
    const original = await openSqlite(from);
    const appends = Array.from({ length: events }, (_, place) => original.append(`order-${place}`, -1, [noted()]));
    await Promise.all(appends);
    await (await openSqliteEventStore(to)).close();
    const child = startCopy(`sqlite:${from}`, `sqlite:${to}`);
    const gone = once(child, 'exit');
    const copied = sqliteReader(to);
    while (copied.sqlite?.end() === 0 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGKILL');
    expect(await gone).toEqual([null, 'SIGKILL']);
    await copied.close(); // A new connection sees also what the killed process had committed without reporting it.
    const target = await openSqlite(to);
    const there = (await eventsIn(target)).length;
    expect(there).toBeLessThan(events);
    const result = await copyLedger(readerOf(original), target, { keepsOrder: true });
    expect(result).toMatchObject({ outcome: 'copied', size: events, appended: events - there });
  });

  test('where replies to its appends are lost', async () => {
    const double = await startDouble();
    double.appendFaults.push(
      { stored: true, hears: 'nothing' },
      { stored: false, hears: { code: 14, details: 'unavailable' } },
      { stored: true, hears: { code: 14, details: 'unavailable' } },
    );
    expect(await copyLedger(source, await openOn(double))).toMatchObject({ outcome: 'copied', size, root });
    expect(double.log.events).toHaveLength(size);
  });

  test('after a commit that failed: nothing was appended after it', async () => {
    const [original, target] = [openMemoryEventStore(), openMemoryEventStore()];
    for (let place = 0; place < 40; place++) await original.append(`order-${place}`, -1, [noted()]);
    let commits = 0;
    const appendAll: EventStore['appendAll'] = async (appends) => {
      commits += 1;
      if (commits === 2) throw new LedgerError('store_busy', 'The queue is full.');
      return target.appendAll!(appends);
    };
    await expect(copyLedger(readerOf(original), { ...target, appendAll })).rejects.toMatchObject({ code: 'store_busy' });
    expect(commits).toBe(2);
    expect((await eventsIn(target)).map(({ stream }) => stream)).toEqual(Array.from({ length: 16 }, (_, place) => `order-${place}`));
    expect(await copyLedger(readerOf(original), target)).toMatchObject({ outcome: 'copied', size: 40, appended: 24 });
  });

  test('after SQLite was held by another process too long: what arrived meanwhile was not written behind a gap', async () => {
    const [original, path] = [openMemoryEventStore(), newLogPath()];
    const events = 600;
    for (let place = 0; place < events; place++) await original.append(`order-${place}`, -1, [noted()]);
    const reader = readerOf(original);
    /** The rest of the log arrives slowly, so that it would wait less long for the file. */
    async function* rows(): AsyncGenerator<readonly LogRow[]> {
      let read = 0;
      for await (const page of reader.rows()) {
        for (const row of page) {
          read += 1;
          if (read > 520) await new Promise((resolve) => setTimeout(resolve, 10));
          yield [row];
        }
      }
    }
    const target = await openSqliteEventStore(path, { busyTimeoutMs: 300 });
    onTestFinished(() => target.close());
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const append: EventStore['append'] = (...call) =>
      target.append(...call).catch((error: unknown) => {
        if (other.isOpen) other.close();
        throw error;
      });
    const copying = copyLedger({ ...reader, rows }, { ...target, append }, { keepsOrder: true });
    await expect(copying).rejects.toMatchObject({ code: 'store_busy' });
    const there = (await eventsIn(target)).map(({ stream }) => stream);
    expect(there).toEqual(Array.from(there, (_, place) => `order-${place}`));
    expect(await copyLedger(reader, target, { keepsOrder: true })).toMatchObject({ outcome: 'copied', size: events });
  });

  test('with what the source got since, and tells that it goes on', async () => {
    const [log, target] = [createMemoryLog(), await openSqlite()];
    const [writer, reader] = [openMemoryEventStore({ log }), readerOf(openMemoryEventStore({ log }))];
    await writer.append('order-a', -1, [noted(), noted()]);
    const copying = { keepsOrder: true, onProgress: () => void writer.append('order-a', 1, [noted()]) };
    expect(await copyLedger(reader, target, copying)).toMatchObject({ outcome: 'copied', appended: 2, sourceWentOn: 1 });
    expect(await copyLedger(reader, target)).toMatchObject({ outcome: 'copied', size: 3, appended: 1, sourceWentOn: 0 });
    expect(await copyLedger(reader, target)).toMatchObject({ outcome: 'copied', size: 3, appended: 0, sourceWentOn: 0 });
  });

  const events = [noted(), noted(), noted()] as const;
  const others = [noted(), noted()] as const;
  const late = async (land: (target: EventStore) => Promise<unknown>) => {
    const [original, log] = [openMemoryEventStore(), createMemoryLog()];
    await original.append('order-a', -1, events);
    await original.append('order-b', -1, others);
    const reader = readerOf(original);
    // The copy has read the target, which was empty. Now the append of the killed process arrives.
    async function* rows(): AsyncGenerator<never> {
      await land(openMemoryEventStore({ log }));
      yield* reader.rows() as AsyncIterable<never>;
    }
    return copyLedger({ ...reader, rows }, openMemoryEventStore({ log }));
  };
  test.each<[string, (target: EventStore) => Promise<unknown>]>([
    ['a whole append', (target) => target.append('order-a', -1, events)],
    ['the beginning of one, since the source has gone on', (target) => target.append('order-a', -1, events.slice(0, 2))],
    [
      'several, of another copy that runs at once',
      async (target) => {
        await target.append('order-a', -1, events);
        await target.append('order-b', -1, others.slice(0, 1));
      },
    ],
  ])('where %s of its predecessor lands late', async (_, land) => {
    expect(await late(land)).toMatchObject({ outcome: 'copied', size: 5 });
  });

  test('but not over an event of somebody else', async () => {
    await expect(late((target) => target.append('order-a', -1, [noted()]))).rejects.toThrow(/order-a: revision 0 does not follow 0/);
  });
});

describe('nothing is written to a target', () => {
  const refuses = async (target: EventStore, why: RegExp) => {
    const before = await eventsIn(target);
    await expect(copyLedger(source, target)).rejects.toThrow(why);
    expect(await eventsIn(target)).toEqual(before);
  };

  test('that holds another ledger', async () => {
    const target = await openSqlite();
    await writeStories(target);
    const again = await openSqlite();
    await again.append('order-a', -1, [noted()]);
    await refuses(again, /no earlier copy of this source: its event 1 is order-a@0 \(Noted, id .*\), the source has ledger@0/);
  });

  test('that was a copy and has gone on by itself', async () => {
    const target = openMemoryEventStore();
    await copyLedger(source, target);
    await target.append('order-own', -1, [noted()]);
    await refuses(target, /has all \d+ events of the source, and then order-own@0 .*a ledger of its own now/);
  });

  test('whose beginning is the source with an event left out', async () => {
    const target = openMemoryEventStore();
    for (const { stream, revision, id, type, data, metadata } of (await eventsIn(await openSqlite(storiesPath))).slice(1, 3))
      await target.append(stream, revision - 1, [{ id, type, data, metadata }]);
    await refuses(target, /its event 1 is/);
  });
});

describe('what differs is reported, with both roots', () => {
  test('where a copy was changed since', async () => {
    const path = join(directory, 'changed.db');
    copyFileSync(storiesPath, path);
    const db = new DatabaseSync(path);
    db.exec(`DELETE FROM events WHERE position > 31; UPDATE events SET data = replace(data, '"pro"', '"con"') WHERE position = 3`);
    db.close();
    const result = await copyLedger(source, await openSqlite(path));
    expect(result).toMatchObject({ outcome: 'differs', source: { size: 3 }, target: { size: 3 } });
    expect(result.outcome === 'differs' && result.source.root).not.toBe(result.outcome === 'differs' && result.target.root);
  });

  test('where somebody else writes to the target meanwhile', async () => {
    const log = createMemoryLog();
    const other = openMemoryEventStore({ log });
    const own = [noted()]; // This event is in the store already.
    const onProgress = () => void other.append('order-own', -1, own);
    expect(await copyLedger(source, openMemoryEventStore({ log }), { onProgress })).toEqual({
      outcome: 'differs',
      source: { size, root },
      target: { size: size + 1, root: expect.not.stringMatching(root) },
    });
  });
});

test('text that the ledger did not write is not copied: it would not come back to the letter', async () => {
  const path = join(directory, 'edited.db');
  copyFileSync(storiesPath, path);
  const db = new DatabaseSync(path);
  db.exec(`UPDATE events SET data = replace(data, ':', ': ') WHERE position = 3`);
  db.close();
  const edited = sqliteReader(path);
  await expect(copyLedger(edited, openMemoryEventStore())).rejects.toThrow(/^Event 3 of the source, .* holds text that the ledger did not/);
  await edited.close();
});
