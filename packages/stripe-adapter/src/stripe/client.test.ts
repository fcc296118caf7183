// Whichever `stripe` the shop has: what is needed of its client, and in which version of the API Stripe is asked.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { type StripeClient, stripePayments } from '../index.ts';
import { diagnose } from '../operations/doctor.ts';
import { openShop, plan, refusal, type Shop, storyOf, webhookSecret } from '../shop.test-support.ts';
import { signed } from '../signed-events.test-support.ts';
import { session } from '../stripe-objects.test-support.ts';
import { apiVersion } from './client.ts';

const key = 'sk_test_123456789012';
const acacia = '2025-02-24.acacia'; // What stripe 17 pins.
const { successUrl: _, ...order } = plan;

/** A shop whose SDK asks in an older version, with what it has asked so far. */
async function olderShop(version = acacia) {
  const first = await openShop();
  const asked: { readonly call: string; readonly version: string }[] = [];
  const httpClient = Stripe.createNodeHttpClient();
  const send = httpClient.makeRequest.bind(httpClient);
  httpClient.makeRequest = (host, port, path, method, headers, ...rest) => {
    asked.push({ call: `${method} ${path.split('?')[0]}`, version: String((headers as Record<string, unknown>)['Stripe-Version']) });
    return send(host, port, path, method, headers, ...rest);
  };
  const config = { ...first.sandbox.clientConfig, telemetry: false, httpClient };
  const stripe = new Stripe(key, { ...config, apiVersion: version as never });
  const payments = stripePayments({ ledger: first.ledger, stripe, webhookSecrets: [webhookSecret], poll: false });
  const shop: Shop = { ...first, stripe, payments };
  return { shop, asked, [Symbol.asyncDispose]: () => payments[Symbol.asyncDispose]() };
}

/** The client with other members at this path: the structure of `StripeClient` is all that the adapter knows. */
function changed(client: object, path: string, member: unknown): StripeClient {
  const [name = '', ...rest] = path.split('.');
  const before = (client as Readonly<Record<string, object>>)[name] ?? {};
  return Object.create(client, { [name]: { value: rest.length === 0 ? member : changed(before, rest.join('.'), member) } });
}

describe('a client that lacks a method', () => {
  // biome-ignore format: a table
  test.each([
    'getApiField', 'accounts.retrieveCurrent', 'balance.retrieve', 'checkout.sessions.create', 'checkout.sessions.listLineItems',
    'paymentIntents.cancel', 'charges.retrieve', 'refunds.list', 'disputes.list', 'events.list', 'balanceTransactions.list',
    'webhooks.signature.verifyHeaderAsync',
  ])('is refused at start by its name: %s', async (path) => {
    const { ledger, stripe } = await openShop();
    const lacking = changed(stripe, path, undefined);
    expect(() => stripePayments({ ledger, stripe: lacking, webhookSecrets: false, poll: false })).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: `stripe has no ${path}; pass new Stripe(key) of stripe 17 or newer` }),
    );
  });

  test.each([
    ['nothing at all', undefined],
    ['a key', key],
    ['the class instead of a client', Stripe],
  ])('%s is refused too', async (_what, stripe) => {
    const { ledger } = await openShop();
    const options = { ledger, stripe: stripe as unknown as StripeClient, webhookSecrets: false, poll: false } as const;
    expect(() => stripePayments(options)).toThrow('stripe has no getApiField; pass new Stripe(key)');
  });
});

describe('a shop whose SDK has an older version', () => {
  test('asks in ours, but for the two calls whose parameters its SDK types', async () => {
    await using older = await olderShop();
    const { shop, asked } = older;
    shop.sandbox.pay((await shop.payments.startCheckout({ ...plan, orderId: 'looked' })).sessionId, { fate: 'lost' });
    shop.sandbox.pay((await shop.payments.startCheckout({ ...plan, orderId: 'polled' })).sessionId, { fate: 'never_made' });
    await shop.payments.startCheckout({ ...order, orderId: 'intent', ui: 'intent' });
    await shop.payments.startCheckout({ ...plan, orderId: 'intent' }); // Ends the intent.
    await shop.payments.recheck('looked');
    await shop.payments.sweep();
    await shop.payments.withdrawOrder('intent', { actor: 'support-7', reason: 'a test' });
    const { ledger, stripe } = shop;
    const { log, runtime } = { log: { info: () => {}, warn: () => {}, error: () => {} }, runtime: ledger.runtime };
    const fetch = async () => new Response(null, { status: 400 });
    await diagnose({ stripe, secretKey: key, webhookSecrets: [webhookSecret], ledger, scope: 'paidonce', log, runtime, fetch });

    const inShops = new Set(asked.filter(({ version }) => version === acacia).map(({ call }) => call));
    const inOurs = new Set(asked.filter(({ version }) => version === apiVersion).map(({ call }) => call));
    expect([...inShops].toSorted()).toEqual(['POST /v1/checkout/sessions', 'POST /v1/payment_intents']);
    expect(asked.every(({ version }) => version === acacia || version === apiVersion)).toBe(true);
    for (const call of [
      'GET /v1/account',
      'GET /v1/balance',
      'GET /v1/events',
      'GET /v1/checkout/sessions',
      'GET /v1/balance_transactions',
    ])
      expect(inOurs).toContain(call);
    for (const call of ['GET /v1/webhook_endpoints', 'GET /v2/core/event_destinations']) expect(inOurs).toContain(call);
    expect(inOurs.size).toBeGreaterThan(10);
    for (const orderId of ['looked', 'polled']) expect(await ledger.order(orderId)).toMatchObject({ membership: 'active' });
  });

  test.each(['embedded', 'elements'] as const)('makes a session for a page of its own by the name that its release has: %s', async (ui) => {
    await using older = await olderShop();
    const { shop } = older;
    const start = () => shop.payments.startCheckout({ ...order, ui, returnUrl: 'https://shop.example/back' });
    const first = await start();
    expect(first.clientSecret).toContain(`${first.sessionId}_secret_`);
    expect(await start()).toEqual(first); // Read again in our release, it is the same page.
    shop.sandbox.pay(first.sessionId, { fate: 'lost' });
    expect(await shop.payments.status(first.sessionId)).toMatchObject({ state: 'active' });
  });

  test.each([acacia, '2026-03-25.dahlia', apiVersion])('sees a quantity that the customer may lower, in %s', async (version) => {
    await using older = await olderShop(version);
    const { shop } = older;
    const line_items = [{ quantity: 1, adjustable_quantity: { enabled: true }, price: await priceAt(shop, 1_000) }];
    const started = shop.payments.startCheckout({ ...plan, allow: { more: true }, session: { line_items } });
    expect(await refusal(started)).toMatchObject({ code: 'amount_differs', message: expect.stringContaining('can be paid with 0') });
  });

  test('reads the lines once more where its version does not show that, and only there', async () => {
    const reads = async (version: string) => {
      await using older = await olderShop(version);
      await older.shop.payments.startCheckout(plan);
      return older.asked.filter(({ call }) => call.endsWith('/line_items')).map((each) => each.version);
    };
    expect([await reads(acacia), await reads('2026-02-25.clover'), await reads(apiVersion)]).toEqual([[apiVersion], [], []]);
  });

  test('is told by webhooks of our release at once, and by those of its own after a read', async () => {
    await using older = await olderShop();
    const { shop, asked } = older;
    const { sessionId } = await shop.payments.startCheckout(plan);
    shop.sandbox.pay(sessionId, { fate: 'lost' });
    const paid = await shop.stripe.checkout.sessions.retrieve(sessionId, {}, { apiVersion });
    const webhook = (api_version: string) => shop.payments.handleWebhook(...signed(paid, { event: { api_version } }));
    asked.length = 0;
    expect(await webhook(acacia)).toEqual({ outcome: 'recorded' });
    expect(asked.map(({ call }) => call)).toContain(`GET /v1/checkout/sessions/${sessionId}`);
    asked.length = 0;
    expect(await webhook(apiVersion)).toEqual({ outcome: 'duplicate' });
    expect(asked).toEqual([]);
    expect(await storyOf(shop.ledger)).toContain('MembershipGranted');
  });
});

describe('the answer to a creation', () => {
  test.each(['livemode', 'expires_at'])('without %s is none: nothing is placed on it', async (field) => {
    const { ledger, stripe } = await openShop();
    const { sessions } = stripe.checkout;
    const create = async (...call: Parameters<typeof sessions.create>) => {
      const answer = await sessions.create(...call);
      return Object.defineProperty({ ...answer, [field]: 'soon' }, 'lastResponse', { value: answer.lastResponse });
    };
    const client = changed(stripe, 'checkout.sessions.create', create);
    const runtime = { sleep: () => Promise.resolve() };
    await using payments = stripePayments({ ledger, stripe: client, webhookSecrets: false, poll: false, runtime });
    expect(await refusal(payments.startCheckout(plan))).toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining(`a checkout.session whose ${field} cannot be read`),
    });
    expect(await ledger.order('order-1')).toBeUndefined();
  });
});

describe('a signature that is none by its form', () => {
  const hex = 'ab'.repeat(32);
  test.each([
    ['nothing after `v1=`', 'v1='],
    ['63 characters', `v1=${hex.slice(1)}`],
    ['65 characters', `v1=${hex}a`],
    ['capitals', `v1=${hex.toUpperCase()}`],
    ['another scheme', `v0=${hex}`],
    ['no digits', `v1=${'z'.repeat(64)}`],
  ])('is refused before the SDK sees it: %s', async (_what, signature) => {
    const { ledger, stripe } = await openShop();
    const tried: string[] = [];
    const verifyHeaderAsync = async (_body: unknown, header: string) => tried.push(header) > 0; // It would believe anything.
    const client = changed(stripe, 'webhooks.signature.verifyHeaderAsync', verifyHeaderAsync);
    await using payments = stripePayments({ ledger, stripe: client, webhookSecrets: [webhookSecret], poll: false });
    const [body] = signed(session());
    const time = `t=${Math.floor(Date.now() / 1_000)}`;
    expect(await payments.handleWebhook(body, `${time},${signature}`)).toEqual({ outcome: 'bad_signature' });
    expect(tried).toEqual([]);
    expect(await payments.handleWebhook(body, `${time},v1=${hex}`)).not.toEqual({ outcome: 'bad_signature' });
    expect(tried).toHaveLength(1);
  });
});

async function priceAt({ stripe }: Shop, unit_amount: number): Promise<string> {
  return (await stripe.prices.create({ currency: 'eur', product_data: { name: 'Year' }, unit_amount })).id;
}
