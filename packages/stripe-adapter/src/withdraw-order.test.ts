// An order that is withdrawn can no longer be paid at Stripe, and what is paid all the same waits for a person.
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal, type Shop, storyOf } from './shop.test-support.ts';

const by = { actor: 'support-7', reason: 'the customer ordered anew' };
const statusOf = async ({ stripe }: Shop, sessionId: string) => (await stripe.checkout.sessions.retrieve(sessionId)).status;

async function bareIntent({ stripe, ledger, sandbox, payments }: Shop) {
  const metadata = await payments.metadataFor('order-1');
  const intent = await stripe.paymentIntents.create({ amount: 1_000, currency: 'eur', metadata });
  await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: intent.id });
  return intent;
}

describe('withdrawOrder', () => {
  test('expires the open session, and the ledger knows it at once', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    expect(await shop.payments.withdrawOrder('order-1', by)).toEqual({ outcome: 'withdrawn' });
    expect(await statusOf(shop, sessionId)).toBe('expired');
    expect(await storyOf(shop.ledger)).toEqual(['OrderPlaced', 'CheckoutAttached', 'OrderWithdrawn', 'poll expired']);
    expect(await shop.payments.withdrawOrder('order-1', by)).toEqual({ outcome: 'exists' });
    await shop.ledger.settle(); // The list is a read model.
    expect((await shop.ledger.forAdapters.withdrawnOrders()).items).toEqual([]);
  });

  test('cancels a bare payment intent', async () => {
    const shop = await openShop();
    await shop.checkout();
    const { id } = await bareIntent(shop);
    await shop.payments.withdrawOrder('order-1', by);
    expect((await shop.stripe.paymentIntents.retrieve(id)).status).toBe('canceled');
    expect(await storyOf(shop.ledger)).toContain('poll canceled');
  });

  test('what Stripe did not answer to, the next pass of the poll ends', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    shop.sandbox.injectFault({ kind: 'status', status: 500, path: '/v1/checkout/sessions/:session/expire' });
    expect(await shop.payments.withdrawOrder('order-1', by)).toEqual({ outcome: 'withdrawn' });
    expect(await statusOf(shop, sessionId)).toBe('open');
    await shop.payments.sweep();
    expect(await statusOf(shop, sessionId)).toBe('expired');
    await shop.ledger.settle(); // The list is a read model.
    expect((await shop.ledger.forAdapters.withdrawnOrders()).items).toEqual([]);
  });

  test('a session that was paid before it could be expired opens a review, and grants once a person accepts it', async () => {
    const shop = await openShop();
    const { sandbox, payments, ledger } = shop;
    sandbox.pay(await shop.checkout(), { fate: 'lost' }); // No source has reported it yet.
    await payments.withdrawOrder('order-1', by);
    const order = await ledger.order('order-1');
    expect(order).toMatchObject({ payment: 'paid', membership: 'none', openReviews: [{ kind: 'withdrawn' }] });
    await ledger.resolveReview('order-1', 'r1', { resolution: 'grant', seenRevision: order?.revision ?? -1 }, by);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('an unpaid voucher does not refuse it; the voucher that is paid later waits for a person', async () => {
    const shop = await openShop();
    const { sandbox, payments, ledger, stripe } = shop;
    const sessionId = await shop.checkout();
    sandbox.pay(sessionId, { card: 'voucher' });
    await sandbox.deliverDue();
    expect((await ledger.order('order-1'))?.payment).toBe('awaiting_customer');
    expect(await payments.withdrawOrder('order-1', by)).toEqual({ outcome: 'withdrawn' });
    sandbox.settle(String((await stripe.checkout.sessions.retrieve(sessionId)).payment_intent), 'succeeded');
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'paid', openReviews: [{ kind: 'withdrawn' }] });
  });

  test('is refused once granted, and while a debit is collected', async () => {
    const { sandbox, payments, checkout } = await openShop();
    sandbox.pay(await checkout());
    sandbox.pay(await checkout({ orderId: 'order-2' }), { card: 'processing' });
    await sandbox.deliverDue();
    expect((await refusal(payments.withdrawOrder('order-1', by))).code).toBe('already_paid');
    expect((await refusal(payments.withdrawOrder('order-2', by))).code).toBe('payment_under_way');
    expect((await refusal(payments.withdrawOrder('order-3', by))).code).toBe('order_unknown');
  });
});

describe('startCheckout', () => {
  test('of a withdrawn order is refused, and no session is made', async () => {
    const shop = await openShop();
    await shop.checkout();
    await shop.payments.withdrawOrder('order-1', by);
    expect((await refusal(shop.payments.startCheckout(plan))).code).toBe('order_withdrawn');
    expect((await shop.stripe.checkout.sessions.list()).data).toHaveLength(1);
  });

  test('whose order is withdrawn before its session is attached: the session ends, and nobody is sent to it', async () => {
    const shop = await openShop();
    const { ledger, payments } = shop;
    const withdrawing = Object.assign(Object.create(ledger) as typeof ledger, {
      attachCheckout: async (...given: Parameters<typeof ledger.attachCheckout>) => {
        await ledger.withdrawOrder('order-1', by);
        return ledger.attachCheckout(...given);
      },
    });
    const { stripePayments } = await import('./index.ts');
    await using other = stripePayments({ ledger: withdrawing, stripe: shop.stripe, webhookSecrets: false, poll: false });
    expect((await refusal(other.startCheckout(plan))).code).toBe('order_withdrawn');
    const { data } = await shop.stripe.checkout.sessions.list();
    expect(data.map(({ status }) => status)).toEqual(['expired']);
    expect((await payments.withdrawOrder('order-1', by)).outcome).toBe('exists');
  });

  test('for a plan that another order has just given is refused where the caller asks for it, with that order', async () => {
    const { sandbox, payments, ledger, checkout } = await openShop();
    sandbox.pay(await checkout());
    await sandbox.deliverDue();
    await ledger.settle();
    const error = await refusal(payments.startCheckout({ ...plan, orderId: 'order-2', ifDuplicate: 'refuse' }));
    expect([error.code, error.message]).toEqual(['duplicate_order', expect.stringContaining('order-1')]);
    expect(await ledger.order('order-2')).toBeUndefined();
    expect(await payments.startCheckout({ ...plan, orderId: 'order-2' })).toMatchObject({ url: expect.any(String) });
    expect(await payments.startCheckout({ ...plan, orderId: 'order-3', plan: 'month', ifDuplicate: 'refuse' })).toBeDefined();
  });
});
