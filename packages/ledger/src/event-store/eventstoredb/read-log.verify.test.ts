import { describe, expect, test } from 'vitest';
import type { EventStore, Position, StoredEvent } from '../event-store.ts';
import { followed, openOn, startDouble, stoppedClock } from './double-store.test-support.ts';
import { appendAll, pagesOf } from './events.test-support.ts';

describe('a subscription that dies is replaced, and goes on without gap or repeat', () => {
  test('its server is killed and comes back, again and again, under load', async () => {
    const double = await startDouble();
    const [writer, reader] = [await openOn(double.url), await openOn(double.url)];
    const following = followed(reader, 600, { prefixes: ['order-'] });
    const writing = writeAll(writer, 6, 100);
    for (let kills = 1; kills <= 4; kills++) {
      while (double.log.events.length < kills * 120) await new Promise(setImmediate);
      double.kill();
      await double.restart();
    }
    await writing;
    expectAll(await following, 6, 100);
    expect(double.calls.filter((call) => call === 'subscribe').length).toBeGreaterThan(2);
  });

  test('it ends with an error', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    const following = followed(store, 100, { prefixes: ['order-'] });
    const writing = writeAll(store, 2, 50);
    for (let drops = 0; drops < 5; drops++) {
      const before = double.log.events.length;
      while (double.log.events.length < Math.min(100, before + 10)) await new Promise(setImmediate);
      double.dropSubscriptions();
    }
    await writing;
    expectAll(await following, 2, 50);
  });

  test('it falls silent, and nothing tells: the log has grown, so another one is opened', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    const end = new AbortController();
    const pages = store.readLog({ follow: end.signal })[Symbol.asyncIterator]();
    await pages.next();
    const waiting = pages.next();
    await untilCalled(double.calls, 'subscribe');
    double.silenceSubscriptions();
    await appendAll(store, 'order-1', -1, 2);
    expect((await waiting).value?.events).toHaveLength(2);
    end.abort();
    expect((await pages.next()).done).toBe(true);
  });

  test('it resumes from a cursor that another process left, exactly behind it', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await writeAll(store, 3, 40);
    const received: StoredEvent[] = [];
    let after: Position | undefined;
    while (received.length < 120) {
      const reader = await openOn(double.url);
      for await (const page of reader.readLog({ ...(after && { after }), prefixes: ['order-'] })) {
        received.push(...page.events.slice(0, 7));
        after = page.events.length > 7 ? page.events[6]?.position : page.next;
        break;
      }
      await reader.close();
    }
    expectAll(received, 3, 40);
  });
});

describe('`next`', () => {
  test('never passes an event that is yet to come, though checkpoints of the server do', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    // Between the events that match there are so many others that the server sends a checkpoint after each group.
    for (let group = 0; group < 8; group++) {
      for (const stream of ['order-1', 'other-1']) await appendAll(store, stream, group * 300 - 1, 300);
    }
    const events: StoredEvent[] = [];
    const nexts: { readonly next: Position; readonly received: number }[] = [];
    for await (const page of store.readLog({ prefixes: ['order-'] })) {
      events.push(...page.events);
      nexts.push({ next: page.next, received: events.length });
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate); // The reader is slow, so the buffer fills meanwhile.
    }
    expect(events).toHaveLength(2_400);
    for (const { next, received } of nexts) expect(events[received] === undefined || events[received].position > next).toBe(true);
    expect(nexts.length).toBeGreaterThan(4);
  });

  test('of a log in which nothing matches is its head, though the server has no checkpoint for it', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await appendAll(store, 'other-1', -1, 3);
    const pages = await pagesOf(store, { prefixes: ['order-'] });
    const [, , head] = await store.readStream('other-1');
    expect(pages).toEqual([{ events: [], next: head?.position, caughtUp: true }]);
    await appendAll(store, 'order-1', -1, 1);
    expect(
      (await pagesOf(store, { after: pages[0]?.next as Position, prefixes: ['order-'] })).flatMap(({ events }) => events),
    ).toHaveLength(1);
  });

  test('moves on while a long stretch does not match, before the end of it is reached', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    for (let batch = 0; batch < 6; batch++) await appendAll(store, 'other-1', batch * 400 - 1, 400);
    const pages = await pagesOf(store, { prefixes: ['order-'] });
    expect(pages.at(-1)).toMatchObject({ events: [], caughtUp: true });
    expect(double.log.events.at(-1)?.position).toBe(BigInt(pages.at(-1)?.next.slice(0, 20) ?? 0));
  });
});

describe('a position', () => {
  test('that is no place in this log is refused: it comes from another one', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await appendAll(store, 'order-1', -1, 3);
    const [first] = await store.readStream('order-1');
    const between = shifted(first?.position as Position, 1n);
    const beyond = shifted(first?.position as Position, 1_000_000n);
    for (const after of [between, beyond]) {
      await expect(pagesOf(store, { after })).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining('another') });
    }
    const prepareBehindCommit = `${'1'.padStart(20, '0')}${'2'.padStart(20, '0')}` as Position;
    await expect(pagesOf(store, { after: prepareBehindCommit })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

test('a position that a server which has just started does not show yet is waited for', async () => {
  const double = await startDouble();
  const store = await openOn(double.url);
  await appendAll(store, 'order-1', -1, 3);
  const [, , last] = await store.readStream('order-1');
  const hidden = double.log.events.splice(1);
  const reading = pagesOf(store, { after: last?.position as Position });
  await untilCalled(double.calls, 'read', 3);
  double.log.events.push(...hidden);
  expect(await reading).toEqual([{ events: [], next: last?.position, caughtUp: true }]);
});

describe('a log that cannot be read', () => {
  test('is said in time, and is read on from the last page later', async () => {
    const double = await startDouble();
    const clock = stoppedClock();
    const store = await openOn(double.url, { timeoutMs: 400, attemptTimeoutMs: 100, runtime: clock });
    await appendAll(store, 'order-1', -1, 1);
    double.kill();
    clock.start();
    await expect(pagesOf(store)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('Nobody listens there'),
    });
    clock.stop();
    await double.restart();
    expect((await pagesOf(store)).flatMap(({ events }) => events)).toHaveLength(1);
  });

  test('a follower ends at once when it is told to, though the server is silent', async () => {
    const double = await startDouble();
    const store = await openOn(double.url, { timeoutMs: 600_000, attemptTimeoutMs: 600_000 });
    const end = new AbortController();
    const pages = store.readLog({ follow: end.signal })[Symbol.asyncIterator]();
    double.frozen = true;
    const waiting = pages.next();
    await untilCalled(double.calls, 'read', 2); // The first read was the check when the store was opened.
    end.abort();
    expect((await waiting).done).toBe(true);
  });
});

/** Writes the streams `order-0`, `order-1`, …, each with `count` events, at the same time. */
async function writeAll(store: EventStore, streams: number, count: number): Promise<void> {
  const writing = Array.from({ length: streams }, async (_, stream) => {
    for (let revision = -1; revision < count - 1; revision++) await appendAll(store, `order-${stream}`, revision, 1);
  });
  await Promise.all(writing);
}

/** Expects each event of `writeAll` once, in its place. */
function expectAll(received: readonly StoredEvent[], streams: number, count: number): void {
  expect(received).toHaveLength(streams * count);
  const positions = received.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort());
  for (let stream = 0; stream < streams; stream++) {
    const revisions = received.filter((event) => event.stream === `order-${stream}`).map(({ revision }) => revision);
    expect(revisions).toEqual(Array.from({ length: count }, (_, revision) => revision));
  }
}

function shifted(position: Position, by: bigint): Position {
  const place = String(BigInt(position.slice(0, 20)) + by).padStart(20, '0');
  return `${place}${place}` as Position;
}

async function untilCalled(calls: readonly string[], name: string, times = 1): Promise<void> {
  while (calls.filter((call) => call === name).length < times) await new Promise(setImmediate);
}
