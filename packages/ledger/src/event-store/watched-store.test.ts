import { expect, test } from 'vitest';
import type { Alert } from '../alerts.ts';
import { withoutAppendAll } from '../faulty-store.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import { backUpMemoryLog } from '../testing/back-up-memory-log.ts';
import type { StreamAppend } from './event-store.ts';
import { createMemoryLog, openMemoryEventStore } from './memory.ts';
import { watchedStore } from './watched-store.ts';

const order = { memberId: 'member-1', plan: 'year', amountMinor: 900, currency: 'usd', account: 'acct_1', livemode: true };

test('a log that is put back under a running ledger: each call is refused, and one alert tells of it', async () => {
  const log = createMemoryLog();
  const alerts: Alert[] = [];
  const open = () => createPaymentLedger({ eventStore: openMemoryEventStore({ log }), onAlert: (alert) => alerts.push(alert) });
  await using ledger = open();
  await ledger.placeOrder({ orderId: 'kept', ...order });
  const putBack = backUpMemoryLog(log);
  await ledger.placeOrder({ orderId: 'lost', ...order });
  putBack();
  for (const orderId of ['new', 'lost', 'new']) {
    await expect(ledger.placeOrder({ orderId, ...order })).rejects.toMatchObject({ code: 'log_went_back' });
  }
  await expect(ledger.order('kept')).rejects.toMatchObject({
    code: 'log_went_back',
    message: expect.stringMatching(/restart the process/),
  });
  expect(alerts.map(({ kind }) => kind)).toEqual(['log_went_back']);

  await using restarted = open();
  expect(await restarted.placeOrder({ orderId: 'lost', ...order })).toEqual({ outcome: 'placed' });
  expect(alerts).toHaveLength(1);
});

const noted = (stream: string, expectedRevision: number): StreamAppend => ({
  stream,
  expectedRevision,
  events: [{ id: crypto.randomUUID(), type: 'Noted', data: {}, metadata: {} }],
});

test('who waits for a stream hears of what is appended to it together with others, and of nothing that was refused', async () => {
  const store = watchedStore(openMemoryEventStore(), () => undefined);
  const heard: string[] = [];
  const hearing = ['a', 'b'].map(async (stream) => {
    await store.nextAppend(stream, new AbortController().signal);
    heard.push(stream);
  });
  await store.appendAll?.([noted('a', -1), noted('b', 7)]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([]);
  expect(await store.appendAll?.([noted('a', -1), noted('b', -1)])).toMatchObject([{ appended: true }, { appended: true }]);
  await Promise.all(hearing);
  expect(heard.sort()).toEqual(['a', 'b']);
});

test('a log that is put back is reported by an append to several streams too', async () => {
  const log = createMemoryLog();
  const reported: string[] = [];
  const store = watchedStore(openMemoryEventStore({ log }), ({ code }) => reported.push(code));
  const putBack = backUpMemoryLog(log);
  await store.appendAll?.([noted('a', -1), noted('b', -1)]);
  putBack();
  await expect(store.appendAll?.([noted('a', -1), noted('b', -1)])).rejects.toMatchObject({ code: 'log_went_back' });
  expect(reported).toEqual(['log_went_back']);
});

test('a store that appends to one stream at a time stays one', () => {
  expect(watchedStore(withoutAppendAll(openMemoryEventStore()), () => undefined).appendAll).toBeUndefined();
});
