// A failure is never an answer: what a gateway says instead of Stripe, and an object that nobody asked for.
import type { Fault } from '@paidonce/sandbox';
import { describe, expect, test } from 'vitest';
import { openShop, refusal, type Shop, storyOf } from './shop.test-support.ts';
import { eventsInLog, signed, thin } from './signed-events.test-support.ts';
import { charge, refund } from './stripe-objects.test-support.ts';

type Answers = readonly [what: string, fault: Pick<Fault, 'kind' | 'status' | 'body'>];

// biome-ignore format: a table
const noAnswers: readonly Answers[] = [
  ['401 with a message', { kind: 'gateway', status: 401, body: '{"message":"Unauthorized"}' }],
  ['403 with an error of its own', { kind: 'gateway', status: 403, body: '{"error":{"code":403,"message":"Forbidden"}}' }],
  ['404 with a message', { kind: 'gateway', status: 404, body: '{"message":"no Route matched"}' }],
  ['404 with an error as text', { kind: 'gateway', status: 404, body: '{"error":"Not Found"}' }],
  ['404 that names a missing resource, and is not Stripe’s', { kind: 'gateway', status: 404, body: '{"error":{"code":"resource_missing"}}' }],
  ['429 with a message', { kind: 'gateway', status: 429, body: '{"message":"Too Many Requests"}' }],
  ['502 with a message', { kind: 'gateway', status: 502 }],
  ['503 without a body to read', { kind: 'gateway', status: 503, body: '{}' }],
  ['503 with a page', { kind: 'gateway', status: 503, body: '<html>' }],
  ['200 with {}', { kind: 'gateway', status: 200, body: '{}' }],
  ['200 with []', { kind: 'gateway', status: 200, body: '[]' }],
  ['200 with null', { kind: 'gateway', status: 200, body: 'null' }],
  ['another object', { kind: 'other_object' }],
];

const many = 50;
/** Retries need not wait here. */
const hasty = { runtime: { sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 2))) } };
const route = '/v1/checkout/sessions/:session';

/** An order paid at the sandbox, of which no webhook has told; and another app's payment, so that there are other objects. */
async function paidInSilence(ledger = {}): Promise<{ shop: Shop; sessionId: string; intentId: string }> {
  const shop = await openShop({ ledger });
  const sessionId = await shop.checkout();
  shop.sandbox.pay(await shop.checkout({ orderId: 'order-2' }), { fate: 'never_made' });
  shop.sandbox.pay(sessionId, { fate: 'never_made' });
  const { payment_intent } = await shop.stripe.checkout.sessions.retrieve(sessionId);
  return { shop, sessionId, intentId: String(payment_intent) };
}

describe.each(noAnswers)('%s', (_, fault) => {
  test('to a webhook that must read: refused with 503, and granted once Stripe answers', async () => {
    const { shop, sessionId } = await paidInSilence();
    const event = thin({ id: sessionId, object: 'checkout.session' });
    shop.sandbox.injectFault({ ...fault, path: route });
    const logged = await eventsInLog(shop);
    expect((await refusal(shop.payments.handleWebhook(...event))).code).toBe('provider_unavailable');
    expect(await eventsInLog(shop)).toBe(logged);
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'recorded' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('to the question whose a refund is: never "not ours"', async () => {
    const shop = await openShop();
    const metadata = await shop.payments.metadataFor('order-9');
    const { id } = await shop.stripe.paymentIntents.create({ amount: 1_000, currency: 'eur', metadata });
    await shop.stripe.paymentIntents.create({ amount: 1_000, currency: 'eur' });
    const event = signed(charge({ payment_intent: id, amount_refunded: 0, id: 'ch_9', refunded: false }));
    expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'ignored' });
    shop.sandbox.injectFault({ ...fault, path: '/v1/payment_intents/:intent' });
    const refunded = signed(refund({ payment_intent: id }));
    expect((await refusal(shop.payments.handleWebhook(...refunded))).code).toBe('provider_unavailable');
    expect(await shop.payments.handleWebhook(...refunded)).toEqual({ outcome: 'recorded' });
  });

  test('to a status query: stale, and right once Stripe answers', async () => {
    const { shop, sessionId } = await paidInSilence();
    shop.sandbox.injectFault({ ...fault, path: route });
    expect(await shop.payments.status(sessionId)).toMatchObject({ state: 'pending', stale: true });
    await expect.poll(() => shop.payments.status(sessionId)).toMatchObject({ state: 'active', stale: false });
  });

  test('to a second startCheckout: refused, and no other payable session is made', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    await shop.checkout({ orderId: 'order-2' });
    shop.sandbox.calls.reset();
    shop.sandbox.injectFault({ ...fault, path: route });
    expect((await refusal(shop.checkout())).code).toBe('provider_unavailable');
    expect(shop.sandbox.calls.count('POST /v1/checkout/sessions')).toBe(0);
    expect(await shop.checkout()).toBe(sessionId);
  });

  test('to a first startCheckout: nothing is placed on it, and asking again makes one session', async () => {
    const shop = await openShop({ ledger: hasty });
    const other = await shop.checkout({ orderId: 'order-2' });
    shop.sandbox.injectFault({ ...fault, path: '/v1/checkout/sessions', method: 'POST', times: many });
    if (fault.kind === 'gateway') {
      expect((await refusal(shop.checkout())).code).toBe('provider_unavailable');
      expect(await shop.ledger.order('order-1')).toBeUndefined();
      shop.sandbox.clearFaults();
    }
    const sessionId = await shop.checkout(); // Of the other object's request Stripe has kept its own answer.
    expect((await shop.stripe.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([sessionId, other]);
  });

  test('to the question of the account: it is asked again', async () => {
    const shop = await openShop();
    shop.sandbox.injectFault({ ...fault, path: '/v1/account' });
    expect((await refusal(shop.checkout())).code).toBe('provider_unavailable');
    await shop.checkout();
    expect(await shop.ledger.order('order-1')).toMatchObject({ account: shop.sandbox.account });
  });

  test.each([
    ['events', '/v1/events'],
    ['objects', '/v1/checkout/sessions'],
    ['money', '/v1/balance_transactions'],
  ] as const)('to the poll’s list of %s: the round fails, and the next one reads it', async (tier, path) => {
    const { shop, sessionId } = await paidInSilence(hasty);
    shop.sandbox.injectFault({ ...fault, path, method: 'GET', times: many });
    expect((await refusal(shop.payments.sweep({ tiers: [tier] }))).code).toBe('provider_unavailable');
    shop.sandbox.clearFaults();
    await shop.payments.sweep({ tiers: [tier] });
    expect(await storyOf(shop.ledger)).toEqual([
      'OrderPlaced',
      'CheckoutAttached',
      ...(tier === 'events' ? [] : ['poll paid', 'MembershipGranted']),
    ]);
    expect(sessionId).toMatch(/^cs_/);
  });
});

test('a list with an object of another payment is no answer', async () => {
  const { shop, intentId } = await paidInSilence();
  shop.sandbox.refund(intentId, { fate: 'never_made' });
  const event = signed(charge({ payment_intent: intentId, amount_refunded: 1_000 }));
  shop.sandbox.injectFault({
    kind: 'gateway',
    status: 200,
    path: '/v1/refunds',
    body: JSON.stringify({ object: 'list', data: [refund({ payment_intent: 'pi_other' })], has_more: false }),
  });
  expect((await refusal(shop.payments.handleWebhook(...event))).message).toContain('whose payment_intent is not');
  expect(await shop.payments.handleWebhook(...event)).toEqual({ outcome: 'recorded' });
});

test('a session of the same order that is over is no answer to the making of another', async () => {
  const shop = await openShop({ ledger: hasty });
  const first = await shop.checkout();
  // As a recovery link makes one: with the metadata of the first.
  const { metadata } = await shop.stripe.checkout.sessions.retrieve(first);
  const line = { quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'A' } } };
  const terms = { line_items: [line], success_url: 'https://shop.example', metadata: metadata ?? {} };
  const { id: recovered } = await shop.stripe.checkout.sessions.create({ mode: 'payment', ...terms });
  shop.sandbox.pay(recovered, { fate: 'never_made' });
  await shop.stripe.checkout.sessions.expire(first);
  shop.sandbox.injectFault({ kind: 'other_object', path: '/v1/checkout/sessions', method: 'POST' });
  const made = await shop.checkout();
  expect([first, recovered]).not.toContain(made);
  expect(await shop.stripe.checkout.sessions.retrieve(made)).toMatchObject({ status: 'open' });
});

test('a session that Stripe replays of another order is not handed out', async () => {
  const shop = await openShop({ ledger: hasty });
  const other = await shop.stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
    success_url: 'https://other-app.example/',
  });
  shop.sandbox.injectFault({
    kind: 'gateway',
    status: 200,
    path: '/v1/checkout/sessions',
    method: 'POST',
    times: many,
    body: JSON.stringify(other),
  });
  expect((await refusal(shop.checkout())).message).toContain('without the metadata paidonce');
});
