// Events beyond the plain snapshot: thin ones, twins, other API versions, secrets that speak for an account or a mode.
import { describe, expect, test } from 'vitest';
import { invoice } from '../billing-objects.test-support.ts';
import { openShop, refusal, type Shop, storyOf, webhookSecret } from '../shop.test-support.ts';
import { bytes, eventsInLog, placed, sign, signed, thin, unreadable } from '../signed-events.test-support.ts';
import { intent, ours, refund, session } from '../stripe-objects.test-support.ts';

const sessionRoute = 'GET /v1/checkout/sessions/:session';

/** An order paid at the sandbox, of which no webhook has told. */
async function paidInSilence(shop: Shop): Promise<{ sessionId: string; intentId: string }> {
  const sessionId = await shop.checkout();
  shop.sandbox.pay(sessionId, { fate: 'never_made' });
  const { payment_intent } = await shop.stripe.checkout.sessions.retrieve(sessionId);
  shop.sandbox.calls.reset();
  return { sessionId, intentId: String(payment_intent) };
}

describe('a thin event', () => {
  test('of a session has it fetched, and grants by what Stripe answers', async () => {
    const shop = await openShop();
    const { sessionId } = await paidInSilence(shop);
    const event = thin({ id: sessionId, object: 'checkout.session' }, { id: 'evt_thin_a' });
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'recorded' });
    expect(shop.sandbox.calls.count(sessionRoute)).toBe(1);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'webhook', openReviews: [] });
    const observed = (await shop.ledger.history('order-1')).find(({ type }) => type === 'PaymentObserved');
    expect(observed?.data).toMatchObject({ evidence: { objectId: sessionId, eventId: 'evt_thin_a' } });
  });

  test('says what its snapshot twin says: nothing is added by the second', async () => {
    const shop = await openShop();
    const { sessionId, intentId } = await paidInSilence(shop);
    await shop.payments.handleWebhook(...thin({ id: sessionId, object: 'checkout.session' }));
    const story = await storyOf(shop.ledger);
    const copy = JSON.parse(JSON.stringify(await shop.stripe.checkout.sessions.retrieve(sessionId)));
    expect(await shop.payments.handleWebhook(...signed(copy))).toEqual({ outcome: 'duplicate' });
    expect(await shop.payments.handleWebhook(...thin({ id: sessionId, object: 'checkout.session' }))).toEqual({ outcome: 'duplicate' });
    expect(await storyOf(shop.ledger)).toEqual(story);
    expect(await shop.ledger.orderOf(intentId)).toMatchObject({ membership: 'active', sequence: 1 });
  });

  test('that comes late tells how the object is now', async () => {
    const shop = await openShop();
    const { sessionId, intentId } = await paidInSilence(shop);
    shop.sandbox.refund(sessionId, { fate: 'never_made' });
    await shop.payments.handleWebhook(...thin({ id: intentId, object: 'payment_intent' }, { type: 'v1.payment_intent.processing' }));
    expect(await storyOf(shop.ledger)).toContain('webhook paid');
    const { data } = await shop.stripe.refunds.list();
    await shop.payments.handleWebhook(...thin({ id: String(data[0]?.id), object: 'refund' }));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked', payment: 'refunded' });
  });

  test.each([
    ['a customer', { id: 'cus_1', object: 'customer' }, 'ignored'],
    ['an object that Stripe does not know', { id: 'cs_test_none', object: 'checkout.session' }, 'not_ours'],
  ] as const)('of %s: %s', async (_, related, outcome) => {
    const shop = await openShop();
    expect(await shop.payments.handleWebhook(...thin(related))).toEqual({ outcome });
    expect(await eventsInLog(shop)).toBe(0);
  });

  test('of a connected account is named by its context, under an organisation by the last part of it', async () => {
    for (const context of ['acct_1Connected', 'org_1/acct_1Connected']) {
      const shop = await openShop({ sandbox: { connectedAccounts: ['acct_1Connected'] } });
      const sessionId = await shop.checkout({ connectedAccount: 'acct_1Connected' });
      shop.sandbox.pay(sessionId, { fate: 'never_made' });
      const event = thin({ id: sessionId, object: 'checkout.session' }, { context });
      expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'recorded' });
      expect(await shop.ledger.order('order-1')).toMatchObject({ account: 'acct_1Connected', membership: 'active' });
    }
  });

  test('of nothing is ignored', async () => {
    const { payments } = await openShop();
    expect(await payments.handleWebhook(...thin({ id: 'x', object: 'x' }, { related_object: null }))).toEqual({ outcome: 'ignored' });
  });

  test('of a linked object that Stripe does not show is kept by id', async () => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...thin({ id: 'cs_test_1', object: 'checkout.session' }))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 'cs_test_1', path: 'related_object' }]);
  });

  test('is sent again where Stripe does not answer', async () => {
    const shop = await openShop();
    const { sessionId } = await paidInSilence(shop);
    shop.sandbox.injectFault({ kind: 'status', status: 500, path: '/v1/checkout/sessions/:session' });
    const event = thin({ id: sessionId, object: 'checkout.session' });
    expect((await refusal(shop.payments.handleWebhook(...event))).code).toBe('provider_unavailable');
    expect(await storyOf(shop.ledger)).toEqual(['OrderPlaced', 'CheckoutAttached']);
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'recorded' });
  });

  test('that is no event is kept', async () => {
    const shop = await openShop();
    const body = JSON.stringify({ id: 'evt_x', object: 'v2.core.event', type: 'v1.checkout.session.completed', created: 'soon' });
    expect(await shop.payments.handleWebhook(bytes(body), sign(body))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 'evt_x', path: 'created' }]);
  });

  test('of the other mode than its secret’s is ignored', async () => {
    const webhookSecrets = [{ secret: webhookSecret, livemode: true }];
    const shop = await openShop({ payments: { webhookSecrets } });
    expect(await shop.payments.handleWebhook(...thin({ id: 'cs_test_1', object: 'checkout.session' }))).toEqual({ outcome: 'ignored' });
    expect(shop.sandbox.calls.count()).toBe(0);
  });
});

describe('a snapshot event of an organisation', () => {
  const elsewhere = 'acct_1Connected';

  test.each([
    ['in its context alone', {}],
    ['in its account too', { account: elsewhere }],
  ])('names its account %s', async (_, named) => {
    const shop = await openShop({ sandbox: { connectedAccounts: [elsewhere] } });
    const sessionId = await shop.checkout({ connectedAccount: elsewhere });
    shop.sandbox.pay(sessionId, { fate: 'never_made' });
    const paid = await shop.stripe.checkout.sessions.retrieve(sessionId, {}, { stripeAccount: elsewhere });
    const event = signed(paid, { event: { ...named, context: `org_1/${elsewhere}` } });
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ account: elsewhere, membership: 'active', openReviews: [] });
  });

  test('is of the account that its secret speaks for, where the context names the organisation alone', async () => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(session(), { event: { context: null } }))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ account: shop.sandbox.account, membership: 'active' });
  });

  test('tells of refunds on its other accounts, which our key may not read: none of ours, and nothing is kept', async () => {
    const shop = await openShop();
    await placed(shop);
    const event = signed(refund(), { event: { context: 'org_1/acct_1Another' } });
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'not_ours' });
    expect(await unreadable(shop)).toEqual([]);
  });
});

describe('an event of another API version', () => {
  const event = { api_version: '2025-03-31.basil' };

  test('has its object read again in ours: the copy’s shape does not count', async () => {
    const shop = await openShop();
    const { sessionId } = await paidInSilence(shop);
    const copy = { id: sessionId, object: 'checkout.session', metadata: ours, state: 'as it was called then' };
    expect(await shop.payments.handleWebhook(...signed(copy, { event }))).toEqual({ outcome: 'recorded' });
    expect(shop.sandbox.calls.byRoute()).toEqual({ [sessionRoute]: 1 });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('of a later release of the same name is read as it is', async () => {
    const shop = await openShop();
    await placed(shop);
    const later = { event: { api_version: '2027-05-27.endive' } };
    expect(await shop.payments.handleWebhook(...signed(session(), later))).toEqual({ outcome: 'recorded' });
    expect(shop.sandbox.calls.count(sessionRoute)).toBe(0);
  });

  test.each(['2024-06-20', '2026-11-18.preview'])('%s of ours that Stripe does not show is kept by id', async (api_version) => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(session(), { event: { api_version } }))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 'cs_test_1', path: 'api_version', apiVersion: api_version }]);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none' });
  });

  test('of another app costs no call', async () => {
    const shop = await openShop();
    expect(await shop.payments.handleWebhook(...signed(session({ metadata: {} }), { event }))).toEqual({ outcome: 'not_ours' });
    expect(shop.sandbox.calls.byRoute()).toEqual({ 'GET /v1/account': 1 });
  });
});

describe('refunds and disputes are read again before they decide', () => {
  test('an old word of a dispute that was won since changes nothing', async () => {
    const shop = await openShop();
    const { sessionId } = await paidInSilence(shop);
    await shop.payments.handleWebhook(...thin({ id: sessionId, object: 'checkout.session' }));
    const opened = shop.sandbox.dispute(sessionId, { fate: 'lost' });
    const copy = JSON.parse(JSON.stringify(await shop.stripe.disputes.retrieve(opened.id)));
    shop.sandbox.updateDispute(opened.id, 'won', 'lost');
    expect(await shop.payments.handleWebhook(...signed(copy))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'paid' });
    expect(await storyOf(shop.ledger)).toContain('webhook won');
  });

  test('where Stripe cannot be asked, the event is sent again', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(intent()));
    shop.sandbox.injectFault({ kind: 'status', status: 500, path: '/v1/refunds/:refund' });
    expect((await refusal(shop.payments.handleWebhook(...signed(refund({ amount: 1_000 }))))).code).toBe('provider_unavailable');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test.each([[403], [404]])('where our key does not see it (%i), the copy counts', async (status) => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(intent()));
    if (status === 403) shop.sandbox.injectFault({ kind: 'status', status, path: '/v1/refunds/:refund' });
    expect(await shop.payments.handleWebhook(...signed(refund({ amount: 1_000 })))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
  });
});

describe('a key without the right', () => {
  test('to read what tells whose a refund is: kept by id, not sent for ever', async () => {
    const shop = await openShop();
    shop.sandbox.injectFault({ kind: 'status', status: 403, times: 5, path: '/v1/payment_intents/:intent' });
    expect(await shop.payments.handleWebhook(...signed(refund()))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 're_1', path: 'permission' }]); // What `recheck` can read later.
  });
});

describe('a key without the right on a connected account', () => {
  test('where subscriptions alone are sold: the paid invoice is kept by id', async () => {
    const account = 'acct_1Seller';
    const policy = { plans: { club: ['price_month'] } };
    const shop = await openShop({ ledger: { subscriptions: { policy } }, sandbox: { connectedAccounts: [account] } });
    await shop.ledger.placeSubscription({ subscriptionId: 'club-7', memberId: 'member-7', plan: 'club', account, livemode: false });
    shop.sandbox.injectFault({ kind: 'status', status: 403, times: 99, path: '/v1/subscriptions/:subscription' });
    const paid = signed(invoice(), { event: { type: 'invoice.paid', account } });
    expect(await shop.payments.handleWebhook(...paid)).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 'in_1', path: 'permission', account }]);
  });
});

describe('a key that may not ask for its own account', () => {
  test('loses no payment: the event is sent again until the account is given', async () => {
    const shop = await openShop();
    await placed(shop);
    shop.sandbox.injectFault({ kind: 'status', status: 403, path: '/v1/account' });
    const refused = await refusal(shop.payments.handleWebhook(...signed(session())));
    expect([refused.code, refused.message]).toEqual(['provider_unavailable', expect.stringContaining('option `account`')]);
    expect(await unreadable(shop)).toEqual([]);
    await shop.payments.handleWebhook(...signed(session()));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });
});

describe('a secret', () => {
  test('names the account that its events are of', async () => {
    const shop = await openShop({ payments: { webhookSecrets: [{ secret: webhookSecret, account: 'acct_sandbox_b', livemode: false }] } });
    await placed(shop, 'cs_test_1', { account: 'acct_sandbox_b' });
    const metadata = { ...ours };
    await shop.payments.handleWebhook(...signed(session({ metadata })));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('of one sandbox does not pay an order of another', async () => {
    const shop = await openShop({
      payments: {
        account: 'acct_sandbox_a',
        webhookSecrets: [webhookSecret, { secret: 'whsec_b', account: 'acct_sandbox_b' }],
      },
    });
    await placed(shop, 'cs_test_1', { account: 'acct_sandbox_a' });
    await shop.payments.handleWebhook(...signed(session(), { secret: 'whsec_b' }));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'account' }] });
  });
});

describe('Stripe failed to make events', () => {
  test('and says so: a pass of the poll finds what they would have told', async () => {
    const shop = await openShop();
    await paidInSilence(shop);
    const event = thin({ id: 'x', object: 'x' }, { type: 'v2.core.health.event_generation_failure.resolved', related_object: null });
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'ignored' });
    await expect.poll(() => shop.ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  });
});

describe('Stripe says so again while a pass of the poll is under way', () => {
  test('and another one follows: the first may have looked too early', async () => {
    const shop = await openShop();
    const { sandbox, payments, ledger } = shop;
    const sessionId = await shop.checkout();
    const missed = () => thin({ id: 'x', object: 'x' }, { type: 'v2.core.health.event_generation_failure.resolved', related_object: null });
    sandbox.injectFault({ kind: 'slow', delayMs: 300, path: '/v1/checkout/sessions' });
    sandbox.calls.reset();
    await payments.handleWebhook(...missed());
    await expect.poll(() => sandbox.calls.count('GET /v1/checkout/sessions')).toBe(1);
    sandbox.pay(sessionId, { fate: 'never_made' });
    await payments.handleWebhook(...missed());
    await expect.poll(() => ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });
});

describe('an endpoint of the sandbox', () => {
  test('that is thin grants, and its snapshot twin adds nothing', async () => {
    const shop = await openShop();
    const { url, secret } = { url: shop.webhookUrl, secret: webhookSecret };
    shop.sandbox.addWebhookEndpoint({ url, secret, payload: 'thin' });
    shop.sandbox.pay(await shop.checkout());
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'webhook', sequence: 1, openReviews: [] });
    expect(shop.answers).not.toContain('unreadable');
    expect(shop.answers.filter((answer) => answer === 'duplicate').length).toBeGreaterThan(0);
  });

  test('tells of events that were never made, and a pass of the poll finds the payment', async () => {
    const shop = await openShop();
    shop.sandbox.addWebhookEndpoint({ url: shop.webhookUrl, secret: webhookSecret, payload: 'thin' });
    shop.sandbox.pay(await shop.checkout(), { fate: 'never_made' });
    expect(shop.sandbox.reportMissedEvents()).toBeGreaterThan(0);
    await shop.sandbox.deliverDue();
    await expect.poll(() => shop.ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll' });
  });
});
