// What a person types stays in the log for ever, and is shown on terminals and pages: each door refuses what is no plain text.
import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { createPaymentLedger } from './ledger.ts';
import { paid, paymentObserved, pi1, support } from './order/example-order.test-support.ts';
import type { PaymentLedger, PlaceOrder } from './payment-ledger.ts';
import { toObservation } from './payment-process.test-support.ts';

const order: PlaceOrder = {
  orderId: 'order-1',
  memberId: 'member-1',
  plan: 'yearly',
  amountMinor: 1_000,
  currency: 'usd',
  account: 'acct_1',
  livemode: true,
};
const manual = toObservation(paymentObserved(paid(1_000), { source: 'manual' }));
type By = typeof support;

const doors: readonly (readonly [name: string, (ledger: PaymentLedger, by: By) => Promise<unknown>])[] = [
  ['observePayment', (ledger, by) => ledger.observePayment({ ...manual, source: 'manual', by })],
  ['importOrder', (ledger, by) => ledger.importOrder({ ...order, orderId: 'old', placedAt: '2026-01-01T00:00:00Z' }, manual, by)],
  ['movePayment', (ledger, by) => ledger.movePayment(pi1, 'order-1', by)],
  ['withdrawOrder', (ledger, by) => ledger.withdrawOrder('order-1', by)],
  ['resolveReview', (ledger, by) => ledger.resolveReview('order-1', 'review', { resolution: 'grant', seenRevision: 0 }, by)],
  ['redeliver', (ledger, by) => ledger.redeliver('order-1', by)],
];
const reasons = ['two\nlines', 'a\u001b[2Kb', 'a\u009bb', 'a\u2028b', '\u202edevorppa', 'half \ud800'];

describe.each(doors)('%s', (_, call) => {
  test.each(reasons)('refuses the reason %j, and writes nothing', async (reason) => {
    const log = createMemoryLog();
    const deliver = async (): Promise<void> => undefined;
    await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore({ log }), background: false, deliver });
    await ledger.placeOrder(order);
    const before = await ledger.history('order-1');
    await expect(call(ledger, { ...support, reason })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('reason: must be one line of plain text'),
    });
    expect(await ledger.history('order-1')).toEqual(before);
  });

  test.each(['\u001b', 'support\n', 'a b', 'Anna'.repeat(40)])('refuses the actor %j', async (actor) => {
    await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
    await ledger.placeOrder(order);
    await expect(call(ledger, { ...support, actor })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

test('a log of an earlier release that holds such a reason is still read', async () => {
  const store = openMemoryEventStore();
  await using ledger = createPaymentLedger({ eventStore: store, background: false });
  await ledger.placeOrder(order);
  const [placed] = await ledger.history('order-1');
  const withdrawn = {
    id: 'earlier',
    type: 'OrderWithdrawn',
    data: { by: { ...support, reason: 'two\nlines' } },
    metadata: placed!.metadata,
  };
  await store.append('order-order-1', 0, [withdrawn]);
  expect(await ledger.order('order-1')).toMatchObject({ orderId: 'order-1', revision: 1 });
});
