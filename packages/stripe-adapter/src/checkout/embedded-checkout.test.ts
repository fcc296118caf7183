// Payments in a page of the shop: embedded and elements sessions, and bare payment intents. The same orders, the same sources.
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal, type Shop, storyOf } from '../shop.test-support.ts';

const { successUrl, ...order } = plan;
const returnUrl = 'https://shop.example/back';

interface Started {
  readonly id: string;
  readonly clientSecret: string;
}
type Ui = 'embedded' | 'elements' | 'intent';

async function start({ payments }: Shop, ui: Ui, orderId = 'order-1'): Promise<Started> {
  if (ui !== 'intent') {
    const { sessionId, clientSecret } = await payments.startCheckout({ ...order, orderId, ui, returnUrl });
    return { id: sessionId, clientSecret };
  }
  const { paymentIntentId, clientSecret } = await payments.startCheckout({ ...order, orderId, ui });
  return { id: paymentIntentId, clientSecret };
}

function pay(
  { sandbox }: Shop,
  { id }: Started,
  how: { readonly card?: string; readonly fate?: 'lost' | 'delivered' | 'never_made' } = {},
): void {
  if (id.startsWith('pi_')) sandbox.payIntent(id, how);
  else sandbox.pay(id, how);
}

describe.each<Ui>(['embedded', 'elements', 'intent'])('ui: %s', (ui) => {
  test('answers an id and a secret for the page, and the order is durable by then', async () => {
    const shop = await openShop();
    const { id, clientSecret } = await start(shop, ui);
    expect(id).toMatch(ui === 'intent' ? /^pi_/ : /^cs_/);
    expect(clientSecret).toContain(`${id}_secret_`);
    expect(await shop.ledger.orderOf(id)).toMatchObject({ orderId: 'order-1', checkouts: [{ payment: { id } }] });
    for (const { data } of await shop.ledger.history('order-1')) expect(JSON.stringify(data)).not.toContain('_secret_');
  });

  test('is granted by its webhook, by a look and by the poll, each alone', async () => {
    const shop = await openShop();
    pay(shop, await start(shop, ui));
    await shop.sandbox.deliverDue();
    expect(await storyOf(shop.ledger)).toEqual(expect.arrayContaining(['webhook paid', 'MembershipGranted']));

    const looked = await start(shop, ui, 'order-2');
    expect(await shop.payments.status(looked.id)).toMatchObject({ state: 'pending' });
    pay(shop, looked, { fate: 'lost' });
    await shop.sandbox.advance(1_000);
    expect(await shop.payments.recheck('order-2')).toMatchObject({ order: { membership: 'active' } });

    pay(shop, await start(shop, ui, 'order-3'), { fate: 'never_made' });
    await shop.payments.sweep();
    expect(await shop.ledger.order('order-3')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('is found paid by the status query itself', async () => {
    const shop = await openShop();
    const started = await start(shop, ui);
    pay(shop, started, { fate: 'lost' });
    expect(await shop.payments.status(started.id)).toEqual({ state: 'active', stale: false });
    expect(await storyOf(shop.ledger)).toContain('status_query paid');
  });

  test('answers the same again while it is open, and refuses once it is paid', async () => {
    const shop = await openShop();
    const first = await start(shop, ui);
    expect(await start(shop, ui)).toEqual(first);
    pay(shop, first, { fate: 'lost' });
    expect((await refusal(start(shop, ui))).code).toBe('already_paid');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', checkouts: [{ payment: { id: first.id } }] });
  });

  test('may be tried again after a decline, on the same one', async () => {
    const shop = await openShop();
    const first = await start(shop, ui);
    pay(shop, first, { card: 'declined' });
    await shop.sandbox.deliverDue();
    expect(await shop.payments.status(first.id)).toMatchObject({ state: 'pending' });
    expect(await start(shop, ui)).toEqual(first);
    pay(shop, first);
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('is ended where the customer goes to Stripe’s page instead: there is one way to pay', async () => {
    const shop = await openShop();
    const first = await start(shop, ui);
    const { sessionId } = await shop.payments.startCheckout(plan);
    expect(await start(shop, ui)).not.toEqual(first);
    const ended = [first.id, sessionId];
    const open = (await shop.stripe.checkout.sessions.list({ status: 'open' })).data.map(({ id }) => id);
    expect(open.filter((id) => ended.includes(id))).toEqual([]);
    if (ui === 'intent') expect(await shop.stripe.paymentIntents.retrieve(first.id)).toMatchObject({ status: 'canceled' });
  });

  test('that was paid meanwhile is not ended: the order is paid', async () => {
    const shop = await openShop();
    pay(shop, await start(shop, ui), { fate: 'lost' });
    expect((await refusal(shop.payments.startCheckout(plan))).code).toBe('already_paid');
  });

  test('is ended once another session of its order is paid', async () => {
    const shop = await openShop();
    const { id } = await start(shop, ui);
    const other = await shop.stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } } }],
      success_url: 'https://shop.example/',
    });
    await shop.ledger.attachCheckout('order-1', { provider: 'stripe', account: shop.sandbox.account, livemode: false, id: other.id });
    shop.sandbox.pay(other.id);
    await shop.sandbox.deliverDue();
    await shop.payments[Symbol.asyncDispose](); // Waits for what is under way.
    const { status } = ui === 'intent' ? await shop.stripe.paymentIntents.retrieve(id) : await shop.stripe.checkout.sessions.retrieve(id);
    expect(status).toBe(ui === 'intent' ? 'canceled' : 'expired');
  });
});

test('a failure of Stripe as the first is ended does not keep the customer from the second for a day', async () => {
  const shop = await openShop();
  const { sessionId } = await shop.payments.startCheckout({ ...order, successUrl });
  shop.sandbox.injectFault({ kind: 'status', status: 500, path: '/v1/checkout/sessions/:session/expire' });
  expect((await refusal(start(shop, 'embedded'))).code).toBe('provider_unavailable');
  expect(await start(shop, 'embedded')).toMatchObject({ id: expect.stringMatching(/^cs_/) });
  expect((await shop.stripe.checkout.sessions.retrieve(sessionId)).status).toBe('expired');
});

describe('an embedded session', () => {
  test('comes back to the page with its id', async () => {
    const shop = await openShop();
    const { id } = await start(shop, 'embedded');
    expect(shop.sandbox.pay(id)).toMatchObject({ successUrl: `${returnUrl}?session_id=${id}` });
  });

  test('that never redirects needs no page', async () => {
    const { payments } = await openShop();
    const session = { redirect_on_completion: 'never' } as const;
    expect(await payments.startCheckout({ ...order, ui: 'embedded', session })).toMatchObject({ sessionId: expect.stringMatching(/^cs_/) });
  });

  // biome-ignore format: a table
  test.each([
    ['without a return URL', { ui: 'embedded' }, 'order.returnUrl: is missing'],
    ['elements without a return URL', { ui: 'elements', session: { redirect_on_completion: 'never' } }, 'order.returnUrl: is missing'],
    ['with one that is never used', { ui: 'embedded', returnUrl, session: { redirect_on_completion: 'never' } }, 'order.returnUrl'],
    ['with an encoded placeholder', { ui: 'embedded', returnUrl: 'https://shop.example/?id=%7BCHECKOUT_SESSION_ID%7D' }, 'returnUrl has %7B'],
    ['with a success URL', { ui: 'embedded', returnUrl, successUrl }, 'successUrl'],
    ['an intent with a session', { ui: 'intent', session: {} }, 'session'],
    ['an intent with an amount of its own', { ui: 'intent', intent: { amount: 1 } }, 'order.intent'],
    ['another ui', { ui: 'popup', successUrl }, 'order.ui'],
  ])('%s is refused before Stripe is asked', async (_, changes, named) => {
    const { payments, sandbox } = await openShop();
    const error = await refusal(payments.startCheckout({ ...order, ...changes } as never));
    expect([error.code, error.message]).toEqual(['invalid_input', expect.stringContaining(named)]);
    expect(sandbox.calls.count()).toBe(0);
  });
});

describe('a bare payment intent', () => {
  test('is ours by its metadata, and keeps what the caller gave', async () => {
    const { payments, stripe } = await openShop();
    const intent = { description: 'A year', metadata: { cart: '7' } };
    const { paymentIntentId } = await payments.startCheckout({ ...order, ui: 'intent', intent });
    const metadata = { paidonce: 'paidonce', paidonce_order: 'order-1', cart: '7' };
    expect(await stripe.paymentIntents.retrieve(paymentIntentId)).toMatchObject({
      amount: 1_000,
      currency: 'eur',
      description: 'A year',
      metadata,
    });
  });

  test('that nobody pays does not keep the hourly tier of the poll looking, and is still payable days later', async () => {
    const shop = await openShop();
    const started = await start(shop, 'intent');
    await shop.sandbox.advance(5 * 24 * 3_600_000);
    expect(await start(shop, 'intent')).toEqual(started);
    const expiresAt = (await shop.ledger.order('order-1'))?.checkouts[0]?.expiresAt ?? '';
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThan(49 * 3_600_000);
    pay(shop, started);
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('whose debit bounced, and nothing was sent of it, can be paid again as soon as the customer asks', async () => {
    const shop = await openShop({ sandbox: { webhookEndpoints: [] } });
    const { paymentIntentId } = await shop.payments.startCheckout({ ...order, ui: 'intent' });
    shop.sandbox.payIntent(paymentIntentId, { card: 'processing_fails' });
    expect((await refusal(shop.payments.startCheckout({ ...order, ui: 'intent' }))).code).toBe('payment_under_way');
    shop.sandbox.settle(paymentIntentId);
    await shop.sandbox.advance(1_000);
    expect(await shop.payments.startCheckout({ ...order, ui: 'intent' })).toMatchObject({ paymentIntentId: expect.stringMatching(/^pi_/) });
  });

  test('that no ledger knows has no status, and costs no call', async () => {
    const { payments, sandbox } = await openShop();
    expect(await payments.status('pi_unknown')).toBeUndefined();
    expect(sandbox.calls.count()).toBe(0);
  });

  test('of a connected account is made and asked for there', async () => {
    const connectedAccount = 'acct_1Connected';
    const shop = await openShop({ sandbox: { connectedAccounts: [connectedAccount] } });
    const { paymentIntentId } = await shop.payments.startCheckout({ ...order, ui: 'intent', connectedAccount });
    shop.sandbox.payIntent(paymentIntentId, { fate: 'lost' });
    expect(await shop.payments.status(paymentIntentId)).toEqual({ state: 'active', stale: false });
    expect(await shop.ledger.order('order-1')).toMatchObject({ account: connectedAccount });
  });
});
