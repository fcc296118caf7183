// Webhooks as the sandbox sends them, and as others would forge them: what is acknowledged, and what is durable then.
import { type EventStore, LedgerError } from '@paidonce/ledger';
import { silentLogger } from '@paidonce/ledger/adapter';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { hourMs, openShop, refusal, storyOf, webhookSecret } from '../shop.test-support.ts';
import { bytes, eventsInLog, placed, sign, signed, thin, unreadable } from '../signed-events.test-support.ts';
import { charge, dispute, intent, ours, refund, session } from '../stripe-objects.test-support.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const snapshotOf = (object: string): string =>
  `{"id":"evt_x","object":"event","type":"a.b","created":1,"livemode":false,"data":{"object":${object}}}`;

describe('the signature', () => {
  // biome-ignore format: a table
  test.each([
    ['of another secret', signed(session(), { secret: 'whsec_of_somebody' })],
    ['301 s old', signed(session(), { ageSeconds: 302 })],
    ['far in the future', signed(session(), { ageSeconds: -3_600 })],
    ['of another body', [bytes('{}'), signed(session())[1]]],
    ['missing', [signed(session())[0], '']],
    ['garbage', [signed(session())[0], 't=now,v1=00']],
    ['of no known scheme', [signed(session())[0], sign('{}').replace('v1=', 'v0=')]],
    ['of an empty body', [bytes(''), sign('{}')]],
    ['an empty `v1=`', [bytes('{}'), 't=NOW,v1=']],
    ['a `v1` without a value', [bytes('{}'), 't=NOW,v1']],
    ['64 characters that are not 64 bytes', [bytes('{}'), `t=NOW,v1=${'é'.repeat(64)}`]],
    ['a good one behind an empty one', [bytes('{}'), sign('{}').replace(',v1=', ',v1=,v1=')]],
    ['a good one before an empty one', [bytes('{}'), `${sign('{}')},v1=`]],
    ['a list of headers, which a framework may hand on', [bytes('{}'), [sign('{}')] as unknown as string]],
    ['no header, in spite of the types', [bytes('{}'), undefined as unknown as string]],
  ] as const)('%s is refused, and leaves no event', async (_, [body, signature]) => {
    const shop = await openShop();
    await placed(shop);
    const before = await eventsInLog(shop);
    const given = typeof signature === 'string' ? signature.replace('NOW', String(Math.floor(Date.now() / 1_000))) : signature;
    expect(await shop.payments.handleWebhook(body, given)).toEqual({ outcome: 'bad_signature' });
    expect(await eventsInLog(shop)).toBe(before);
  });

  test.each([[290], [-290]])('%i s old is good', async (ageSeconds) => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(session(), { ageSeconds }))).toEqual({ outcome: 'recorded' });
  });

  test('is measured by the injected clock', async () => {
    const now = () => new Date(Date.now() + hourMs);
    const shop = await openShop({ payments: { runtime: { now } } });
    expect(await shop.payments.handleWebhook(...signed(session()))).toEqual({ outcome: 'bad_signature' });
    expect(await shop.payments.handleWebhook(...signed(session(), { ageSeconds: -3_600 }))).toEqual({ outcome: 'recorded' });
  });

  test('may be of any of several secrets', async () => {
    const shop = await openShop({ payments: { webhookSecrets: ['whsec_old', { secret: 'whsec_new' }] } });
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(session(), { secret: 'whsec_new' }))).toEqual({ outcome: 'recorded' });
    expect(await shop.payments.handleWebhook(...signed(session(), { secret: 'whsec_old' }))).toEqual({ outcome: 'duplicate' });
    expect(await shop.payments.handleWebhook(...signed(session()))).toEqual({ outcome: 'bad_signature' });
  });
});

describe('signatures that are refused', () => {
  async function refusing() {
    const alerts: string[] = [];
    const warnings: object[] = [];
    let aheadMs = 0;
    const shop = await openShop({
      ledger: { onAlert: ({ kind, message }) => alerts.push(`${kind} ${message}`) },
      payments: {
        runtime: { monotonicNowMs: () => aheadMs },
        log: { ...silentLogger, warn: (fields) => warnings.push(fields) },
      },
    });
    const forged = async (times: number) => {
      for (let time = 0; time < times; time++) await shop.payments.handleWebhook(...signed(session(), { secret: 'whsec_rotated' }));
    };
    const wait = (ms: number): void => {
      aheadMs += ms;
    };
    return { ...shop, alerts, warnings, forged, wait };
  }

  test('ten times in a row are an alert, once an hour at most however many come', async () => {
    const { alerts, forged, wait } = await refusing();
    await forged(9);
    expect(alerts).toEqual([]);
    await forged(30);
    expect(alerts).toEqual([expect.stringMatching(/^signatures_refused 10 webhooks in a row .*webhookSecrets/)]);
    wait(hourMs);
    await forged(2);
    expect(alerts).toHaveLength(2);
  });

  test('are logged once a minute, with how many that stands for', async () => {
    const { warnings, forged, wait } = await refusing();
    await forged(30);
    expect(warnings).toMatchObject([{ refused: 1 }]);
    wait(60_000);
    await forged(2);
    expect(warnings).toMatchObject([{ refused: 1 }, { refused: 30 }]);
  });

  test('are none while good ones come between: then it is another app', async () => {
    const { alerts, forged, payments } = await refusing();
    for (let round = 0; round < 4; round++) {
      await forged(9);
      await payments.handleWebhook(...signed(session()));
    }
    expect(alerts).toEqual([]);
  });
});

describe('a payment on the sandbox', () => {
  test('grants by its webhooks, once, however often they come', async () => {
    const { checkout, sandbox, ledger, answers } = await openShop();
    sandbox.pay(await checkout(), { fate: 'doubled' });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'webhook', sequence: 1, openReviews: [] });
    expect((await storyOf(ledger)).filter((event) => event === 'MembershipGranted')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'duplicate').length).toBeGreaterThan(0);
    expect(answers).not.toContain('bad_signature');
  });

  test.each(['delivered', 'reordered'] as const)('with tax, shipping and a coupon is as expected, %s', async (fate) => {
    const { checkout, sandbox, stripe, ledger } = await openShop();
    const coupon = await stripe.coupons.create({ percent_off: 10, duration: 'once' });
    const shipping_rate_data = { display_name: 'Post', type: 'fixed_amount' as const, fixed_amount: { amount: 450, currency: 'eur' } };
    const sessionId = await checkout({
      session: { discounts: [{ coupon: coupon.id }], automatic_tax: { enabled: true }, shipping_options: [{ shipping_rate_data }] },
    });
    sandbox.pay(sessionId, { fate });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test.each(['paid', 'no_payment_required'] as const)('of nothing, by a 100 %% coupon that says %s, grants', async (zeroAmountStatus) => {
    const { checkout, sandbox, stripe, ledger } = await openShop({ sandbox: { zeroAmountStatus } });
    const coupon = await stripe.coupons.create({ percent_off: 100, duration: 'once' });
    sandbox.pay(await checkout({ session: { discounts: [{ coupon: coupon.id }] } }));
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('declined, then paid, grants', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card: 'declined' });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'none' });
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test.each([
    ['processing', 'succeeded', 'processing', 'active'],
    ['processing_fails', 'failed', 'processing', 'none'],
    ['voucher', 'succeeded', 'awaiting_customer', 'active'],
  ] as const)('by %s waits, and ends with the bank: %s', async (card, outcome, waiting, membership) => {
    const { checkout, sandbox, stripe, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: waiting });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
    sandbox.settle(String(payment_intent), outcome);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership, payment: outcome === 'failed' ? 'failed' : 'paid' });
  });

  test('captured in part is authorized first, then under-paid: a review, no grant', async () => {
    const { checkout, sandbox, stripe, ledger } = await openShop();
    const sessionId = await checkout({ session: { payment_intent_data: { capture_method: 'manual' } } });
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'authorized' });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
    await stripe.paymentIntents.capture(String(payment_intent), { amount_to_capture: 400 });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'paid', openReviews: [{ kind: 'amount' }] });
  });

  test('refunded in full is revoked; a refund that fails late restores it', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    const { id } = sandbox.refund(sessionId);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'revoked', payment: 'refunded' });
    sandbox.failRefund(id);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'paid' });
  });

  test('refunded in part keeps the membership', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    sandbox.refund(sessionId, { amountMinor: 300 });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'partially_refunded' });
  });

  test('disputed suspends, and won restores', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    const { id } = sandbox.dispute(sessionId);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'suspended', payment: 'disputed' });
    sandbox.updateDispute(id, 'won');
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('that expired says so', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    sandbox.expire(await checkout());
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'expired' });
  });

  test('on a recovered session, which nobody attached, is of the order that the session was recovered for', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout({ session: { after_expiration: { recovery: { enabled: true } } } });
    sandbox.expire(sessionId);
    const recovered = sandbox.recover(sessionId);
    sandbox.pay(recovered.id);
    await sandbox.deliverDue();
    expect(await ledger.orderOf(recovered.id)).toMatchObject({ orderId: 'order-1', membership: 'active' });
  });
});

describe('whose an object is', () => {
  test('another app’s objects are acknowledged, and nothing is kept', async () => {
    const shop = await openShop();
    const before = await eventsInLog(shop);
    const notOurs = { metadata: { order: 'order-1' }, client_reference_id: 'order-1' };
    for (const object of [session(notOurs), intent(notOurs), session({ ...notOurs, status: 'pondering' })]) {
      expect(await shop.payments.handleWebhook(...signed(object))).toEqual({ outcome: 'not_ours' });
    }
    expect(await eventsInLog(shop)).toBe(before);
    expect(shop.sandbox.calls.count('GET /v1/checkout/sessions/:session')).toBe(0);
  });

  test('the mark of another scope is another app’s', async () => {
    const { payments } = await openShop();
    const metadata = { ...ours, paidonce: 'another-shop' };
    expect(await payments.handleWebhook(...signed(session({ metadata })))).toEqual({ outcome: 'not_ours' });
  });

  test('a session that was attached is ours, also where its metadata are gone', async () => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(session({ metadata: {} })))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('a session that copies an attached one is ours, whatever its own metadata name', async () => {
    const shop = await openShop();
    await placed(shop);
    const recovered = session({ id: 'cs_test_2', payment_intent: 'pi_2', recovered_from: 'cs_test_1', metadata: {} });
    expect(await shop.payments.handleWebhook(...signed(recovered))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.orderOf('cs_test_2')).toMatchObject({ orderId: 'order-1', membership: 'active' });
  });

  test('what names an order that is not placed yet waits for it', async () => {
    const shop = await openShop();
    expect(await shop.payments.handleWebhook(...signed(session()))).toEqual({ outcome: 'recorded' });
    await placed(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('what is ours and names no order is held', async () => {
    const { payments } = await openShop();
    const metadata = { paidonce: 'paidonce' };
    expect(await payments.handleWebhook(...signed(session({ metadata })))).toEqual({ outcome: 'held' });
  });

  test('a refund of an unlinked payment costs one read of its intent, whose metadata decide', async () => {
    let aheadMs = 0;
    const { sandbox, stripe, ledger, answers } = await openShop({ payments: { runtime: { monotonicNowMs: () => aheadMs } } });
    const notOurs = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
      success_url: 'https://shop.example/',
    });
    sandbox.pay(notOurs.id, { fate: 'lost' });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(notOurs.id);
    sandbox.calls.reset();
    sandbox.refund(notOurs.id, { fate: 'delivered' });
    await sandbox.deliverDue();
    expect(new Set(answers)).toEqual(new Set(['not_ours']));
    expect(sandbox.calls.count('GET /v1/payment_intents/:intent')).toBe(1);

    await stripe.paymentIntents.update(String(payment_intent), { metadata: { paidonce: 'paidonce', paidonce_order: 'order-9' } });
    answers.length = 0;
    aheadMs = 6 * hourMs; // Until then it is remembered.
    sandbox.dispute(notOurs.id);
    await sandbox.deliverDue();
    expect(answers).toContain('recorded');
    expect(await storyOf(ledger, 'order-9')).toContain('webhook open');
  });

  test('another app’s intent is read once for all webhooks of its refunds, and again for a person who asks', async () => {
    const { stripe, payments, sandbox } = await openShop();
    const intent = await stripe.paymentIntents.create({ amount: 1_000, currency: 'eur', payment_method: 'pm_card_visa', confirm: true });
    const refunded = await stripe.refunds.create({ payment_intent: intent.id });
    sandbox.calls.reset();
    for (let webhook = 1; webhook <= 3; webhook++) {
      expect(await payments.handleWebhook(...signed(refund({ id: refunded.id, payment_intent: intent.id })))).toEqual({
        outcome: 'not_ours',
      });
    }
    expect(sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/payment_intents/:intent': 1 });
    await payments.recheck(refunded.id);
    expect(sandbox.calls.byRoute()).toMatchObject({ 'GET /v1/payment_intents/:intent': 2 });
  });

  test('a refund of a charge without a payment intent, as old integrations have it, is another app’s: no call tells more', async () => {
    const { payments, sandbox } = await openShop({ payments: { account: 'acct_1SandboxPaidOnce' } });
    const old = refund({ payment_intent: null, charge: 'ch_old' });
    expect(await payments.handleWebhook(...signed(old))).toEqual({ outcome: 'not_ours' });
    expect(sandbox.calls.count()).toBe(0);
  });

  test('where such a charge was linked to an order by hand, its refunds and disputes are the order’s', async () => {
    const shop = await openShop();
    await placed(shop, 'ch_old');
    await shop.payments.handleWebhook(...signed(dispute({ payment_intent: null, charge: 'ch_old' })));
    expect(await storyOf(shop.ledger)).toEqual(['OrderPlaced', 'CheckoutAttached', 'webhook open']);
  });

  test.each([[500], [429], [401], [400]])(
    'where that read fails by %i the webhook is refused, so that Stripe sends it again',
    async (status) => {
      const { payments, sandbox, ledger } = await openShop();
      sandbox.injectFault({ kind: 'status', status, times: 5, path: '/v1/payment_intents/:intent' });
      expect((await refusal(payments.handleWebhook(...signed(refund())))).code).toBe('provider_unavailable');
      sandbox.clearFaults();
      expect(await payments.handleWebhook(...signed(refund()))).toEqual({ outcome: 'not_ours' }); // Stripe knows no pi_1.
      expect(await ledger.orderOf('pi_1')).toBeUndefined();
    },
  );

  test('a test event at a live endpoint counts only where it concerns an order of ours', async () => {
    const webhookSecrets = [{ secret: webhookSecret, livemode: true }];
    const shop = await openShop({ payments: { webhookSecrets } });
    expect(await shop.payments.handleWebhook(...signed(session()))).toEqual({ outcome: 'ignored' });
    expect(await eventsInLog(shop)).toBe(0);
    await placed(shop, 'cs_live_1', { livemode: true });
    expect(await shop.payments.handleWebhook(...signed(session()))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'mode' }] });
  });

  test('a connected account’s payment of our order is reviewed, not counted', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(session(), { event: { account: 'acct_connected' } }));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'account' }] });
  });
});

describe('a payment intent alone', () => {
  const listRoute = 'GET /v1/checkout/sessions';

  test('of the expected total is taken at its word', async () => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(intent()))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
    expect(shop.sandbox.calls.count(listRoute)).toBe(0);
  });

  test('of another total is judged by its session', async () => {
    const { checkout, sandbox, stripe, ledger, payments } = await openShop();
    const coupon = await stripe.coupons.create({ amount_off: 100, currency: 'eur', duration: 'once' });
    const sessionId = await checkout({ session: { discounts: [{ coupon: coupon.id }] } });
    sandbox.pay(sessionId, { fate: 'lost' });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent'] });
    sandbox.calls.reset();
    const [body, signature] = signed(payment_intent as Stripe.PaymentIntent);
    expect(await payments.handleWebhook(body, signature)).toEqual({ outcome: 'recorded' });
    expect(sandbox.calls.byRoute()).toEqual({ [listRoute]: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
    expect(await ledger.orderOf(sessionId)).toMatchObject({ orderId: 'order-1' });
  });

  test('of another total, where the session cannot be read, is refused: never a review', async () => {
    const shop = await openShop();
    await placed(shop);
    shop.sandbox.injectFault({ kind: 'status', status: 500, times: 5, path: '/v1/checkout/sessions' });
    const work = shop.payments.handleWebhook(...signed(intent({ amount_received: 900 })));
    expect((await refusal(work)).code).toBe('provider_unavailable');
    expect(await shop.ledger.order('order-1')).toMatchObject({ payment: 'none', openReviews: [] });
  });

  test('of another total and without a session is judged by its total', async () => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(intent({ amount_received: 900 })))).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'amount' }] });
  });
});

test.each([
  ['text', (body: Uint8Array) => new TextDecoder().decode(body)],
  ['an object that was parsed', (body: Uint8Array) => JSON.parse(new TextDecoder().decode(body))],
])('a body that is %s is refused with what to pass, not acknowledged', async (_, as) => {
  const shop = await openShop();
  await placed(shop);
  const [body, signature] = signed(session());
  const refused = await refusal(shop.payments.handleWebhook(as(body) as Uint8Array, signature));
  expect([refused.code, refused.message]).toEqual(['invalid_input', expect.stringContaining('raw bytes')]);
  expect(await unreadable(shop)).toEqual([]);
});

describe('what cannot be read', () => {
  test('an object of ours is kept by id and digest, never by body, and acknowledged', async () => {
    const shop = await openShop();
    const [body, signature] = signed(session({ status: 'pondering' }));
    expect(await shop.payments.handleWebhook(body, signature)).toEqual({ outcome: 'unreadable' });
    const kept = await unreadable(shop);
    expect(kept).toEqual([
      {
        objectId: 'cs_test_1',
        eventId: expect.stringMatching(/^evt_/),
        type: 'checkout.session',
        apiVersion: '2026-10-28.endive',
        account: shop.sandbox.account,
        livemode: false,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        path: 'status',
      },
    ]);
    expect(JSON.stringify(kept)).not.toContain('example.com');
  });

  test('sent again, it is kept once', async () => {
    const shop = await openShop();
    const webhook = signed(session({ status: 'pondering' }));
    await shop.payments.handleWebhook(...webhook);
    expect(await shop.payments.handleWebhook(...webhook)).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toHaveLength(1);
  });

  // biome-ignore format: a table
  test.each([
    ['no JSON', 'not json', { type: 'unknown', path: '' }],
    ['no event', '{"id":"x_1","object":"list"}', { objectId: 'x_1', type: 'unknown', path: 'type' }],
    ['an event without an object', '{"id":"evt_x","object":"event","type":"a.b","created":1,"livemode":false}', { objectId: 'evt_x', eventId: 'evt_x', type: 'a.b', path: 'data' }],
    ['something that only looks like an event', '{"id":"x_2","object":"other","type":"a.b","created":1,"livemode":false,"data":{"object":{}}}', { objectId: 'x_2', path: 'object' }],
    ['an event whose type is no text', '{"id":"evt_x","object":"event","type":{"toString":1}}', { objectId: 'evt_x', type: 'unknown', path: 'type' }],
    ['an object 5,000 deep', snapshotOf(`{"id":"cs_test_9","object":"checkout.session","status":${nested(5_000)}}`), { objectId: 'cs_test_9', eventId: 'evt_x', type: 'checkout.session', livemode: false, path: 'a depth of more than 64' }],
    ['lists 400,000 deep', nested(400_000), { objectId: expect.stringMatching(/^sha256:/), type: 'unknown', path: 'a depth of more than 64' }],
    ['metadata 5,000 deep', snapshotOf(`{"id":"cs_test_9","object":"checkout.session","metadata":{"paidonce":${nested(5_000)}}}`), { objectId: 'cs_test_9' }],
  ])('%s, signed by Stripe, is kept and acknowledged', async (_, body, expected) => {
    const shop = await openShop();
    expect(await shop.payments.handleWebhook(bytes(body), sign(body))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([expected]);
  });

  test('an object without a name is kept: nobody can tell whose it is', async () => {
    const shop = await openShop();
    expect(await shop.payments.handleWebhook(...signed({ amount: 1 }))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ path: 'object', type: 'unknown', objectId: expect.stringMatching(/^evt_/) }]);
  });

  test('a fact that the ledger refuses is kept, not sent for ever', async () => {
    const shop = await openShop();
    await placed(shop);
    expect(await shop.payments.handleWebhook(...signed(session({ currency: 'zzz' })))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 'cs_test_1', path: 'observation' }]);
  });

  test('an object of no payment is ignored', async () => {
    const { payments } = await openShop();
    expect(await payments.handleWebhook(...signed({ id: 'cus_1', object: 'customer' }))).toEqual({ outcome: 'ignored' });
  });
});

describe('types that decide nothing are ignored before anything is asked', () => {
  const other = { api_version: '2024-06-20', account: null };

  // biome-ignore format: a table
  test.each<[string, () => [Uint8Array, string]]>([
    ['an object of no payment', () => signed({ id: 'cus_1', object: 'customer' })],
    ['a new intent', () => signed(intent({ metadata: ours }), { event: { type: 'payment_intent.created', ...other } })],
    ['a declined attempt, in another version', () => signed(intent({ metadata: ours }), { event: { type: 'payment_intent.payment_failed', ...other } })],
    ['a declined attempt, thin', () => thin({ id: 'pi_1', object: 'payment_intent' }, { type: 'v1.payment_intent.payment_failed' })],
    ['a charge that was made, thin', () => thin({ id: 'ch_1', object: 'charge' }, { type: 'v1.charge.succeeded' })],
    ['a charge that was made, in another version', () => signed(charge(), { event: { type: 'charge.succeeded', ...other } })],
  ])('%s', async (_, event) => {
    const { payments, sandbox } = await openShop(); // It does not know its own account yet.
    expect(await payments.handleWebhook(...event())).toEqual({ outcome: 'ignored' });
    expect(sandbox.calls.count()).toBe(0);
  });

  test('but of a debit that is under way a declined attempt is read: it may be the last word of it', async () => {
    const shop = await openShop({ payments: { account: 'acct_1SandboxPaidOnce' } });
    await placed(shop);
    await shop.payments.handleWebhook(
      ...signed(intent({ status: 'processing', metadata: ours }), { event: { type: 'payment_intent.processing' } }),
    );
    const read = { 'GET /v1/payment_intents/:intent': 1 };
    for (const event of [
      thin({ id: 'pi_1', object: 'payment_intent' }, { type: 'v1.payment_intent.payment_failed' }),
      signed(intent({ metadata: ours }), { event: { type: 'payment_intent.payment_failed', ...other } }),
    ]) {
      shop.sandbox.calls.reset();
      await shop.payments.handleWebhook(...event);
      expect(shop.sandbox.calls.byRoute()).toEqual(read);
    }
  });

  test('and a declined attempt of ours is told all the same where it costs no call', async () => {
    const shop = await openShop({ payments: { account: 'acct_1SandboxPaidOnce' } });
    await placed(shop);
    const declined = intent({ status: 'requires_payment_method', last_payment_error: { code: 'card_declined' }, metadata: ours });
    expect(
      await shop.payments.handleWebhook(
        ...signed(declined, { event: { type: 'payment_intent.payment_failed', account: shop.sandbox.account } }),
      ),
    ).toEqual({ outcome: 'recorded' });
    expect(shop.sandbox.calls.count()).toBe(0);
  });
});

describe('a charge that was refunded', () => {
  test('of which Stripe shows us no refunds is kept by id, not sent for ever', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(session()));
    expect(await shop.payments.handleWebhook(...signed(charge({ amount_refunded: 1_000 })))).toEqual({ outcome: 'unreadable' });
    expect(await unreadable(shop)).toMatchObject([{ objectId: 'ch_1', type: 'charge', path: 'refunds' }]);
  });

  test('leads to its refunds, and the newest word of them answers for it', async () => {
    const { checkout, sandbox, stripe, ledger, payments } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    sandbox.refund(sessionId, { amountMinor: 100 });
    await sandbox.deliverDue();
    sandbox.refund(sessionId, { amountMinor: 200, fate: 'lost' });
    const { data } = await stripe.charges.list();
    expect(await payments.handleWebhook(...signed(data[0]!))).toEqual({ outcome: 'recorded' });
    expect(await payments.handleWebhook(...signed(data[0]!))).toEqual({ outcome: 'duplicate' });
    expect((await storyOf(ledger)).filter((event) => event === 'webhook succeeded')).toHaveLength(2);
  });
});

describe('the time of a payment', () => {
  test('is that of its event, not of its intent', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(intent()));
    const granted = (await shop.ledger.history('order-1')).find(({ type }) => type === 'MembershipGranted');
    expect(granted?.data).toMatchObject({ paidAt: '2027-01-15T08:03:20.000Z' });
  });
});

describe('acknowledged means durable', () => {
  test('where the store cannot write, the webhook is refused, and Stripe’s retry grants', async () => {
    const store = openMemoryEventStore();
    let broken = false;
    const unlessBroken = async <Result>(append: () => Promise<Result>): Promise<Result> => {
      if (broken) throw new LedgerError('store_unavailable', 'The disk is gone');
      return append();
    };
    const eventStore: EventStore = {
      ...store,
      append: (...asked) => unlessBroken(() => store.append(...asked)),
      appendAll: (appends) => unlessBroken(() => store.appendAll!(appends)),
    };
    const { checkout, sandbox, ledger, answers } = await openShop({ ledger: { eventStore } });
    const sessionId = await checkout();
    broken = true;
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(answers).toContain('store_unavailable');
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none' });
    broken = false;
    await sandbox.advance(60_000);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'webhook' });
  });

  test('the account that nobody gave is asked for once; where Stripe does not answer, the next webhook asks again', async () => {
    const shop = await openShop();
    await placed(shop);
    shop.sandbox.injectFault({ kind: 'status', status: 500, path: '/v1/account' });
    expect((await refusal(shop.payments.handleWebhook(...signed(session())))).code).toBe('provider_unavailable');
    expect(await shop.payments.handleWebhook(...signed(session()))).toEqual({ outcome: 'recorded' });
    expect(await shop.payments.handleWebhook(...signed(dispute()))).toEqual({ outcome: 'recorded' });
    expect(shop.sandbox.calls.count('GET /v1/account')).toBe(2);
  });
});
