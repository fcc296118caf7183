import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import type { EventStore } from './event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { createPaymentLedger } from './ledger.ts';
import { openOrderReadModels } from './read-models/order-read-models.ts';
import { openReadModelFile, readModelPrefixes } from './read-models/read-model-file.ts';
import { openSweeps, type Sweeps } from './streams/sweep-streams.ts';
import { openTransactions } from './streams/transact.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-sweep-cold-start-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = () => join(folder, `read-models-${++files}`);

const tier = 'events-acct_1-live';
const stream = `sweep-${tier}`;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const upTo = (round: number) => new Date(Date.UTC(2026, 0, 1) + round * 3_600_000).toISOString();
const summary = { lookedAt: 3, calls: 1, found: 2, rescued: 1 };

interface CountingStore extends EventStore {
  /** Events of sweeps that it handed out by stream. */
  handedOut: number;
}

function counting(store: EventStore): CountingStore {
  return Object.assign(Object.create(store) as CountingStore, {
    handedOut: 0,
    async readStream(this: CountingStore, name: string, options?: { readonly afterRevision?: number }) {
      const events = await store.readStream(name, options);
      if (name.startsWith('sweep-')) this.handedOut += events.length;
      return events;
    },
  });
}

const transactionsOn = (store: EventStore) => openTransactions({ store, runtime: instantRuntime('a'), instance: 'a' });
/** A process that has no read models. */
const without = (log: MemoryLog): Sweeps => openSweeps(transactionsOn(openMemoryEventStore({ log })));

async function rounds(sweeps: Sweeps, count: number, from = 0): Promise<void> {
  for (let round = from + 1; round <= from + count; round++) {
    await sweeps.start(tier, round - 1);
    await sweeps.finish(tier, round, { upTo: upTo(round), summary });
  }
}

async function logOf(count: number): Promise<MemoryLog> {
  const log = createMemoryLog();
  await rounds(without(log), count);
  return log;
}

/** A copy of the log as it was when it had so many events. */
function putBack(log: MemoryLog, events: number): MemoryLog {
  const rows = log.rows.slice(0, events);
  return { ...createMemoryLog(), rows, streams: new Map([[stream, rows.filter((row) => row.stream === stream)]]) };
}

/** Read models that have applied so much of a log, and a process that starts with them on a log of its own. */
async function startWith(folded: MemoryLog, log: MemoryLog, change?: string) {
  const keptStore = openMemoryEventStore({ log: folded });
  const file = await openReadModelFile(':memory:', keptStore, instantRuntime());
  const models = openOrderReadModels(file, 24);
  for await (const { events, next } of keptStore.readLog({ prefixes: readModelPrefixes })) await models.apply(events, next);
  if (change !== undefined) expect(Number(file.db.prepare(change).run().changes)).toBe(1);
  const store = counting(openMemoryEventStore({ log }));
  return { store, models, sweeps: openSweeps(transactionsOn(store), { store, log: silent, folded: async (of) => models.sweep(of) }) };
}

describe('a process that starts on a long stream', () => {
  test('reads what the read models have not, and the event where they stand', async () => {
    const log = await logOf(400);
    const folded = putBack(log, 790);
    const { store, sweeps } = await startWith(folded, log);
    expect(await sweeps.progress(tier)).toEqual(await without(log).progress(tier));
    // The event where the row stands with the ten that follow, and those again to fold them.
    expect(store.handedOut).toBe(21);
    expect(await sweeps.start(tier, 400)).toEqual({ outcome: 'started', round: 401 });
    expect(store.handedOut).toBe(21);
  });

  test.each([true, false])('as a ledger, with read models in a file (background: %s)', async (background) => {
    const log = await logOf(400);
    const readModels = newPath();
    const deliver = async () => undefined;
    const open = (store: EventStore) => createPaymentLedger({ eventStore: store, readModels, background, deliver });
    await using first = open(openMemoryEventStore({ log }));
    await first.settle();
    await rounds(without(log), 2, 400);
    const store = counting(openMemoryEventStore({ log }));
    await using second = open(store);
    expect(await second.forAdapters.sweepProgress(tier)).toEqual(await without(log).progress(tier));
    expect(await second.forAdapters.startSweep(tier, 402)).toEqual({ outcome: 'started', round: 403 });
    // The log has 804 events. Opening the file reads its last event and the four after it; folding reads these four again.
    expect(store.handedOut).toBeLessThanOrEqual(14);
    await second.settle(); // The sweep that it started leads to no delivery.
  });

  test('as a ledger without a file: once it has settled, the log was read in pages', async () => {
    const log = await logOf(400);
    const store = counting(openMemoryEventStore({ log }));
    await using ledger = createPaymentLedger({ eventStore: store, background: false });
    await ledger.settle();
    expect(await ledger.forAdapters.sweepProgress(tier)).toEqual(await without(log).progress(tier));
    expect(store.handedOut).toBe(1);
  });

  test('and every other tier, of which the read models hold nothing', async () => {
    const { sweeps } = await startWith(createMemoryLog(), await logOf(2));
    expect(await sweeps.progress('daily')).toEqual({ round: 0, finished: true, spent: [] });
    expect((await sweeps.progress(tier)).round).toBe(2);
  });
});

test('wherever its row stands, a sweep is what the whole stream makes of it', async () => {
  const log = createMemoryLog();
  const sweeps = without(log);
  const position = { from: upTo(0), to: upTo(9), after: 'cs_1' };
  await rounds(sweeps, 2);
  await sweeps.start(tier, 2);
  await sweeps.advance(tier, 3, position);
  await sweeps.start(tier, 3);
  await sweeps.advance(tier, 4, { ...position, after: 'cs_2' });
  await sweeps.finish(tier, 3, { upTo: upTo(3), summary: { ...summary, otherReads: 4, budgetLeft: -1 } });
  await sweeps.advance(tier, 4, { ...position, after: 'cs_3' });
  const before = await sweeps.progress(tier);
  expect(before).toMatchObject({ round: 4, finished: false, resume: { after: 'cs_3' } });
  await sweeps.finish(tier, 4, { upTo: upTo(30), summary });
  await sweeps.start(tier, 4);
  for (let folded = 0; folded <= log.rows.length; folded++) {
    for (let events = folded; events <= log.rows.length; events++) {
      const now = putBack(log, events);
      const seeded = await startWith(putBack(log, folded), now);
      expect(await seeded.sweeps.progress(tier)).toEqual(await without(now).progress(tier));
      expect(seeded.models.sweep(tier)?.state.revision ?? -1).toBe(folded - 1);
    }
  }
});

describe('a row is not believed', () => {
  test('that lies ahead of a log that was put back', async () => {
    const log = await logOf(20);
    const restored = putBack(log, 11);
    const { sweeps } = await startWith(log, restored);
    expect(await sweeps.progress(tier)).toEqual(await without(restored).progress(tier));
    expect(await sweeps.start(tier, 6)).toEqual({ outcome: 'started', round: 7 });
  });

  test('that lies in a past which a log that was put back has not had', async () => {
    const log = await logOf(20);
    const restored = putBack(log, 10);
    await rounds(without(restored), 20, 5);
    await without(restored).finish(tier, 7, { upTo: upTo(700), summary });
    const { sweeps } = await startWith(log, restored);
    expect(await sweeps.progress(tier)).toEqual(await without(restored).progress(tier));
  });

  test('when the log goes back under a running process', async () => {
    let log = await logOf(20);
    const open = () => openMemoryEventStore({ log });
    const store: EventStore = {
      append: (...append) => open().append(...append),
      readStream: (...read) => open().readStream(...read),
      readLog: (options) => open().readLog(options),
      close: async () => undefined,
    };
    const { models } = await startWith(log, log);
    const sweeps = openSweeps(transactionsOn(store), { store, log: silent, folded: async (of) => models.sweep(of) });
    expect((await sweeps.progress(tier)).round).toBe(20);
    log = putBack(log, 10);
    await sweeps.finish(tier, 5, { upTo: upTo(50), summary });
    expect(await sweeps.progress(tier)).toEqual(await without(log).progress(tier));
    expect(await sweeps.progress(tier)).toMatchObject({ round: 5, upTo: upTo(50) });
  });

  test.each([
    ['no JSON', "update sweeps set state = '{'"],
    ['not a sweep', "update sweeps set state = '[]'"],
    ['before the first event', "update sweeps set state = json_set(state, '$.revision', -1)"],
    ['without a field', "update sweeps set state = json_remove(state, '$.spent')"],
    ['of an unknown field', "update sweeps set state = json_set(state, '$.paused', 1)"],
    ['of no time', "update sweeps set state = json_set(state, '$.upTo', 'now')"],
    ['of another revision', "update sweeps set state = json_set(state, '$.revision', 7)"],
    ['of another event', "update sweeps set event_id = 'x'"],
    ['removed', 'delete from sweeps'],
  ])('that is damaged: %s', async (_, change) => {
    const log = await logOf(20);
    const { sweeps, store } = await startWith(log, log, change);
    expect(await sweeps.progress(tier)).toEqual(await without(log).progress(tier));
    expect(store.handedOut).toBeGreaterThanOrEqual(40);
  });
});

test('a sweep goes on where the read models cannot be opened', async () => {
  const readModels = newPath();
  const foreign = new DatabaseSync(readModels);
  foreign.exec('create table precious (id text)');
  foreign.close();
  const warned: string[] = [];
  const log = await logOf(3);
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore({ log }),
    readModels,
    background: false,
    log: { ...silent, warn: (_, message) => warned.push(message) },
  });
  expect((await ledger.forAdapters.sweepProgress(tier)).round).toBe(3);
  expect(warned).toEqual(['the read models cannot be asked; the stream of the tier is read from its start']);
});

describe('a stream that cannot be read', () => {
  test('stops neither the rows of other streams nor the orders; whoever asks for it is told', async () => {
    const log = await logOf(2);
    const store = openMemoryEventStore({ log });
    const event = { id: 'e1', type: 'SweepPaused', data: { round: 3 }, metadata: { version: '1', recordedAt: upTo(9) } };
    await store.append(stream, 3, [event]);
    await store.append(stream, 4, [{ ...event, id: 'e2', type: 'SweepStarted' }]);
    await store.append('sweep-other', -1, [{ ...event, id: 'e3', type: 'SweepStarted', data: { round: 1 } }]);
    const { models, sweeps } = await startWith(log, log);
    expect(models.sweep(tier)?.state).toMatchObject({ revision: 3, round: 2 });
    expect(models.sweep('other')?.state).toMatchObject({ revision: 0, round: 1 });
    await expect(sweeps.progress(tier)).rejects.toMatchObject({ code: 'file_newer' });
  });
});
