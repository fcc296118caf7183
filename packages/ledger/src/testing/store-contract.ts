// The promises of the event store port, by their numbers, as a test suite for any engine. An engine proves that it keeps them
// with `storeContract('name', createLog)` in its own test file. It needs vitest and fast-check.

import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AppendResult,
  type EventMetadata,
  type EventStore,
  type LogPage,
  logStart,
  type NewEvent,
  type ReadLogOptions,
  type StoredEvent,
  type StreamAppend,
} from '../event-store/event-store.ts';
import { nextTurn } from '../runtime.ts';
import { runs } from './runs.ts';

/** A log for one test. It may contain other streams: the suite checks only its own. */
export interface LogUnderTest {
  /** Opens another handle on the same log, as another process would. The suite closes it. */
  open(): Promise<EventStore>;
  /** Removes the log. Called after all handles are closed. */
  remove(): Promise<void>;
  /**
   * Takes a backup, and returns a function that puts it back while handles are open. Absent: the log cannot be put back, and
   * the tests of promise 10 are skipped.
   */
  backUp?(): Promise<() => Promise<void>>;
}

/** What all tests share: it opens handles on the log of the test that runs now. */
interface Bench {
  open(): Promise<EventStore>;
  /** Takes a backup, as `LogUnderTest.backUp`; skips the test where there is none. */
  backUp(skip: () => void): Promise<() => Promise<void>>;
  /** Opens a handle that appends to several streams in one commit; skips the test where the engine cannot. */
  openTogether(skip: (because: string) => void): Promise<TogetherStore>;
}

type TogetherStore = EventStore & Required<Pick<EventStore, 'appendAll'>>;

/** Defines the test suite for one engine; call it at the top of a test file. @param createLog makes a new log for each test. */
export function storeContract(name: string, createLog: () => Promise<LogUnderTest>): void {
  describe(`${name} keeps the promises of the event store port`, () => {
    let log: LogUnderTest;
    let opened: EventStore[] = [];
    const bench: Bench = {
      open: async () => {
        const store = await log.open();
        opened.push(store);
        return store;
      },
      backUp: async (skip) => {
        if (!log.backUp) skip();
        return (await log.backUp?.()) ?? (async () => undefined);
      },
      openTogether: async (skip) => {
        const store = await bench.open();
        if (!store.appendAll) skip('the engine appends to one stream at a time');
        return store as TogetherStore;
      },
    };
    beforeEach(async () => {
      log = await createLog();
    });
    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
      opened = [];
      await log.remove();
    });

    describe('1: appended is on disk, whole', () => appendsAreKept(bench));
    describe('2: a conflict is an answer', () => conflictsAreAnswers(bench));
    describe('3: a lost reply is settled by the ids', () => lostRepliesAreSettled(bench));
    describe('4: a stream is read as it is now', () => streamsAreRead(bench));
    describe('5: log order', () => logKeepsItsOrder(bench));
    describe('6: pages', () => logComesInPages(bench));
    describe('7: following', () => followersAreWoken(bench));
    describe('8: what is written is what is read', () => textIsKept(bench));
    describe('9: closing', () => closingEnds(bench));
    describe('10: a log that was put back', () => goingBackIsNoticed(bench));
    describe('11: several streams in one commit', () => streamsAreAppendedTogether(bench));
  });
}

function appendsAreKept({ open }: Bench): void {
  test('what one handle appended, a handle opened after its end reads', async () => {
    const writer = await open();
    const stream = newName();
    const events = newEvents(3);
    await writer.append(stream, -1, events);
    await writer.close();
    const stored = await (await open()).readStream(stream);
    expect(stored.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))).toEqual(events);
  });

  test('a batch gets revisions without gaps and rising positions, and the answer names the last', async () => {
    const store = await open();
    const stream = newName();
    await store.append(stream, -1, newEvents(2));
    const result = await store.append(stream, 1, newEvents(3));
    const stored = await store.readStream(stream);
    expect(stored.map((event) => event.revision)).toEqual([0, 1, 2, 3, 4]);
    expect(stored.every((event) => event.stream === stream)).toBe(true);
    expectRising(stored);
    expect(result).toEqual({ appended: true, revision: 4, position: stored[4]?.position });
  });

  test('a batch is seen whole or not at all, from any handle', async () => {
    const [writer, reader] = [await open(), await open()];
    const stream = newName();
    let writing = true;
    const written = (async () => {
      for (let batch = 0; batch < 40; batch++) await writer.append(stream, batch * 5 - 1, newEvents(5));
      writing = false;
    })();
    let reads = 0;
    for (; writing || reads === 0; reads++) {
      expect((await reader.readStream(stream)).length % 5).toBe(0);
      await nextTurn();
    }
    await written;
    expect(await reader.readStream(stream)).toHaveLength(200);
  });

  test('an append of no events is refused', async () => {
    await expectRefused((await open()).append(newName(), -1, []));
  });
}

function conflictsAreAnswers({ open }: Bench): void {
  test('every revision but the newest is refused, with the newest in the answer and nothing written', async () => {
    const store = await open();
    const stream = newName();
    await store.append(stream, -1, newEvents(3));
    for (const wrong of [-1, 0, 1, 3, 4, 100]) {
      expect(await store.append(stream, wrong, newEvents(2))).toEqual({ appended: false, actualRevision: 2 });
    }
    expect(await store.readStream(stream)).toHaveLength(3);
  });

  test('a stream that does not exist takes only −1', async () => {
    const store = await open();
    const stream = newName();
    for (const wrong of [0, 1, 7]) expect(await store.append(stream, wrong, newEvents(1))).toEqual({ appended: false, actualRevision: -1 });
    expect(await store.readStream(stream)).toEqual([]);
    expect(await store.append(stream, -1, newEvents(1))).toMatchObject({ appended: true, revision: 0 });
  });

  test('what is no revision is refused: there is no "any"', async () => {
    const store = await open();
    for (const none of [undefined, null, 'any', -2, 0.5, Number.NaN])
      await expectRefused(store.append(newName(), none as number, newEvents(1)));
  });

  test('of 64 callers on several handles that race at one revision, one appends', async () => {
    const handles = [await open(), await open(), await open(), await open()];
    const stream = newName();
    for (let revision = -1; revision < 2; revision++) {
      const callers = Array.from({ length: 64 }, (_, n) => handles[n % 4]?.append(stream, revision, newEvents(1)));
      const results = await Promise.all(callers);
      expect(results.filter((result) => result?.appended)).toHaveLength(1);
      for (const result of results) if (!result?.appended) expect(result).toEqual({ appended: false, actualRevision: revision + 1 });
    }
    expect(await handles[0]?.readStream(stream)).toHaveLength(3);
  });
}

function lostRepliesAreSettled({ open }: Bench): void {
  test('the same ids at the same revision are one append, from any handle and after other events', async () => {
    const [store, other] = [await open(), await open()];
    const stream = newName();
    await store.append(stream, -1, newEvents(1));
    const events = newEvents(2);
    const first = await store.append(stream, 0, events);
    expect(await store.append(stream, 0, events)).toEqual(first);
    await other.append(stream, 2, newEvents(3));
    await other.append(newName(), -1, newEvents(3));
    expect(await other.append(stream, 0, events)).toEqual(first);
    expect(await store.readStream(stream)).toHaveLength(6);
  });

  test('the same append sent several times at once is stored once, and each sender hears so', async () => {
    const [store, other] = [await open(), await open()];
    const stream = newName();
    const events = newEvents(2);
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? store : other).append(stream, -1, events)));
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]).toMatchObject({ appended: true, revision: 1 });
    expect(await store.readStream(stream)).toHaveLength(2);
  });

  test('a partial overlap is a conflict', async () => {
    const store = await open();
    const stream = newName();
    const events = newEvents(3);
    await store.append(stream, -1, events);
    const [a, b, c] = events as [NewEvent, NewEvent, NewEvent];
    const overlaps = [
      [a, ...newEvents(1)],
      [...newEvents(1), b],
      [a, b, c, ...newEvents(1)],
      [b, a],
    ];
    for (const overlap of overlaps) expect(await store.append(stream, -1, overlap)).toEqual({ appended: false, actualRevision: 2 });
    expect(await store.append(stream, 0, [b, c, ...newEvents(1)])).toEqual({ appended: false, actualRevision: 2 });
  });

  test('whatever is sent, in whatever order: ids and places decide', async () => {
    const handles = [await open(), await open()];
    const met = new Set<string>();
    const sending = fc.record({
      handle: fc.nat(1),
      // How far the sender's expected revision is ahead of the stream.
      ahead: fc.integer({ min: -4, max: 1 }),
      // Few ids, so that the same ones come again.
      ids: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
    });
    const sentTwice = fc.record({ sending, again: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(sentTwice, { maxLength: 12 }), async (script) => {
        const stream = newName();
        const names = Array.from({ length: 4 }, () => randomUUID());
        const model: string[] = [];
        for (const { sending, again } of script) {
          const expected = Math.max(-1, model.length - 1 + sending.ahead);
          for (let sent = 0; sent < (again ? 2 : 1); sent++) {
            const ids = sending.ids.map((n) => names[n] as string);
            const answer = modelAppend(model, expected, ids);
            met.add(answer.why);
            const result = await handles[sending.handle]?.append(stream, expected, ids.map(eventWithId));
            expect(result).toMatchObject(answer.result);
          }
        }
        const stored = (await handles[0]?.readStream(stream)) ?? [];
        expect(stored.map((event) => event.id)).toEqual(model);
        expectRising(stored);
      }),
      runs(50),
    );
    expect([...met].sort()).toEqual(['appended', 'conflict', 'repeated']);
  });
}

type ModelAnswer = { readonly why: 'appended' | 'repeated' | 'conflict'; readonly result: object };

/** A model of promises 2 and 3 on a list of ids. */
function modelAppend(model: string[], expected: number, ids: readonly string[]): ModelAnswer {
  const actualRevision = model.length - 1;
  if (expected === actualRevision) {
    model.push(...ids);
    return { why: 'appended', result: { appended: true, revision: model.length - 1 } };
  }
  const there = model.slice(expected + 1, expected + 1 + ids.length).join();
  if (there === ids.join()) return { why: 'repeated', result: { appended: true, revision: expected + ids.length } };
  return { why: 'conflict', result: { appended: false, actualRevision } };
}

function streamsAreRead({ open }: Bench): void {
  test('a stream without events is empty', async () => {
    expect(await (await open()).readStream(newName())).toEqual([]);
  });

  test('afterRevision leaves out what the caller has', async () => {
    const store = await open();
    const stream = newName();
    await store.append(stream, -1, newEvents(5));
    for (const afterRevision of [-1, 0, 3, 4, 9]) {
      const stored = await store.readStream(stream, { afterRevision });
      expect(stored.map((event) => event.revision)).toEqual([0, 1, 2, 3, 4].filter((revision) => revision > afterRevision));
    }
  });

  test('once an append is acknowledged on one handle, a read on another has it', async () => {
    const [writer, reader] = [await open(), await open()];
    const stream = newName();
    for (let revision = 0; revision < 30; revision++) {
      await writer.append(stream, revision - 1, newEvents(1));
      expect(await reader.readStream(stream)).toHaveLength(revision + 1);
    }
  });

  test('names that begin alike are different streams', async () => {
    const store = await open();
    const stream = newName();
    await store.append(stream, -1, newEvents(1));
    await store.append(`${stream}-more`, -1, newEvents(2));
    await store.append(stream.toUpperCase(), -1, newEvents(3));
    expect(await store.readStream(stream)).toHaveLength(1);
  });
}

function logKeepsItsOrder({ open }: Bench): void {
  test('who follows while several handles write has seen all, in the order of the finished log', async () => {
    const [a, b, c, reader] = [await open(), await open(), await open(), await open()];
    const group = newName();
    const after = await headOf(reader);
    const received: StoredEvent[] = [];
    const enough = new AbortController();
    const following = (async () => {
      for await (const page of reader.readLog({ after, prefixes: [group], follow: enough.signal })) {
        received.push(...page.events);
        if (received.length >= 360) enough.abort();
      }
    })();
    const writers = [a, b, c].flatMap((store) => [0, 1, 2].map((n) => appendRacing(store, `${group}-${n}`, 40)));
    await Promise.all(writers);
    await following;
    expectRising(received);
    expect(received).toEqual(eventsOf(await pagesOf(a, { after, prefixes: [group] })));
    for (const n of [0, 1, 2]) {
      const stream = `${group}-${n}`;
      const inLog = received.filter((event) => event.stream === stream);
      expect(inLog.map((event) => event.revision)).toEqual(Array.from({ length: 120 }, (_, revision) => revision));
      expect(await b.readStream(stream)).toEqual(inLog);
    }
  });

  test('who reads again and again from `next` while others write has missed nothing', async () => {
    const [a, b, reader] = [await open(), await open(), await open()];
    const group = newName();
    const from = await headOf(reader);
    let writing = true;
    const writers = Promise.all([a, b].map((store, n) => appendRacing(store, `${group}-${n}`, 60))).then(() => {
      writing = false;
    });
    const received: StoredEvent[] = [];
    for (let after = from, last = false; !last; ) {
      last = !writing;
      for await (const page of reader.readLog({ after, prefixes: [group] })) {
        received.push(...page.events);
        after = page.next;
      }
      await nextTurn();
    }
    await writers;
    expect(received).toEqual(eventsOf(await pagesOf(a, { after: from, prefixes: [group] })));
    expect(received).toHaveLength(120);
  });
}

function logComesInPages({ open }: Bench): void {
  test('at the head there is one empty page, caught up', async () => {
    const store = await open();
    const after = await headOf(store);
    expect(await pagesOf(store, { after })).toEqual([{ events: [], next: after, caughtUp: true }]);
  });

  test('a long log comes in several bounded pages, and each `next` leads on exactly', async () => {
    const store = await open();
    const after = await headOf(store);
    const stream = newName();
    for (let batch = 0; batch < 12; batch++) await store.append(stream, batch * 100 - 1, newEvents(100));
    const pages = await pagesOf(store, { after, prefixes: [stream] });
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(page.events.length).toBeLessThanOrEqual(512);
    expect(pages.map((page) => page.caughtUp)).toEqual(pages.map((_, n) => n === pages.length - 1));
    const all = eventsOf(pages);
    expect(all).toEqual(await store.readStream(stream));
    for (const page of pages) {
      const rest = eventsOf(await pagesOf(store, { after: page.next, prefixes: [stream] }));
      expect(rest).toEqual(all.filter((event) => event.position > page.next));
    }
    const middle = all[700] as StoredEvent;
    expect(eventsOf(await pagesOf(store, { after: middle.position, prefixes: [stream] }))[0]).toEqual(all[701]);
  });

  test('prefixes choose streams; `next` passes what was not chosen', async () => {
    const store = await open();
    const after = await headOf(store);
    const [x, y] = [newName(), newName()];
    await store.append(`${x}-1`, -1, newEvents(1));
    await store.append(`${y}-1`, -1, newEvents(1));
    await store.append(`${x}-2`, -1, newEvents(1));
    const last = await store.append(`${y}-2`, -1, newEvents(1));
    const streamsOf = async (prefixes: readonly string[]) =>
      eventsOf(await pagesOf(store, { after, prefixes })).map((event) => event.stream);
    expect(await streamsOf([x])).toEqual([`${x}-1`, `${x}-2`]);
    expect(await streamsOf([`${x}-2`, y])).toEqual([`${y}-1`, `${x}-2`, `${y}-2`]);
    expect(await streamsOf([`-${x}`])).toEqual([]);
    const none = await pagesOf(store, { after, prefixes: [newName()] });
    expect(eventsOf(none)).toEqual([]);
    expect(last).toMatchObject({ position: none.at(-1)?.next });
  });

  test('a position of another log is refused, and what is none', async () => {
    const store = await open();
    const after = await headOf(store);
    const beyond = `9${after.slice(1)}`;
    for (const none of [beyond, '', '17', '-1', 'x'.repeat(20)]) await expectRefused(pagesOf(store, { after: none as typeof after }));
  });
}

function followersAreWoken({ open }: Bench): void {
  test.each([
    ['the same handle', 0],
    ['another handle', 1],
  ])('a follower at the head is woken by an append on %s, and ends when its signal aborts', async (_, writer) => {
    const handles = [await open(), await open()] as const;
    const stream = newName();
    const end = new AbortController();
    const pages = handles[0].readLog({ after: await headOf(handles[0]), prefixes: [stream], follow: end.signal })[Symbol.asyncIterator]();
    expect(await pages.next()).toMatchObject({ done: false, value: { events: [], caughtUp: true } });
    for (let revision = 0; revision < 5; revision++) {
      const woken = pages.next();
      const [event] = newEvents(1);
      await handles[writer as 0 | 1].append(stream, revision - 1, [event as NewEvent]);
      const page = (await woken).value as LogPage;
      expect(page.events.map(({ id }) => id)).toEqual([event?.id]);
      expect(page.caughtUp).toBe(true);
    }
    const waiting = pages.next();
    end.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test('a follower first gets what is there, then what comes', async () => {
    const store = await open();
    const stream = newName();
    const after = await headOf(store);
    for (let batch = 0; batch < 7; batch++) await store.append(stream, batch * 100 - 1, newEvents(100));
    const received: StoredEvent[] = [];
    const end = new AbortController();
    for await (const page of store.readLog({ after, prefixes: [stream], follow: end.signal })) {
      received.push(...page.events);
      if (received.length === 700 && page.caughtUp) await store.append(stream, 699, newEvents(1));
      if (received.length === 701) end.abort();
    }
    expect(received.map((event) => event.revision)).toEqual(Array.from({ length: 701 }, (_, revision) => revision));
  });

  test('events that do not match move a follower on, without events', async () => {
    const store = await open();
    const after = await headOf(store);
    const end = new AbortController();
    const pages = store.readLog({ after, prefixes: [newName()], follow: end.signal })[Symbol.asyncIterator]();
    await pages.next();
    const { position } = (await store.append(newName(), -1, newEvents(2))) as AppendResult & { appended: true };
    for (let next = after; next < position; ) {
      const page = (await pages.next()).value as LogPage;
      expect(page.events).toEqual([]);
      expect(page.next > next).toBe(true);
      next = page.next;
    }
    end.abort();
    expect((await pages.next()).done).toBe(true);
  });

  test('a signal that has aborted before gives nothing; leaving early is allowed', async () => {
    const store = await open();
    expect(await pagesOf(store, { follow: AbortSignal.abort() })).toEqual([]);
    for await (const _ of store.readLog({ after: await headOf(store), follow: new AbortController().signal })) break;
    expect(await store.readStream(newName())).toEqual([]);
  });
}

function textIsKept({ open }: Bench): void {
  async function writeAndRead(store: EventStore, data: object, metadata: EventMetadata = {}): Promise<StoredEvent> {
    const stream = newName();
    await store.append(stream, -1, [{ id: randomUUID(), type: 'Noted', data, metadata }]);
    const [stored] = await store.readStream(stream);
    expect(eventsOf(await pagesOf(store, { prefixes: [stream] }))).toEqual([stored]);
    return stored as StoredEvent;
  }

  test('any JSON comes back to the letter, with its keys in their order', async () => {
    const store = await open();
    await fc.assert(
      fc.asyncProperty(anyData, fc.dictionary(anyKey, anyText, { maxKeys: 3 }), async (data, metadata) => {
        const stored = await writeAndRead(store, data, metadata);
        expect(JSON.stringify(stored.data)).toBe(JSON.stringify(data));
        expect(JSON.stringify(stored.metadata)).toBe(JSON.stringify(metadata));
      }),
      runs(100),
    );
  });

  test.each([
    ['line separators', { text: 'a\u2028b\u2029c' }],
    ['emoji and combined marks', { text: '👩‍👩‍👧‍👦 e\u0301 ﷽ 中文' }],
    ['control characters and NUL', { text: '\u0000\u0001\b\f\n\r\t"\\/' }],
    ['half of a surrogate pair', { text: 'a\ud83d' }],
    ['the largest integers', { max: Number.MAX_SAFE_INTEGER, min: Number.MIN_SAFE_INTEGER, beyond: 2 ** 60 }],
    ['the smallest and largest fractions', { least: Number.MIN_VALUE, most: Number.MAX_VALUE, tenth: 0.1 }],
    ['keys out of order, empty, and nearly integers', { z: 1, a: 2, '': 3, '-1': 4, '01': 5, '1.5': 6, '1e3': 7 }],
    ['a key that is no ordinary one', JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}') as object],
    ['lists in lists', { list: [[], [[null, true]], {}] }],
    ['a list', [1, 'two', null]],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }) as object],
  ])('%s', async (_, data) => {
    const stored = await writeAndRead(await open(), data);
    expect(JSON.stringify(stored.data)).toBe(JSON.stringify(data));
  });

  test('−0 is stored as 0', async () => {
    const { data } = await writeAndRead(await open(), { amountMinor: -0 });
    expect(Object.is((data as { amountMinor: number }).amountMinor, 0)).toBe(true);
  });

  test('nobody shares objects with the store', async () => {
    const store = await open();
    const stream = newName();
    const data = { list: [1] };
    const written = store.append(stream, -1, [{ id: randomUUID(), type: 'Noted', data, metadata: {} }]);
    data.list.push(2); // Must have no effect: the data were passed before.
    await written;
    const [first] = await store.readStream(stream);
    (first as { data: typeof data }).data.list.push(3);
    const [again] = await store.readStream(stream);
    expect(again?.data).toEqual({ list: [1] });
  });

  const circle: { self?: object } = {};
  circle.self = circle;
  test.each<[string, unknown]>([
    ['undefined', { a: undefined }],
    ['undefined in a list', { list: [1, undefined] }],
    ['a hole in a list', { list: new Array(2) }],
    ['NaN', { a: Number.NaN }],
    ['infinity', { deep: { list: [Number.NEGATIVE_INFINITY] } }],
    ['a bigint', { a: 1n }],
    ['a function', { a: () => 1 }],
    ['a symbol', { a: Symbol('a') }],
    ['a Date', { at: new Date(0) }],
    ['a Map', { map: new Map() }],
    ['a circle', circle],
    ['an integer-like key', { 0: 'a' }],
    ['an integer-like key deep inside', { list: [{ a: { b: 1, 42: 2 } }] }],
    ['an integer-like key that is no index', { '123456789012345678901': 1 }],
    ['text instead of an object', 'text'],
    ['null', null],
    ['more than 1 MiB', { text: 'é'.repeat(600_000) }],
  ])('%s is refused as data, with nothing written', async (_, data) => {
    const store = await open();
    const stream = newName();
    await expectRefused(
      store.append(stream, -1, [...newEvents(1), { id: randomUUID(), type: 'Noted', data: data as object, metadata: {} }]),
    );
    expect(await store.readStream(stream)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['a number', { version: 1 }],
    ['an object', { actor: { name: 'x' } }],
    ['undefined', { cause: undefined }],
    ['an integer-like key', { 1: 'x' }],
    ['no object', undefined],
  ])('%s is refused as metadata', async (_, metadata) => {
    const store = await open();
    const event = { id: randomUUID(), type: 'Noted', data: {}, metadata: metadata as EventMetadata };
    await expectRefused(store.append(newName(), -1, [event]));
  });

  test.each(['', ' a', 'a b', '$all', 'é', 'a\u0000', 'a'.repeat(201)])('%j is refused as a name', async (name) => {
    const store = await open();
    await expectRefused(store.append(name, -1, newEvents(1)));
    await expectRefused(store.append(newName(), -1, [{ id: randomUUID(), type: name, data: {}, metadata: {} }]));
  });
}

function closingEnds({ open }: Bench): void {
  test('what was queued is stored, what comes later is refused', async () => {
    const [store, other] = [await open(), await open()];
    const streams = Array.from({ length: 20 }, newName);
    const queued = streams.map((stream) => store.append(stream, -1, newEvents(1)));
    const closing = store.close();
    await expect(store.append(newName(), -1, newEvents(1))).rejects.toMatchObject({ code: 'closed' });
    for (const result of await Promise.all(queued)) expect(result.appended).toBe(true);
    await closing;
    for (const stream of streams) expect(await other.readStream(stream)).toHaveLength(1);
    await expect(store.readStream(newName())).rejects.toMatchObject({ code: 'closed' });
    await expect(pagesOf(store, {})).rejects.toMatchObject({ code: 'closed' });
  });

  test('a waiting follower ends without an error; closing again is harmless', async () => {
    const store = await open();
    const pages = store.readLog({ after: await headOf(store), follow: new AbortController().signal })[Symbol.asyncIterator]();
    await pages.next();
    const waiting = pages.next();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    expect((await waiting).done).toBe(true);
  });
}

function goingBackIsNoticed({ open, backUp }: Bench): void {
  const wentBack = { name: 'LedgerError', code: 'log_went_back' };

  test('a handle whose acknowledged append is gone acknowledges and reads nothing more', async ({ skip }) => {
    const store = await open();
    const stream = newName();
    const [kept, lost] = [newEvents(1), newEvents(1)];
    await store.append(stream, -1, kept);
    const putBack = await backUp(skip);
    await store.append(stream, 0, lost);
    await putBack();
    await expect(store.append(newName(), -1, newEvents(1))).rejects.toMatchObject(wentBack);
    await expect(store.append(stream, 0, newEvents(1))).rejects.toMatchObject(wentBack);
    await expect(store.readStream(stream)).rejects.toMatchObject(wentBack);
    await expect(pagesOf(store, {})).rejects.toMatchObject(wentBack);
    await store.close();
    const found = await (await open()).readStream(stream);
    expect(found.map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
  });

  test('so does a handle that has only read it', async ({ skip }) => {
    const [writer, reader] = [await open(), await open()];
    const stream = newName();
    await writer.append(stream, -1, newEvents(1));
    const putBack = await backUp(skip);
    await writer.append(stream, 0, newEvents(1));
    expect(await reader.readStream(stream)).toHaveLength(2);
    await putBack();
    await expect(reader.append(newName(), -1, newEvents(1))).rejects.toMatchObject(wentBack);
  });

  test('a follower ends with the error, or at the next call', async ({ skip }) => {
    const [writer, follower] = [await open(), await open()];
    const stream = newName();
    const putBack = await backUp(skip);
    await writer.append(stream, -1, newEvents(1));
    const pages = follower.readLog({ prefixes: [stream], follow: new AbortController().signal })[Symbol.asyncIterator]();
    for (let events = 0; events < 1; ) events += ((await pages.next()).value as LogPage).events.length;
    await putBack();
    await expect(follower.append(newName(), -1, newEvents(1))).rejects.toMatchObject(wentBack);
    await pages.return?.();
  });

  test('a handle that is opened afterwards goes on with what the log has', async ({ skip }) => {
    const store = await open();
    const stream = newName();
    await store.append(stream, -1, newEvents(1));
    const putBack = await backUp(skip);
    await store.append(stream, 0, newEvents(2));
    await putBack();
    await store.close();
    const after = await open();
    expect(await after.append(stream, 0, newEvents(1))).toMatchObject({ appended: true, revision: 1 });
    expect(await after.readStream(stream)).toHaveLength(2);
  });
}

function streamsAreAppendedTogether({ open, openTogether, backUp }: Bench): void {
  test('all are in the log, in their order and with nothing between them, whoever else appends', async ({ skip }) => {
    const [store, other] = [await openTogether(skip), await open()];
    const before = await headOf(store);
    const sets = Array.from({ length: 12 }, () => [
      togetherAt(newName(), -1, 1),
      togetherAt(newName(), -1, 3),
      togetherAt(newName(), -1, 1),
    ]);
    const appending = sets.map((set) => store.appendAll(set));
    const racing = Array.from({ length: 12 }, () => other.append(newName(), -1, newEvents(1)));
    const results = await Promise.all(appending);
    await Promise.all(racing);
    const logged = eventsOf(await pagesOf(await open(), { after: before }));
    for (const [n, set] of sets.entries()) {
      const first = logged.findIndex(({ stream }) => stream === set[0]?.stream);
      const found = logged.slice(first, first + 5);
      expect(found.map(({ id }) => id)).toEqual(set.flatMap(({ events }) => events.map(({ id }) => id)));
      const lasts = [found[0], found[3], found[4]];
      expect(results[n]).toEqual(lasts.map((last) => ({ appended: true, revision: last?.revision, position: last?.position })));
    }
    expectRising(logged);
  });

  test.for([0, 1, 2])(
    'where append %i of three does not fit, nothing is written, and each is answered for itself',
    async (misfit, { skip }) => {
      const store = await openTogether(skip);
      const streams = [newName(), newName(), newName()];
      await store.append(streams[1]!, -1, newEvents(2));
      const heads = [-1, 1, -1];
      const before = await headOf(store);
      for (const wrong of [0, 5]) {
        const set = streams.map((stream, n) => togetherAt(stream, n === misfit ? wrong : heads[n]!, 2));
        expect(await store.appendAll(set)).toEqual(heads.map((actualRevision) => ({ appended: false, actualRevision })));
      }
      expect(await headOf(store)).toBe(before);
      const set = streams.map((stream, n) => togetherAt(stream, heads[n]!, 1));
      expect((await store.appendAll(set)).every(({ appended }) => appended)).toBe(true);
    },
  );

  test('a reader sees all of them or none', async ({ skip }) => {
    const [writer, reader] = [await openTogether(skip), await open()];
    const [a, b] = [newName(), newName()];
    let writing = true;
    const written = (async () => {
      for (let revision = -1; revision < 39; revision++) await writer.appendAll([togetherAt(a, revision, 1), togetherAt(b, revision, 1)]);
      writing = false;
    })();
    const count = async (stream: string): Promise<number> => (await reader.readStream(stream)).length;
    for (let reads = 0; writing || reads === 0; reads++) {
      for (const [first, second] of [
        [a, b],
        [b, a],
      ] as const)
        expect(await count(first)).toBeLessThanOrEqual(await count(second));
      await nextTurn();
    }
    await written;
    expect([await count(a), await count(b)]).toEqual([40, 40]);
  });

  test('of sets that race for one stream one is stored, and of the others nothing', async ({ skip }) => {
    const handles = [await openTogether(skip), await openTogether(skip)];
    const shared = newName();
    for (let revision = -1; revision < 4; revision++) {
      const own = Array.from({ length: 16 }, newName);
      const results = await Promise.all(
        own.map((stream, n) => handles[n % 2]!.appendAll([togetherAt(stream, -1, 1), togetherAt(shared, revision, 1)])),
      );
      const won = results.filter((set) => set.every(({ appended }) => appended));
      expect(won).toHaveLength(1);
      expect(results.flat().filter(({ appended }) => appended)).toHaveLength(2);
      const stored = await Promise.all(own.map(async (stream) => (await handles[0]!.readStream(stream)).length));
      expect(stored.filter((count) => count === 1)).toEqual([1]);
    }
  });

  test('sent again, also at once and by others, they are one, and later events change no answer', async ({ skip }) => {
    const [store, other] = [await openTogether(skip), await openTogether(skip)];
    const set = [togetherAt(newName(), -1, 2), togetherAt(newName(), -1, 1)];
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? store : other).appendAll(set)));
    for (const result of results) expect(result).toEqual(results[0]);
    await other.append(set[0]!.stream, 1, newEvents(1));
    expect(await other.appendAll(set)).toEqual(results[0]);
    // One of them again, beside a new one: nothing is written, and what is there is answered as there.
    const mixed = await store.appendAll([set[1]!, togetherAt(newName(), -1, 1)]);
    expect(mixed).toEqual([results[0]?.[1], { appended: false, actualRevision: -1 }]);
  });

  test('whatever is sent together, in whatever order: ids and places decide, for all of it', async ({ skip }) => {
    const handles = [await openTogether(skip), await openTogether(skip)];
    const met = new Set<string>();
    const part = fc.record({ ahead: fc.integer({ min: -2, max: 1 }), ids: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 2 }) });
    const sending = fc.record({
      handle: fc.nat(1),
      parts: fc.uniqueArray(fc.tuple(fc.nat(2), part), { minLength: 1, maxLength: 3, selector: ([stream]) => stream }),
      again: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sending, { maxLength: 10 }), async (script) => {
        const names = Array.from({ length: 4 }, () => randomUUID());
        const streams = Array.from({ length: 3 }, newName);
        const model: string[][] = [[], [], []];
        for (const { handle, parts, again } of script) {
          const sent = parts.map(([n, { ahead, ids }]) => ({
            n,
            expected: Math.max(-1, model[n]!.length - 1 + ahead),
            ids: ids.map((id) => `${names[id]}-${n}`),
          }));
          for (let times = 0; times < (again ? 2 : 1); times++) {
            const fit = sent.every(({ n, expected }) => expected === model[n]!.length - 1);
            const answers = sent.map(({ n, expected, ids }) => modelAppend(fit ? model[n]! : [...model[n]!], expected, ids));
            for (const { why } of fit ? answers : []) met.add(why);
            const set = sent.map(({ n, expected, ids }) => ({
              stream: streams[n]!,
              expectedRevision: expected,
              events: ids.map(eventWithId),
            }));
            const results = await handles[handle]!.appendAll(set);
            for (const [index, { n }] of sent.entries()) {
              const { why, result } = answers[index]!;
              // What would have fitted alone is not there.
              const isRefused = !fit && why === 'appended';
              if (!fit) met.add(isRefused ? 'refused with another' : why);
              expect(results[index]).toMatchObject(isRefused ? { appended: false, actualRevision: model[n]!.length - 1 } : result);
            }
          }
        }
        for (const [n, ids] of model.entries()) expect((await handles[0]!.readStream(streams[n]!)).map(({ id }) => id)).toEqual(ids);
      }),
      runs(100),
    );
    expect([...met].sort()).toEqual(['appended', 'conflict', 'refused with another', 'repeated']);
  });

  test('none, a stream twice, too many, too much and what `append` refuses are refused, and nothing is written', async ({ skip }) => {
    const store = await openTogether(skip);
    const before = await headOf(store);
    const large = (): StreamAppend => ({
      ...togetherAt(newName(), -1, 1),
      events: [{ ...newEvents(1)[0]!, data: { text: 'x'.repeat(600_000) } }],
    });
    const twice = newName();
    await expectRefused(store.appendAll([]));
    await expectRefused(store.appendAll([togetherAt(twice, -1, 1), togetherAt(twice, 0, 1)]));
    await expectRefused(store.appendAll(Array.from({ length: 17 }, () => togetherAt(newName(), -1, 1))));
    await expectRefused(store.appendAll([large(), large()]));
    await expectRefused(store.appendAll([togetherAt(newName(), -1, 1), togetherAt(newName(), -1, 0)]));
    await expectRefused(store.appendAll([togetherAt(newName(), -1, 1), togetherAt('$all', -1, 1)]));
    expect(await headOf(store)).toBe(before);
    expect(await store.appendAll(Array.from({ length: 16 }, () => togetherAt(newName(), -1, 1)))).toHaveLength(16);
  });

  test('a follower is woken, what was queued is stored at the end, and what comes later is refused', async ({ skip }) => {
    const [store, follower] = [await openTogether(skip), await open()];
    const set = [togetherAt(newName(), -1, 1), togetherAt(newName(), -1, 1)];
    const prefixes = set.map(({ stream }) => stream);
    const pages = follower.readLog({ after: await headOf(store), prefixes, follow: new AbortController().signal })[Symbol.asyncIterator]();
    await pages.next();
    const queued = store.appendAll(set);
    const closing = store.close();
    await expect(store.appendAll([togetherAt(newName(), -1, 1)])).rejects.toMatchObject({ code: 'closed' });
    expect((await queued).every(({ appended }) => appended)).toBe(true);
    await closing;
    const found: string[] = [];
    while (found.length < 2) found.push(...((await pages.next()).value as LogPage).events.map(({ stream }) => stream));
    expect(found).toEqual(prefixes);
    await pages.return?.();
  });

  test('a handle whose acknowledged append is gone acknowledges nothing more', async ({ skip }) => {
    const store = await openTogether(skip);
    const stream = newName();
    await store.append(stream, -1, newEvents(1));
    const putBack = await backUp(skip);
    await store.appendAll([togetherAt(stream, 0, 1), togetherAt(newName(), -1, 1)]);
    await putBack();
    await expect(store.appendAll([togetherAt(newName(), -1, 1)])).rejects.toMatchObject({ code: 'log_went_back' });
  });
}

function togetherAt(stream: string, expectedRevision: number, count: number): StreamAppend {
  return { stream, expectedRevision, events: newEvents(count) };
}

const anyText: fc.Arbitrary<string> = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
const anyKey: fc.Arbitrary<string> = anyText.filter((key) => !/^(0|[1-9]\d*)$/.test(key));
const { data: anyData } = fc.letrec<{ value: unknown; data: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    anyText,
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('data'),
  ),
  data: fc.dictionary(anyKey, tie('value'), { maxKeys: 5 }),
}));

function newName(): string {
  return `contract-${randomUUID()}`;
}

function eventWithId(id: string): NewEvent {
  return { id, type: 'Noted', data: { about: 'nothing' }, metadata: { version: '1' } };
}

function newEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, () => eventWithId(randomUUID()));
}

/** Appends at the newest revision, while others do the same. */
async function appendRacing(store: EventStore, stream: string, count: number): Promise<void> {
  let revision = -1;
  for (let appended = 0; appended < count; ) {
    const result = await store.append(stream, revision, newEvents(1));
    revision = result.appended ? result.revision : result.actualRevision;
    if (result.appended) appended += 1;
  }
}

async function pagesOf(store: EventStore, options: ReadLogOptions): Promise<readonly LogPage[]> {
  const pages: LogPage[] = [];
  for await (const page of store.readLog(options)) pages.push(page);
  return pages;
}

function eventsOf(pages: readonly LogPage[]): readonly StoredEvent[] {
  return pages.flatMap((page) => page.events);
}

async function headOf(store: EventStore): Promise<LogPage['next']> {
  const pages = await pagesOf(store, { prefixes: [] });
  return (pages.at(-1) as LogPage).next;
}

function expectRising(events: readonly StoredEvent[]): void {
  const positions = events.map((event) => event.position);
  for (const position of [logStart, ...positions]) expect(position).toMatch(/^\d+$/);
  expect(new Set(positions.map((position) => position.length)).size).toBeLessThanOrEqual(1);
  for (const position of positions) expect(position > logStart).toBe(true);
  expect(positions).toEqual([...new Set(positions)].sort());
}

function expectRefused(call: Promise<unknown>): Promise<void> {
  return expect(call).rejects.toMatchObject({ name: 'LedgerError', code: 'invalid_input' });
}
