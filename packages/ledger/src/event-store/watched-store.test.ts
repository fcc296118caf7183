import { expect, test } from 'vitest';
import type { Alert } from '../alerts.ts';
import { createPaymentLedger } from '../ledger.ts';
import { backUpMemoryLog } from '../testing/back-up-memory-log.ts';
import { createMemoryLog, openMemoryEventStore } from './memory.ts';

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
