// Stripe repeats the answer to an idempotency key for a day: what it says was open may be paid or expired by now.
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type StripePayments, stripePayments } from '../index.ts';
import { openShop, plan, refusal, type Shop } from '../shop.test-support.ts';

const [createRoute, retrieveRoute] = ['POST /v1/checkout/sessions', 'GET /v1/checkout/sessions/:session'];

/** A process whose log has an identity and no order, as where the first one died between Stripe's answer and its next append. */
async function startedAnew({ stripe, store }: Shop): Promise<{ readonly ledger: PaymentLedger; readonly payments: StripePayments }> {
  const eventStore = openMemoryEventStore();
  const identity = await store.readStream('ledger');
  await eventStore.append(
    'ledger',
    -1,
    identity.map(({ id, type, data, metadata }) => ({ id, type, data, metadata })),
  );
  const ledger = createPaymentLedger({ eventStore, runtime: { patience: 50 } });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
  onTestFinished(async () => {
    await payments[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
  });
  return { ledger, payments };
}

describe('a replayed answer', () => {
  test('that is open still is read once, and handed out', async () => {
    const shop = await openShop();
    const first = await shop.payments.startCheckout(plan);
    const { payments, ledger } = await startedAnew(shop);
    shop.sandbox.calls.reset();
    expect(await payments.startCheckout(plan)).toEqual(first);
    expect(shop.sandbox.calls.byRoute()).toMatchObject({ [createRoute]: 1, [retrieveRoute]: 1 });
    expect((await ledger.order('order-1'))?.checkouts).toHaveLength(1);
  });

  test('that has expired since is not handed out: there is another session', async () => {
    const shop = await openShop();
    const first = await shop.checkout();
    shop.sandbox.expire(first);
    const { payments, ledger } = await startedAnew(shop);
    const { sessionId, url } = await payments.startCheckout(plan);
    expect(sessionId).not.toBe(first);
    expect(url).toBe(`${shop.sandbox.url}/c/pay/${sessionId}`);
    expect((await ledger.order('order-1'))?.checkouts.map(({ payment }) => payment.id)).toEqual([first, sessionId]);
  });

  test('that was paid since is an order that is paid: nobody is sent to pay again', async () => {
    const shop = await openShop();
    shop.sandbox.pay(await shop.checkout(), { fate: 'lost' });
    const { payments, ledger } = await startedAnew(shop);
    expect((await refusal(payments.startCheckout(plan))).code).toBe('already_paid');
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'status_query' });
  });

  test('of a payment intent that was canceled since is not handed out', async () => {
    const shop = await openShop();
    const { successUrl: _, ...order } = plan;
    const first = await shop.payments.startCheckout({ ...order, ui: 'intent' });
    await shop.stripe.paymentIntents.cancel(first.paymentIntentId);
    const { payments } = await startedAnew(shop);
    const second = await payments.startCheckout({ ...order, ui: 'intent' });
    expect(second.paymentIntentId).not.toBe(first.paymentIntentId);
  });
});
