import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../event-store/sqlite/sqlite.ts';
import { writeStories } from './golden-log.test-support.ts';
import { type LogReader, readerOf } from './log/log-reader.ts';
import { sqliteReader } from './log/sqlite-reader.ts';
import { resolveId } from './resolve-id.ts';
import { readOrder, waitingIn } from './waiting.ts';

const directory = newDirectory();
const path = join(directory, 'told.db');
let log: LogReader;
const known = new Map<string, Set<string>>();

beforeAll(async () => {
  const store = await openSqliteEventStore(path);
  await writeStories(store);
  log = sqliteReader(path);
  // Every text of an order's stream that looks like an id, with the orders in whose streams it stands.
  for await (const rows of log.rows()) {
    for (const { stream, data } of rows) {
      if (!stream.startsWith('order-')) continue;
      for (const [id] of data.matchAll(/(?<=")(?:(?:cs|pi|evt|re|dp)_|member-)[_A-Za-z0-9-]+(?=")/g)) {
        const orders = known.get(id) ?? new Set();
        known.set(id, orders.add(stream.slice('order-'.length)));
      }
    }
  }
});
afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('an id', () => {
  test('of an order is that order', async () => {
    expect(await resolveId(log, 'confirmed')).toEqual({
      id: 'confirmed',
      orderIds: ['confirmed'],
      subscriptionIds: [],
      isHeld: false,
      more: false,
    });
  });

  test('of anything else that an order’s events name leads to that order', async () => {
    const kinds = new Set([...known.keys()].map((id) => id.slice(0, 3)));
    expect([...kinds].length).toBeGreaterThan(3);
    for (const [id, orders] of known) {
      const { orderIds } = await resolveId(log, id);
      // A payment belongs to one order at a time, whoever spoke of it: the link decides.
      if (/^(?:pi|cs)_/.test(id)) expect([id, orderIds.length, orders.has(orderIds[0] ?? '')]).toEqual([id, 1, true]);
      else expect([id, new Set(orderIds)]).toEqual([id, orders]);
    }
  });

  test('within an address, or among blanks, is found', async () => {
    for (const text of [
      ' pi_confirmed\n',
      'https://dashboard.stripe.com/acct_1/test/payments/pi_confirmed',
      'https://shop.example/success?session_id=pi_confirmed#paid',
      'payment pi_confirmed of yesterday',
    ])
      expect(await resolveId(log, text)).toMatchObject({ id: 'pi_confirmed', orderIds: ['confirmed'] });
  });

  test('that another begins with is not that one', async () => {
    for (const id of ['pi_confirme', 'evt_', 'onfirmed', 'conf', '']) expect((await resolveId(log, id)).orderIds).toEqual([]);
  });

  test('of a payment that moved leads to the order that has it now', async () => {
    expect(await resolveId(log, 'pi_moved')).toMatchObject({ orderIds: ['right'] });
  });

  test('is looked up in the log as it was', async () => {
    const [placed] = await log.stream('order-confirmed');
    const before = String(Number(placed?.position) - 1).padStart(20, '0') as never;
    expect(await resolveId(log, 'pi_confirmed', { asOf: before })).toMatchObject({ orderIds: [], isHeld: false });
  });

  test('of a payment that is held says so; so it is through any store, and of another provider', async () => {
    const store = openMemoryEventStore();
    const metadata = { version: '1', recordedAt: '2026-01-05T09:00:00.000Z' };
    const held = { provider: 'other', account: 'acct_1', livemode: true, id: 'pay-1' };
    await store.append('reference-other/acct_1/pay-1', -1, [{ id: 'a', type: 'PaymentHeld', data: { payment: held }, metadata }]);
    await store.append('reference-pi_1', -1, [{ id: 'b', type: 'PaymentHeld', data: { payment: { id: 'pi_1' } }, metadata }]);
    const reader = readerOf(store);
    for (const id of ['pay-1', 'pi_1'])
      expect(await resolveId(reader, id)).toEqual({ id, orderIds: [], subscriptionIds: [], isHeld: true, more: false });
    await store.append('reference-other/acct_1/pay-1', 0, [{ id: 'c', type: 'ReferenceLinked', data: { orderId: 'o-1' }, metadata }]);
    expect(await resolveId(reader, 'pay-1')).toEqual({ id: 'pay-1', orderIds: ['o-1'], subscriptionIds: [], isHeld: false, more: false });
    expect(await resolveId(reader, 'b')).toMatchObject({ isHeld: false, orderIds: [] });
  });
});

test('what waits is what the orders say', async () => {
  const { reviews, undelivered, unreadable } = await waitingIn(log);
  expect(unreadable).toEqual([]);
  expect(reviews.length).toBeGreaterThan(0);
  expect(undelivered.length).toBeGreaterThan(0);
  expect(reviews.map(({ openedAt }) => openedAt)).toEqual(reviews.map(({ openedAt }) => openedAt).toSorted());
  for (const { orderId, reviewId } of reviews)
    expect((await readOrder(log, orderId))?.openReviews.map((review) => review.reviewId)).toContain(reviewId);
  for (const { orderId, sequence } of undelivered) expect((await readOrder(log, orderId))?.delivered).toBeLessThan(sequence);
});
