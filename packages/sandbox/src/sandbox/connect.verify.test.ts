// Connect: each account has objects of its own, reached by header, heard of at Connect endpoints.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clientOf, createSession, errorOf, INTENT_METADATA, startGround, startSandbox, startShop } from './sandbox.test-support.ts';

const SELLER = 'acct_1Seller';
const ON_SELLER = { stripeAccount: SELLER };

function sellersSession(stripe: Stripe): Promise<Stripe.Checkout.Session> {
  const price_data = { currency: 'usd', unit_amount: 500, product_data: { name: 'Of the seller' } };
  const params = {
    mode: 'payment' as const,
    line_items: [{ quantity: 1, price_data }],
    success_url: 'http://127.0.0.1/',
    metadata: INTENT_METADATA,
  };
  return stripe.checkout.sessions.create(params, ON_SELLER);
}

describe('a connected account', () => {
  test('is made over the API or named at the start, and described', async () => {
    const { stripe, sandbox } = await startGround({ connectedAccounts: [SELLER] });
    const made = await stripe.accounts.create({ type: 'express', country: 'DE', email: 'seller@shop.example' });
    expect(made).toMatchObject({ type: 'express', country: 'DE', email: 'seller@shop.example', charges_enabled: true });
    expect((await stripe.accounts.list()).data.map(({ id }) => id)).toEqual([made.id, SELLER]);
    expect((await stripe.accounts.retrieve(made.id)).country).toBe('DE');
    expect((await stripe.accounts.retrieveCurrent({}, { stripeAccount: made.id })).id).toBe(made.id);
    expect((await stripe.accounts.retrieveCurrent()).id).toBe(sandbox.account);
    expect((await stripe.accounts.update(made.id, { metadata: { a: '1' } })).metadata).toEqual({ a: '1' });
    expect(await errorOf(stripe.accounts.create({ type: 'express' }, ON_SELLER))).toMatchObject({ statusCode: 403 });
  });

  test('has objects of its own: nobody else lists, reads or refunds them', async () => {
    const { stripe, sandbox } = await startGround({ connectedAccounts: [SELLER, 'acct_1Other'] });
    const own = await createSession(stripe);
    const sellers = await sellersSession(stripe);
    sandbox.pay(sellers.id);
    expect((await stripe.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([own.id]);
    const [listed] = (await stripe.checkout.sessions.list({ expand: ['data.payment_intent'] }, ON_SELLER)).data;
    expect(listed).toMatchObject({ id: sellers.id, payment_status: 'paid', payment_intent: { amount_received: 500 } });
    for (const options of [undefined, { stripeAccount: 'acct_1Other' }]) {
      expect(await errorOf(stripe.checkout.sessions.retrieve(sellers.id, {}, options))).toMatchObject({ code: 'resource_missing' });
    }
    expect((await stripe.balanceTransactions.list()).data).toEqual([]);
    expect((await stripe.balanceTransactions.list({}, ON_SELLER)).data).toMatchObject([{ amount: 500 }]);
    const intent = (listed?.payment_intent as Stripe.PaymentIntent | undefined)?.id ?? '';
    expect(await errorOf(stripe.refunds.create({ payment_intent: intent }))).toMatchObject({ param: 'payment_intent' });
    expect(await stripe.refunds.create({ payment_intent: intent }, ON_SELLER)).toMatchObject({ status: 'succeeded' });
  });

  test('has idempotency keys of its own', async () => {
    const { stripe } = await startGround({ connectedAccounts: [SELLER] });
    const ours = await stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' });
    const theirs = await stripe.coupons.create({ percent_off: 20 }, { idempotencyKey: 'k1', ...ON_SELLER });
    expect([ours.percent_off, theirs.percent_off]).toEqual([10, 20]);
  });

  test('is heard of at a Connect endpoint, with its name on each event, and nowhere else', async () => {
    const { stripe, sandbox, shop } = await startGround({ connectedAccounts: [SELLER] });
    const connect = await startShop();
    await stripe.webhookEndpoints.create({ url: connect.url, enabled_events: ['*'], connect: true });
    sandbox.pay((await sellersSession(stripe)).id);
    await sandbox.deliverDue();
    expect(shop.received).toEqual([]);
    expect(connect.received.map(({ event }) => event.account)).toEqual([SELLER, SELLER, SELLER, SELLER]);
    sandbox.pay((await createSession(stripe)).id);
    await sandbox.deliverDue();
    expect(connect.received).toHaveLength(4);
    expect(shop.received.map(({ event }) => event.account)).toEqual([undefined, undefined, undefined, undefined]);
    expect((await stripe.events.list({}, ON_SELLER)).data).toHaveLength(4);
    const [event] = (await stripe.events.list({ type: 'charge.succeeded' }, ON_SELLER)).data;
    expect(event).toMatchObject({ account: SELLER, pending_webhooks: 0 });
    await stripe.rawRequest('POST', `/v1/events/${event?.id}/retry`, {}, ON_SELLER);
    await sandbox.deliverDue();
    expect(connect.received.filter(({ event: { id } }) => id === event?.id)).toHaveLength(2);
  });

  test('by a thin event names the context, in which the object is fetched', async () => {
    const { stripe, sandbox } = await startGround({ connectedAccounts: [SELLER] });
    const thin = await startShop();
    const secret = 'whsec_thin';
    sandbox.addWebhookEndpoint({ url: thin.url, secret, payload: 'thin', connect: true, enabledEvents: ['v1.checkout.session.completed'] });
    const { id } = await sellersSession(stripe);
    sandbox.pay(id);
    await sandbox.deliverDue();
    const [{ body, signature } = { body: '', signature: '' }] = thin.received;
    const notification = stripe.parseEventNotification(body, signature, secret);
    expect(String(notification.context)).toBe(SELLER);
    const session = 'fetchRelatedObject' in notification ? await notification.fetchRelatedObject() : undefined;
    expect(session).toMatchObject({ id, payment_status: 'paid' });
  });

  test('is there after a restart, with its objects and what was to happen to them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stripe-sandbox-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const stateFile = join(directory, 'stripe.db');
    const first = await startSandbox({ stateFile, automatic: false, connectedAccounts: [SELLER] });
    const made = await clientOf(first).accounts.create({ type: 'express' });
    const { id } = await sellersSession(clientOf(first));
    first.pay(id, { card: 'processing' });
    await first.close();
    const second = await startSandbox({ stateFile, automatic: false });
    await second.advance(60_000);
    const stripe = clientOf(second);
    expect((await stripe.checkout.sessions.retrieve(id, {}, ON_SELLER)).payment_status).toBe('paid');
    expect((await stripe.accounts.list()).data.map((account) => account.id)).toEqual([made.id, SELLER]);
  });
});
