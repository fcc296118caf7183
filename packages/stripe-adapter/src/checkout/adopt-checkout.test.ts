// Adopting a session that the shop made itself, against the sandbox: what is durable then, and what is refused.
import { describe, expect, test } from 'vitest';
import { openShop, refusal, type Shop, storyOf } from '../shop.test-support.ts';

const order = { orderId: 'order-1', memberId: 'member-1', plan: 'year', amountMinor: 1_000, currency: 'eur' };

/** A session as the shop's own code makes it. */
async function ownSession({ stripe, payments }: Shop, changes: object = {}, orderId = 'order-1'): Promise<string> {
  const metadata = await payments.metadataFor(orderId);
  const { id } = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } } }],
    success_url: 'https://shop.example/done',
    metadata,
    payment_intent_data: { metadata },
    ...changes,
  });
  return id;
}

describe('adoptCheckout', () => {
  test('has placed the order and attached the session, as `startCheckout` does; the webhook grants', async () => {
    const shop = await openShop();
    const { payments, ledger, sandbox, stripe } = shop;
    const sessionId = await ownSession(shop);
    expect(await payments.adoptCheckout({ ...order, sessionId })).toEqual({ outcome: 'adopted' });
    const adopted = await ledger.order('order-1');
    const { expires_at } = await stripe.checkout.sessions.retrieve(sessionId);
    expect(adopted).toMatchObject({ memberId: 'member-1', expected: { amountMinor: 1_000, currency: 'eur' }, account: sandbox.account });
    const payment = { provider: 'stripe', account: sandbox.account, livemode: false, id: sessionId };
    expect(adopted?.checkouts).toMatchObject([{ payment, expiresAt: new Date((expires_at + 86_400) * 1_000).toISOString() }]);
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('of a session without our metadata is enough: the webhook finds the order by the session', async () => {
    const shop = await openShop();
    const sessionId = await ownSession(shop, { metadata: {}, payment_intent_data: {} });
    await shop.payments.adoptCheckout({ ...order, sessionId });
    shop.sandbox.pay(sessionId);
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('again is `exists`, and adds nothing', async () => {
    const shop = await openShop();
    const sessionId = await ownSession(shop);
    await shop.payments.adoptCheckout({ ...order, sessionId });
    expect(await shop.payments.adoptCheckout({ ...order, sessionId })).toEqual({ outcome: 'exists' });
    expect(await storyOf(shop.ledger)).toEqual(['OrderPlaced', 'CheckoutAttached']);
  });

  test('of one that was paid meanwhile records that it is paid', async () => {
    const shop = await openShop();
    const sessionId = await ownSession(shop);
    shop.sandbox.pay(sessionId, { fate: 'never_made' });
    expect(await shop.payments.adoptCheckout({ ...order, sessionId })).toEqual({ outcome: 'adopted' });
    expect(await storyOf(shop.ledger)).toEqual(['OrderPlaced', 'CheckoutAttached', 'status_query paid', 'MembershipGranted']);
  });

  const priced = (unit_amount: number, currency = 'eur') => ({
    line_items: [{ quantity: 1, price_data: { currency, unit_amount, product_data: { name: 'Year' } } }],
  });
  test.each<[string, object, RegExp]>([
    ['less', priced(999), /is 1000 eur, but session cs_\w+ costs 999 eur/],
    ['more', priced(1_001), /costs 1001 eur/],
    ['the amount in another currency', priced(1_000, 'usd'), /costs 1000 usd/],
  ])('refuses a session that costs %s, and places nothing', async (_, changes, message) => {
    const shop = await openShop();
    const sessionId = await ownSession(shop, changes);
    const error = await refusal(shop.payments.adoptCheckout({ ...order, sessionId }));
    expect(error).toMatchObject({ code: 'amount_differs', message: expect.stringMatching(message) });
    expect(await shop.ledger.order('order-1')).toBeUndefined();
    expect(await shop.ledger.orderOf(sessionId)).toBeUndefined();
  });

  test('refuses a session that is not of this order, and leaves the order as it was', async () => {
    const shop = await openShop();
    const { payments, ledger } = shop;
    const sessionId = await ownSession(shop);
    await payments.adoptCheckout({ ...order, sessionId });
    const another = await ownSession(shop, {}, 'order-9');
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ orderId: 'order-2', sessionId }, /names order order-1/],
      [{ sessionId: another }, /names order order-9/],
      [{ sessionId: 'cs_test_unknown' }, /has no session cs_test_unknown/],
      [{ sessionId, plan: 'month' }, /placed on other terms: plan/],
    ];
    for (const [changes, message] of cases) {
      const error = await refusal(payments.adoptCheckout({ ...order, sessionId, ...changes }));
      expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) });
    }
    expect(await storyOf(ledger)).toEqual(['OrderPlaced', 'CheckoutAttached']);
    expect(await ledger.order('order-2')).toBeUndefined();
  });

  test('refuses a session that belongs to another order, though nothing in it says so', async () => {
    const shop = await openShop();
    const sessionId = await ownSession(shop, { metadata: {}, payment_intent_data: {} });
    await shop.payments.adoptCheckout({ ...order, sessionId });
    const error = await refusal(shop.payments.adoptCheckout({ ...order, orderId: 'order-2', sessionId }));
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining('belongs to order order-1') });
  });

  test.each([
    [{ sessionId: 'pi_1' }, 'order.sessionId'],
    [{ sessionId: 'cs_1', amountMinor: 9.5 }, 'order.amountMinor'],
    [{ sessionId: 'cs_1', memberId: 'somebody@example.com' }, 'order.memberId'],
    [{ sessionId: 'cs_1', expiresAt: 'soon' }, 'expiresAt'],
  ])('refuses %j before Stripe is asked', async (changes, named) => {
    const { payments, sandbox } = await openShop();
    const error = await refusal(payments.adoptCheckout({ ...order, ...changes }));
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(named) });
    expect(sandbox.calls.count()).toBe(0);
  });
});
