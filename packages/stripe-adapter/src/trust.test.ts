// Trust: what a buyer, another app in a shared account or another account can make us believe.
import { describe, expect, test } from 'vitest';
import { openShop, plan, type Shop, storyOf } from './shop.test-support.ts';
import { eventsInLog, placed, signed } from './signed-events.test-support.ts';
import { intent, ours, session } from './stripe-objects.test-support.ts';

describe('a Payment Link', () => {
  const onLink = { payment_link: 'plink_1', client_reference_id: 'order-1' };

  async function place({ ledger, sandbox }: Shop, orderId: string): Promise<void> {
    const { successUrl: _, ...order } = plan;
    await ledger.placeOrder({ ...order, orderId, account: sandbox.account, livemode: false });
  }

  test('of another app: a reference that the buyer typed buys nothing', async () => {
    const shop = await openShop();
    await place(shop, 'order-1');
    expect(await shop.payments.handleWebhook(...signed(session({ ...onLink, metadata: {} })))).toEqual({ outcome: 'not_ours' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'none' });
  });

  test('of ours: a reference that the buyer typed buys nothing either', async () => {
    const shop = await openShop();
    await place(shop, 'order-1');
    await place(shop, 'order-2');
    const named = session({ ...onLink, metadata: await shop.payments.metadataFor('order-2') });
    await shop.payments.handleWebhook(...signed(named));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'none', openReviews: [] });
    expect(await shop.ledger.order('order-2')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('of ours that names no order: its payment is held, not given to whom the buyer names', async () => {
    const shop = await openShop();
    await place(shop, 'order-1');
    expect(await shop.payments.handleWebhook(...signed(session({ ...onLink, metadata: { paidonce: 'paidonce' } })))).toEqual({
      outcome: 'held',
    });
    expect(await shop.ledger.order('order-1')).toMatchObject({ payment: 'none' });
  });

  test('that was attached is the order’s, without a word in the metadata, and the poll looks for it', async () => {
    const shop = await openShop();
    await place(shop, 'order-2');
    await shop.ledger.attachCheckout('order-2', { provider: 'stripe', account: shop.sandbox.account, livemode: false, id: 'plink_1' });
    await shop.ledger.settle();
    expect((await shop.ledger.forAdapters.accountOrders())[0]?.awaited).toBeDefined();
    await shop.payments.handleWebhook(...signed(session({ ...onLink, metadata: {} })));
    expect(await shop.ledger.order('order-2')).toMatchObject({ membership: 'active', openReviews: [] });
    expect(await shop.ledger.orderOf('pi_1')).toMatchObject({ orderId: 'order-2' });
  });
});

describe('an order is named', () => {
  test('first by what was attached: metadata that name another are reviewed', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(session({ metadata: { ...ours, paidonce_order: 'order-2' } })));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [{ kind: 'claimed_by_two' }] });
    expect(await shop.ledger.history('order-2')).toEqual([]);
  });

  test('never by metadata without our scope', async () => {
    const shop = await openShop();
    await placed(shop);
    const before = await eventsInLog(shop);
    const metadata = { paidonce_order: 'order-1' };
    const notOurs = [session({ id: 'cs_2', payment_intent: 'pi_2', metadata }), intent({ id: 'pi_2', metadata })];
    for (const object of notOurs) expect(await shop.payments.handleWebhook(...signed(object))).toEqual({ outcome: 'not_ours' });
    expect(await eventsInLog(shop)).toBe(before);
  });
});

describe('a connected account', () => {
  const event = { account: 'acct_connected' };

  test('is paid where the order is its own', async () => {
    const shop = await openShop();
    await placed(shop, 'cs_test_1', { account: 'acct_connected' });
    await shop.payments.handleWebhook(...signed(session(), { event }));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('does not pay an order of the platform’s, nor the platform one of its', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(session(), { event }));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'account' }] });
    const other = await openShop();
    await placed(other, 'cs_test_1', { account: 'acct_connected' });
    await other.payments.handleWebhook(...signed(session()));
    expect(await other.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'account' }] });
  });
});

test('an account that is none is refused before Stripe is asked', async () => {
  const { payments, sandbox } = await openShop();
  await expect(payments.startCheckout({ ...plan, connectedAccount: 'shop-7' })).rejects.toThrow('order.connectedAccount');
  expect(sandbox.calls.count()).toBe(0);
});

describe('on the sandbox', () => {
  const connectedAccounts = ['acct_1Connected'];
  const connectedAccount = 'acct_1Connected';

  test('a checkout on a connected account is made, asked for and polled there', async () => {
    const shop = await openShop({ sandbox: { connectedAccounts } });
    const { checkout, sandbox, payments, ledger, stripe } = shop;
    const [asked, polled] = [await checkout({ connectedAccount }), await checkout({ connectedAccount, orderId: 'order-2' })];
    expect((await stripe.checkout.sessions.retrieve(asked, {}, { stripeAccount: connectedAccount })).status).toBe('open');
    for (const sessionId of [asked, polled]) sandbox.pay(sessionId, { fate: 'never_made' });
    expect(await payments.status(asked)).toMatchObject({ state: 'active', stale: false });
    expect(await payments.sweep({ tiers: ['objects'] })).toMatchObject({ rescued: 1 });
    for (const orderId of ['order-1', 'order-2']) {
      expect(await ledger.order(orderId)).toMatchObject({ account: connectedAccount, membership: 'active', openReviews: [] });
    }
  });

  test('a Payment Link that many open and nobody pays leaves the stream of its order as it was', async () => {
    const { stripe, sandbox, ledger, payments } = await openShop();
    const { successUrl: _, ...order } = plan;
    await ledger.placeOrder({ ...order, account: sandbox.account, livemode: false });
    const price = await stripe.prices.create({ currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } });
    const metadata = await payments.metadataFor('order-1');
    const link = await stripe.paymentLinks.create({ line_items: [{ price: price.id, quantity: 1 }], metadata });
    await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: link.id });
    for (let visit = 0; visit < 5; visit++) sandbox.expire(sandbox.openPaymentLink(link.id).id);
    await sandbox.deliverDue();
    expect(await storyOf(ledger)).toEqual(['OrderPlaced', 'CheckoutAttached']);
  });

  test('a Payment Link of one order pays that order, whatever the buyer types', async () => {
    const { stripe, sandbox, ledger, payments } = await openShop();
    const { successUrl: _, ...order } = plan;
    for (const orderId of ['order-1', 'order-2']) await ledger.placeOrder({ ...order, orderId, account: sandbox.account, livemode: false });
    const price = await stripe.prices.create({ currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } });
    const metadata = await payments.metadataFor('order-2');
    const link = await stripe.paymentLinks.create({
      line_items: [{ price: price.id, quantity: 1 }],
      metadata,
      payment_intent_data: { metadata },
    });
    await ledger.attachCheckout('order-2', { provider: 'stripe', account: sandbox.account, livemode: false, id: link.id });
    const session = sandbox.openPaymentLink(link.id, { clientReferenceId: 'order-1' });
    sandbox.pay(session.id, { fate: 'never_made' });
    expect(await payments.sweep({ tiers: ['objects'] })).toMatchObject({ rescued: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'none' });
    expect(await ledger.order('order-2')).toMatchObject({ membership: 'active', openReviews: [] });
  });
});
