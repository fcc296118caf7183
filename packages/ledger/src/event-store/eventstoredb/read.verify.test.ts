import { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LogDouble, type Proposed } from '../../testing/eventstoredb-double/log-double.ts';
import type { Position } from '../event-store.ts';
import { openOn, startDouble, stoppedClock } from './double-store.test-support.ts';
import { newEvents, pagesOf } from './events.test-support.ts';

describe('no read leaves a stream of the connection open', () => {
  // After about 100 reads that stay open the client hangs, so each test makes more than that.
  test('neither of streams that are there or missing, nor of the log, read to its end or left', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await store.append('order-1', -1, newEvents(3));
    for (let round = 0; round < 150; round++) {
      expect(await store.readStream('order-1')).toHaveLength(3);
      expect(await store.readStream('order-none')).toEqual([]);
      expect(await pagesOf(store, { prefixes: ['order-'] })).toHaveLength(1);
      for await (const _ of store.readLog({ prefixes: ['order-'], follow: new AbortController().signal })) break;
    }
    await settled(() => double.openReads === 0);
    expect(await store.append('order-1', 2, newEvents(1))).toMatchObject({ appended: true });
  });

  test('nor one that was never answered', async () => {
    const double = await startDouble();
    const clock = stoppedClock();
    const store = await openOn(double.url, { timeoutMs: 300, attemptTimeoutMs: 50, runtime: clock });
    double.frozen = true;
    clock.start();
    await expect(store.readStream('order-1')).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(pagesOf(store)).rejects.toMatchObject({ code: 'store_unavailable' });
    await settled(() => double.openReads === 0);
  });
});

describe('a stream is read from the leader', () => {
  test('a follower that is behind is not asked; without that, it would answer with what it has', async () => {
    const log = new LogDouble();
    const [leader, follower] = [await startDouble({ log }), await startDouble({ log })];
    const client = EventStoreDBClient.connectionString(follower.url);
    onTestFinished(() => client.dispose());
    const [onLeader, onFollower] = [await openOn(leader.url), await openOn(follower.url)];
    await onLeader.append('order-1', -1, newEvents(1));
    follower.follow(leader);
    await onLeader.append('order-1', 0, newEvents(1));
    const stale = [];
    for await (const { event } of client.readStream('order-1')) stale.push(event?.revision);
    expect(stale).toEqual([0n]);
    expect(await onFollower.readStream('order-1')).toHaveLength(2);
    expect((await pagesOf(onFollower)).flatMap(({ events }) => events)).toHaveLength(2);
  });
});

describe('what no ledger wrote is corrupt, never skipped or mended', () => {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const sound: Proposed = {
    id: '0d4c9a52-6a2e-4f0a-8f0e-6f2f6f1b2c3d',
    type: 'Noted',
    contentType: 'application/json',
    data: json({ a: 1 }),
    metadata: json({ version: '1' }),
  };
  test.each<[string, Partial<Proposed>]>([
    ['binary data', { contentType: 'application/octet-stream' }],
    ['text as data', { data: json('text') }],
    ['data that is not the JSON it claims to be', { data: new TextEncoder().encode('{') }],
    ['metadata that is not flat', { metadata: json({ version: { major: 1 } }) }],
    ['metadata that is no JSON', { metadata: new TextEncoder().encode('x') }],
  ])('%s', async (_, flaw) => {
    const double = await startDouble();
    const store = await openOn(double.url);
    double.log.append('order-1', 'any', [{ ...sound, ...flaw }]);
    await expect(store.readStream('order-1')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('order-1 at revision 0'),
    });
    await expect(pagesOf(store, { prefixes: ['order-'] })).rejects.toMatchObject({ code: 'corrupt' });
    expect((await pagesOf(store, { prefixes: ['reference-'] })).flatMap(({ events }) => events)).toEqual([]);
  });

  test('no metadata at all is none', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    double.log.append('order-1', 'any', [{ ...sound, metadata: new Uint8Array() }]);
    expect(await store.readStream('order-1')).toMatchObject([{ metadata: {} }]);
  });

  test('a stream whose first events are gone', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await store.append('order-1', -1, newEvents(3));
    double.log.events.shift();
    await expect(store.readStream('order-1')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('revision 1 stands where 0'),
    });
  });

  test('the streams of the server itself are not the log', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    double.log.append('$settings', 'any', [{ ...sound, metadata: json({ deep: {} }) }]);
    await store.append('order-1', -1, newEvents(1));
    expect((await pagesOf(store)).flatMap(({ events }) => events.map(({ stream }) => stream))).toEqual(['order-1']);
  });

  test('nor is what the server writes behind the last event of ours a reason to read on', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await store.append('order-1', -1, newEvents(1));
    const [page] = await pagesOf(store);
    for (let n = 0; n < 5; n++) double.log.append('$stats', 'any', [sound]);
    expect(await pagesOf(store, { after: page?.next as Position })).toEqual([{ events: [], next: page?.next, caughtUp: true }]);
    // If the last events are all the server's own, the position of the last one is used.
    for (let n = 0; n < 20; n++) double.log.append('$stats', 'any', [sound]);
    const [moved] = await pagesOf(store, { after: page?.next as Position });
    expect(moved).toMatchObject({ events: [], caughtUp: true });
    expect((moved?.next as Position) > (page?.next as Position)).toBe(true);
    await store.append('order-1', 0, newEvents(1));
    expect((await pagesOf(store, { after: moved?.next as Position })).flatMap(({ events }) => events)).toHaveLength(1);
  });
});

async function settled(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
