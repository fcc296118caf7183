import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import type { Observation } from '../observation.ts';
import type { PaymentObserved } from '../order/events.ts';
import { dispute, order1, paid, payment, paymentObserved, refund, support } from '../order/example-order.test-support.ts';
import { anyObservation } from '../order/observations.test-support.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import { everything } from '../payment-process.test-support.ts';
import { runs } from '../testing/runs.ts';

function openLedger() {
  const store = openMemoryEventStore();
  const ledger = createPaymentLedger({ eventStore: store, background: false, runtime: instantRuntime() });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  return { store, ledger };
}

const { expected, placedAt: _, ...terms } = order1;
const place = (ledger: PaymentLedger, orderId = 'order-1') => ledger.placeOrder({ ...terms, ...expected, orderId });
const observation = ({ observedAt: _, factKey: __, ...rest }: PaymentObserved): Observation => rest as Observation;

describe('a dry run of observations', () => {
  test('of an unknown payment: they would be held, and nothing is', async () => {
    const { store, ledger } = openLedger();
    expect(await ledger.forAdapters.wouldObserve([observation(paymentObserved(paid()))])).toEqual({ outcome: 'held' });
    expect(await everything(store)).toEqual([]);
  });

  test('says what each of them would add, one after another', async () => {
    const { ledger } = openLedger();
    await place(ledger);
    await ledger.attachCheckout('order-1', payment('pi_1'));
    const facts = [paid(), refund(1_000), refund(1_000, 'failed')].map((fact) => observation(paymentObserved(fact)));
    const previews = [1, 2, 3].map((count) => ledger.forAdapters.wouldObserve(facts.slice(0, count) as [Observation]));
    expect(await Promise.all(previews)).toMatchObject([
      { membership: 'active', decision: 'granted', isNew: true, payment: 'in_effect', reviews: [] },
      { membership: 'revoked', decision: 'revoked', payment: 'undone', changesReversals: true },
      { membership: 'active', decision: 'restored', payment: 'in_effect', changesReversals: false },
    ]);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', sequence: 0 });
  });

  test('of a payment that does not fit names the review', async () => {
    const { ledger } = openLedger();
    await place(ledger);
    await ledger.attachCheckout('order-1', payment('pi_1'));
    expect(await ledger.forAdapters.wouldObserve([observation(paymentObserved(paid(900)))])).toMatchObject({
      membership: 'none',
      reviews: ['amount'],
      openReviews: ['amount'],
      payment: 'does_not_count',
    });
  });

  test('counts what is held: it would be forwarded with it', async () => {
    const { ledger } = openLedger();
    await place(ledger);
    const { orderId: _, ...unnamed } = observation(paymentObserved(paid()));
    await ledger.observePayment(unnamed as Observation);
    const refunded = observation(paymentObserved(refund(1_000), { orderId: 'order-1' }));
    expect(await ledger.forAdapters.wouldObserve([refunded])).toMatchObject({ membership: 'revoked', payment: 'undone' });
  });

  property.prop([fc.array(anyObservation, { minLength: 1, maxLength: 8 })], runs(100))('is what then happens', async (observations) => {
    const store = openMemoryEventStore();
    await using ledger = createPaymentLedger({ eventStore: store, background: false, runtime: instantRuntime() });
    await place(ledger);
    await place(ledger, 'order-2');
    for (const drawn of observations) {
      const each = { ...drawn, payment: payment('pi_1') } as PaymentObserved;
      const before = await everything(store);
      const preview = await ledger.forAdapters.wouldObserve([observation(each)]);
      expect(await everything(store)).toEqual(before);
      const result = await ledger.observePayment(observation(each));
      if (preview.outcome === 'held') expect(result.outcome).toBe('held');
      else if ('membership' in result) expect(preview).toMatchObject({ orderId: result.orderId, membership: result.membership });
    }
  });
});

describe('a dry run of a resolution', () => {
  test('says what it would do, and does nothing', async () => {
    const { ledger } = openLedger();
    await place(ledger);
    await ledger.attachCheckout('order-1', payment('pi_1'));
    await ledger.observePayment(observation(paymentObserved(paid(900))));
    const { revision: seenRevision } = (await ledger.order('order-1')) ?? { revision: -1 };
    const preview = await ledger.previewResolution('order-1', 'r1', { resolution: 'grant', seenRevision });
    expect(preview).toEqual({ outcome: 'resolved', orderId: 'order-1', membership: 'active', decision: 'granted', reviews: [] });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', revision: seenRevision });
    await ledger.observePayment(observation(paymentObserved(dispute('open'))));
    expect(await ledger.previewResolution('order-1', 'r1', { resolution: 'grant', seenRevision })).toEqual({ outcome: 'stale' });
    await expect(ledger.previewResolution('order-1', 'r9', { resolution: 'grant', seenRevision })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('a dry run of a move', () => {
  test('says what it would do to both orders', async () => {
    const { ledger } = openLedger();
    for (const orderId of ['order-1', 'order-2']) await place(ledger, orderId);
    await ledger.attachCheckout('order-1', payment('pi_1'));
    await ledger.observePayment(observation(paymentObserved(paid(), { of: payment('pi_1', { livemode: false }) })));
    const wrong = payment('pi_1', { livemode: false });
    expect(await ledger.previewMove(wrong, 'order-2')).toMatchObject({
      outcome: 'moved',
      from: { orderId: 'order-1', membership: 'none' },
      to: { orderId: 'order-2', membership: 'none', reviews: ['mode'] },
    });
    expect(await ledger.previewMove(wrong, 'order-1')).toEqual({ outcome: 'exists' });
    await expect(ledger.previewMove(wrong, 'order-9')).rejects.toMatchObject({ code: 'order_unknown' });
    await ledger.movePayment(wrong, 'order-2', support);
    expect(await ledger.previewMove(wrong, 'order-1')).toEqual({ outcome: 'left_before' });
  });

  test('of a payment that nobody has: what it holds would go to the order', async () => {
    const { ledger } = openLedger();
    await place(ledger);
    const { orderId: _, ...unnamed } = observation(paymentObserved(paid()));
    await ledger.observePayment(unnamed as Observation);
    expect(await ledger.previewMove(payment('pi_1'), 'order-1')).toMatchObject({ outcome: 'moved', to: { decision: 'granted' } });
    await ledger.movePayment(payment('pi_1'), 'order-1', support);
    await place(ledger, 'order-2');
    expect(await ledger.previewMove(payment('pi_1'), 'order-2')).toEqual({ outcome: 'already_granted' });
  });
});
