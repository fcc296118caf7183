import { EventStoreDBClient } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expectOneGrantFromFourProcesses } from '../../concurrent-observe.test-support.ts';
import type { AppendFault } from '../../testing/eventstoredb-double/server-double.ts';
import type { EventStoreDbClient } from './client.ts';
import { openOn, shortAttempts, startDouble, stoppedClock, testTimes } from './double-store.test-support.ts';
import { appendAll, newEvents } from './events.test-support.ts';
import { openEventStoreDbEventStore } from './eventstoredb.ts';

describe('a lost reply is settled by sending the same ids at the same revision again', () => {
  // The errors that leave an append in doubt, as measured on real servers. Each is tested with the append stored and not.
  test.each<[string, AppendFault['hears']]>([
    ['unavailable', { code: status.UNAVAILABLE, details: 'Connection dropped' }],
    ['not ready', { code: status.UNAVAILABLE, details: 'Server Is Not Ready' }],
    ['a broken stream', { code: status.INTERNAL, details: 'Received RST_STREAM with code 2' }],
    ['no quorum', { code: status.ABORTED, details: 'Operation timed out: Commit phase timeout' }],
    ['a deadline', { code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded' }],
    ['an unknown error', { code: status.UNKNOWN, details: 'No leader info available in response' }],
    ['nothing', 'nothing'],
  ])('%s', async (_, hears) => {
    const double = await startDouble();
    const store = await openOn(double.url, hears === 'nothing' ? shortAttempts : {});
    await appendAll(store, 'order-1', -1, 1);
    for (const stored of [true, false]) {
      double.appendFaults.push({ stored, hears }, { stored, hears });
      const [revision, events] = [double.log.events.length - 1, newEvents(2)];
      const before = double.calls.length;
      const result = await store.append('order-1', revision, events);
      // No read settles it: it could miss an event that appears later. The one behind it looks whether the log was put back.
      expect(double.calls.slice(before)).toEqual(['append', 'append', 'append', 'read']);
      expect(result).toMatchObject({ appended: true, revision: revision + 2 });
      const there = await store.readStream('order-1', { afterRevision: revision });
      expect(there.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      expect(result).toMatchObject({ position: there[1]?.position });
      expect(double.appendFaults).toEqual([]);
    }
  });

  // Errors that a client throws without a call to a server, or without a type. Each is tested with the append stored and not.
  test.each<[string, Error]>([
    ['a code and no type', Object.assign(new Error('14 UNAVAILABLE: read ECONNRESET'), { code: status.UNAVAILABLE })],
    ['neither', new Error('Server Is Not Ready')],
    ['no node found', new Error('Failed to discover after 10 attempts.')],
    ['a deadline of its own', Object.assign(new Error('Deadline exceeded'), { type: 'deadline-exceeded' })],
  ])('an error with %s', async (_, error) => {
    const double = await startDouble();
    const client = EventStoreDBClient.connectionString(double.url);
    let failures: boolean[] = [];
    const appendToStream = client.appendToStream.bind(client) as EventStoreDbClient['appendToStream'];
    const failing: EventStoreDbClient = Object.assign(client, {
      appendToStream: async (...args: Parameters<EventStoreDbClient['appendToStream']>) => {
        const stored = failures.shift();
        if (stored === undefined || stored) await appendToStream(...args);
        if (stored !== undefined) throw error;
        return appendToStream(...args);
      },
    });
    const store = await openEventStoreDbEventStore(failing, testTimes);
    onTestFinished(() => store.close());
    failures = [false, true, true];
    expect(await store.append('order-1', -1, newEvents(2))).toMatchObject({ appended: true, revision: 1 });
    expect(failures).toEqual([]);
    expect(await store.readStream('order-1')).toHaveLength(2);
  });

  test('a connection that breaks in the middle of many appends loses and doubles none', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    const appending = Array.from({ length: 32 }, async (_, caller) => {
      for (let revision = -1; revision < 9; revision++) {
        expect(await store.append(`order-${caller}`, revision, newEvents(1))).toMatchObject({ appended: true, revision: revision + 1 });
      }
    });
    for (let kills = 0; kills < 3; kills++) {
      const before = double.log.events.length;
      while (double.log.events.length < before + 40) await new Promise(setImmediate);
      double.kill();
      await double.restart();
    }
    await Promise.all(appending);
    expect(double.log.events).toHaveLength(320);
  });

  test('a position that the server does not tell is read', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    double.appendFaults.push({ stored: true, hears: 'no_position' });
    const result = await store.append('order-1', -1, newEvents(3));
    expect(result).toEqual({ appended: true, revision: 2, position: (await store.readStream('order-1'))[2]?.position });
  });
});

describe('of two processes that race for one revision', () => {
  test('one appends and one hears of the conflict, also where the reply of the first is lost', async () => {
    const double = await startDouble();
    const [first, second] = [await openOn(double.url), await openOn(double.url)];
    double.appendFaults.push({ stored: true, hears: { code: status.UNAVAILABLE, details: 'Connection dropped' } });
    const results = await Promise.all([first, second].map((store) => store.append('order-1', -1, newEvents(1))));
    expect(results.filter(({ appended }) => appended)).toHaveLength(1);
    expect(results.find(({ appended }) => !appended)).toEqual({ appended: false, actualRevision: 0 });
    expect(double.log.events).toHaveLength(1);
  });

  test('or of four, on one order, with 64 callers each and replies that are lost, one grants', async () => {
    const double = await startDouble();
    const lost = { stored: true, hears: { code: status.UNAVAILABLE, details: 'Connection dropped' } };
    const granting = expectOneGrantFromFourProcesses(double.url);
    while (double.log.events.length < 2) await new Promise(setImmediate); // Wait for two events: the policy and the order.
    for (let n = 0; n < 10; n++) double.appendFaults.push(lost, { stored: true, hears: 'no_position' });
    await granting;
    expect(double.appendFaults.length).toBeLessThan(20);
  });

  test('a conflict after doubt is a conflict: what was not stored cannot come any more', async () => {
    const double = await startDouble();
    const store = await openOn(double.url, shortAttempts);
    double.appendFaults.push({ stored: false, hears: 'nothing' });
    const losing = store.append('order-1', -1, newEvents(1));
    while (double.appendFaults.length > 0) await new Promise(setImmediate);
    expect(await store.append('order-1', -1, newEvents(1))).toMatchObject({ appended: true });
    expect(await losing).toEqual({ appended: false, actualRevision: 0 });
  });

  test('a client that reports conflicts as results is understood too, with no stream as the actual revision', async () => {
    const double = await startDouble();
    const store = await openOn(`${double.url}&throwOnAppendFailure=false`);
    expect(await store.append('order-1', 4, newEvents(1))).toEqual({ appended: false, actualRevision: -1 });
    await appendAll(store, 'order-1', -1, 2);
    expect(await store.append('order-1', -1, newEvents(1))).toEqual({ appended: false, actualRevision: 1 });
  });
});

describe('a server that does not answer', () => {
  test('costs the time of the call and no more, and nothing is acknowledged', async () => {
    const double = await startDouble();
    const clock = stoppedClock();
    const store = await openOn(double.url, { timeoutMs: 600, attemptTimeoutMs: 150, runtime: clock });
    await appendAll(store, 'order-1', -1, 1);
    double.frozen = true;
    clock.start();
    await expect(store.append('order-1', 0, newEvents(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/^order-1: the append got no answer within 0\.6 s\. The server does not answer.* It may be stored/),
    });
    await expect(store.readStream('order-1')).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(double.calls.filter((call) => call === 'append').length).toBeGreaterThan(3); // Two before it was frozen, and the attempts.
    clock.stop();
    double.frozen = false;
    expect(await store.append('order-1', 0, newEvents(1))).toMatchObject({ appended: true, revision: 1 });
  });

  test('does not keep a store from closing, with its clients', async () => {
    const double = await startDouble();
    const clock = stoppedClock();
    const store = await openOn(double.url, { timeoutMs: 300, attemptTimeoutMs: 100, runtime: clock });
    double.frozen = true;
    clock.start();
    const waiting = store.append('order-1', -1, newEvents(1));
    const closing = store.close();
    await expect(waiting).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/^order-1: reading its metadata got no answer .* Nothing was changed/), // It was not sent.
    });
    await closing;
    await expect.poll(() => double.openReads).toBe(0);
  });
});

describe('the stream', () => {
  test('where an append lands elsewhere than expected, the stream was deleted: it is said, and not taken for an append', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await appendAll(store, 'order-1', -1, 2);
    const { append } = double.log;
    double.log.append = (stream, _, proposed) => append.call(double.log, stream, 'any', proposed);
    await expect(store.append('order-1', -1, newEvents(1))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('at revision 2'),
    });
  });

  test('an id that is no UUID is refused: the server would give back another one', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    const [event] = newEvents(1);
    for (const id of ['evt_1', event?.id.toUpperCase() as string]) {
      await expect(store.append('order-1', -1, [{ ...event, id } as never])).rejects.toMatchObject({ code: 'invalid_input' });
    }
    expect(double.log.events).toEqual([]);
  });

  test('only the classic append is called: the other one shares its failures with all clients of the process', async () => {
    const double = await startDouble();
    const store = await openOn(double.url);
    await appendAll(store, 'order-1', -1, 1);
    expect(double.calls).toContain('append');
    expect(double.calls).not.toContain('other');
  });
});
