// Payment intents over the API, without Checkout: created, confirmed, challenged, captured, released.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { clientOf, createSession, errorOf, type Ground, HOUR_MS, startGround, startSandbox } from './sandbox.test-support.ts';

const DAY_MS = 24 * HOUR_MS;
const ORDER: Stripe.PaymentIntentCreateParams = { amount: 29_000, currency: 'twd', metadata: { paidonce_order: 'order-1' } };

function pay(stripe: Stripe, changes: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.create({ ...ORDER, confirm: true, payment_method: 'pm_card_visa', ...changes });
}

async function types({ stripe }: Ground): Promise<string[]> {
  return (await stripe.events.list({ limit: 100 })).data.map(({ type }) => type).reverse();
}

describe('a payment intent', () => {
  test('waits for a method, then for a confirmation, then is paid', async () => {
    const ground = await startGround();
    const { stripe } = ground;
    const created = await stripe.paymentIntents.create(ORDER);
    expect(created).toMatchObject({ status: 'requires_payment_method', amount: 29_000, amount_received: 0, latest_charge: null });
    const paid = await stripe.paymentIntents.confirm(created.id, { payment_method: 'pm_card_visa', expand: ['latest_charge'] });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 29_000, latest_charge: { paid: true, metadata: ORDER.metadata } });
    expect(await types(ground)).toEqual(['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded']);
    const withMethod = await stripe.paymentIntents.create({ ...ORDER, payment_method: 'pm_card_visa' });
    expect(withMethod.status).toBe('requires_confirmation');
    expect((await stripe.paymentIntents.confirm(withMethod.id)).status).toBe('succeeded');
  });

  test('is declined with 402, keeps what was done, and the same key says the same', async () => {
    const { stripe } = await startGround();
    const declined = (): Promise<unknown> =>
      stripe.paymentIntents.create({ ...ORDER, confirm: true, payment_method: 'pm_card_chargeDeclined' }, { idempotencyKey: 'k1' });
    const error = await errorOf(declined());
    expect(error).toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'generic_decline',
      charge: expect.stringMatching(/^ch_/),
      payment_intent: { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } },
    });
    const again = await errorOf(declined());
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    const [intent, ...others] = (await stripe.paymentIntents.list()).data;
    expect(others).toEqual([]);
    expect((await stripe.charges.list({ payment_intent: String(intent?.id) })).data).toMatchObject([{ status: 'failed' }]);
    const paid = await stripe.paymentIntents.confirm(String(intent?.id), { payment_method: 'pm_card_visa' });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
  });

  test.each([
    ['no amount', { ...ORDER, amount: undefined }, 'amount'],
    ['no currency', { ...ORDER, currency: undefined }, 'currency'],
    ['an unknown method', { ...ORDER, payment_method: 'pm_nobody' }, 'payment_method'],
    ['an unknown customer', { ...ORDER, customer: 'cus_nobody' }, 'customer'],
    ['a misspelt parameter', { ...ORDER, amuont: 1 }, 'amuont'],
  ])('is refused with %s', async (_what, params, param) => {
    const { stripe } = await startGround();
    expect(await errorOf(stripe.paymentIntents.create(params as object as typeof ORDER))).toMatchObject({ statusCode: 400, param });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
  });

  test('takes a method that it was made for only, and no second payment', async () => {
    const { stripe } = await startGround();
    const debit = await stripe.paymentMethods.create({ type: 'sepa_debit', sepa_debit: { iban: 'AT611904300234573201' } });
    const wrong = await errorOf(pay(stripe, { payment_method: debit.id, allowed_payment_method_types: ['card'] }));
    expect(wrong).toMatchObject({ statusCode: 400, param: 'payment_method' });
    const { id } = await pay(stripe);
    expect(await errorOf(stripe.paymentIntents.confirm(id))).toMatchObject({ code: 'payment_intent_unexpected_state' });
  });

  test('by debit is processing until the bank decides', async () => {
    const ground = await startGround({ settleAfterMs: 5_000 });
    const { stripe, sandbox } = ground;
    const data = { type: 'sepa_debit' as const, sepa_debit: { iban: 'AT861904300235473202' } };
    const { id, status } = await stripe.paymentIntents.create({ ...ORDER, confirm: true, payment_method_data: data });
    expect(status).toBe('processing');
    await sandbox.advance(5_000);
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_method_provider_decline' },
    });
    expect((await types(ground)).slice(-2)).toEqual(['charge.failed', 'payment_intent.payment_failed']);
  });
});

describe('3-D Secure', () => {
  test('waits for the bank at an address, and is paid when it says yes', async () => {
    const { stripe, sandbox } = await startGround();
    const asked = await pay(stripe, { payment_method: 'pm_card_threeDSecure2Required', return_url: 'http://127.0.0.1:3020/back' });
    const url = `${sandbox.url}/c/authenticate/${asked.id}`;
    expect(asked).toMatchObject({
      status: 'requires_action',
      next_action: { redirect_to_url: { url, return_url: 'http://127.0.0.1:3020/back' } },
    });
    expect(await (await fetch(url)).text()).toContain('Your bank asks');
    const answer = await fetch(url, { method: 'POST', body: 'answer=succeeded', redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, 'http://127.0.0.1:3020/back']);
    expect(await stripe.paymentIntents.retrieve(asked.id)).toMatchObject({ status: 'succeeded', next_action: null });
    expect((await fetch(url)).status).toBe(404);
  });

  test('fails when it says no, without a charge, and another card pays', async () => {
    const ground = await startGround();
    const { stripe, sandbox } = ground;
    const { id } = await pay(stripe, { payment_method: 'pm_card_authenticationRequired' });
    expect(sandbox.authenticate(id, 'failed')).toMatchObject({ returnUrl: null });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
      latest_charge: null,
    });
    expect(await types(ground)).toEqual(['payment_intent.created', 'payment_intent.requires_action', 'payment_intent.payment_failed']);
    expect(() => sandbox.authenticate(id)).toThrow('waits for no 3-D Secure answer');
    expect((await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' })).status).toBe('succeeded');
  });
});

describe('manual capture', () => {
  test('takes a part, or more where that was asked for, and never more than that', async () => {
    const { stripe } = await startGround();
    const held = await pay(stripe, { capture_method: 'manual' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 29_000, amount_received: 0 });
    expect(await errorOf(stripe.paymentIntents.capture(held.id, { amount_to_capture: 29_001 }))).toMatchObject({
      code: 'amount_too_large',
    });
    expect(await stripe.paymentIntents.capture(held.id, { amount_to_capture: 9_000 })).toMatchObject({
      amount: 29_000,
      amount_received: 9_000,
    });

    const options = { card: { request_overcapture: 'if_available' as const } };
    const more = await pay(stripe, { capture_method: 'manual', payment_method_options: options, expand: ['latest_charge'] });
    expect((more.latest_charge as Stripe.Charge).payment_method_details?.card?.overcapture).toEqual({
      maximum_amount_capturable: 34_800,
      status: 'available',
    });
    expect(await errorOf(stripe.paymentIntents.capture(more.id, { amount_to_capture: 34_801 }))).toMatchObject({
      code: 'amount_too_large',
    });
    const captured = await stripe.paymentIntents.capture(more.id, { amount_to_capture: 34_800 });
    expect(captured).toMatchObject({ status: 'succeeded', amount: 29_000, amount_received: 34_800 });
    const refund = await stripe.refunds.create({ payment_intent: more.id });
    expect(refund.amount).toBe(34_800);
    expect((await stripe.charges.retrieve(String(refund.charge))).refunded).toBe(true);
  });

  test('ends after seven days: canceled, and a refund that moves no money', async () => {
    const ground = await startGround();
    const { stripe, sandbox } = ground;
    const { id } = await pay(stripe, { capture_method: 'manual' });
    await sandbox.advance(7 * DAY_MS - 60_000);
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_capture');
    await sandbox.advance(60_000);
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' });
    expect((await stripe.refunds.list({ payment_intent: id })).data).toMatchObject([
      { reason: 'expired_uncaptured_charge', status: 'succeeded', amount: 29_000, balance_transaction: null },
    ]);
    expect((await stripe.balanceTransactions.list()).data).toEqual([]);
    expect((await types(ground)).slice(-4)).toEqual(['charge.refunded', 'refund.created', 'charge.expired', 'payment_intent.canceled']);
  });

  test('is given up by canceling, which ends a challenge, too', async () => {
    const { stripe, sandbox } = await startGround();
    const held = await pay(stripe, { capture_method: 'manual' });
    expect(await stripe.paymentIntents.cancel(held.id)).toMatchObject({ status: 'canceled', amount_capturable: 0 });
    await sandbox.advance(8 * DAY_MS);
    expect((await stripe.refunds.list()).data).toEqual([]);
    const asked = await pay(stripe, { payment_method: 'pm_card_threeDSecure2Required' });
    await stripe.paymentIntents.cancel(asked.id);
    expect(() => sandbox.authenticate(asked.id)).toThrow('waits for no 3-D Secure answer');
  });

  test('of a Checkout session is given up by expiring the session, unless money is held', async () => {
    const { stripe, sandbox } = await startGround();
    const open = await createSession(stripe);
    sandbox.pay(open.id, { card: 'declined' });
    const { payment_intent: declined } = await stripe.checkout.sessions.retrieve(open.id);
    const error = await errorOf(stripe.paymentIntents.cancel(String(declined)));
    expect(error).toMatchObject({ statusCode: 400, message: expect.stringContaining('expire the Checkout Session') });
    expect((await stripe.checkout.sessions.retrieve(open.id)).status).toBe('open');
    const manual = await createSession(stripe, { payment_intent_data: { capture_method: 'manual' } });
    sandbox.pay(manual.id);
    const { payment_intent: held } = await stripe.checkout.sessions.retrieve(manual.id);
    expect(await stripe.paymentIntents.cancel(String(held))).toMatchObject({ status: 'canceled' });
  });
});

describe('customers and their methods', () => {
  test('are made, found, changed, attached and removed', async () => {
    const ground = await startGround();
    const { stripe } = ground;
    const customer = await stripe.customers.create({ email: 'a@shop.example', name: 'A', metadata: { member: '7' } });
    const card = await stripe.paymentMethods.create({
      type: 'card',
      card: { token: 'tok_visa' },
      billing_details: { email: 'a@shop.example' },
    });
    expect(card).toMatchObject({ type: 'card', card: { last4: '4242', brand: 'visa' }, billing_details: { email: 'a@shop.example' } });
    await stripe.paymentMethods.attach(card.id, { customer: customer.id });
    expect((await stripe.paymentMethods.list({ customer: customer.id })).data.map(({ id }) => id)).toEqual([card.id]);
    const paid = await pay(stripe, { customer: customer.id, payment_method: card.id, expand: ['customer'] });
    expect(paid).toMatchObject({ status: 'succeeded', customer: { id: customer.id, email: 'a@shop.example' } });
    expect((await stripe.paymentIntents.list({ customer: customer.id })).data.map(({ id }) => id)).toEqual([paid.id]);
    expect(await stripe.customers.update(customer.id, { metadata: { member: '' } })).toMatchObject({ metadata: {} });
    expect((await stripe.paymentMethods.detach(card.id)).customer).toBeNull();
    expect(await stripe.customers.del(customer.id)).toEqual(expect.objectContaining({ id: customer.id, deleted: true }));
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ id: customer.id, deleted: true });
    expect(await errorOf(stripe.customers.update(customer.id, { name: 'B' }))).toMatchObject({ code: 'resource_missing' });
    expect(await stripe.paymentIntents.retrieve(paid.id, { expand: ['customer'] })).toMatchObject({
      customer: { id: customer.id, deleted: true },
    });
    expect((await stripe.customers.list({ email: 'a@shop.example' })).data).toEqual([]);
    expect(await types(ground)).toEqual(expect.arrayContaining(['customer.created', 'payment_method.attached', 'customer.deleted']));
  });

  test('an empty value clears a text, and all metadata', async () => {
    const { stripe } = await startGround();
    const { id } = await stripe.customers.create({ email: 'a@shop.example', name: 'A', description: 'd', metadata: { member: '7' } });
    expect(await stripe.customers.update(id, { phone: '1' })).toMatchObject({ name: 'A', description: 'd', metadata: { member: '7' } });
    const emptied = await stripe.customers.update(id, { email: '', name: '', description: '', metadata: '' });
    expect(emptied).toMatchObject({ email: null, name: null, phone: '1', description: null, metadata: {} });
    expect(await errorOf(stripe.customers.update(id, { email: 'nobody' }))).toMatchObject({ code: 'email_invalid', param: 'email' });
  });

  test('a card number that is no test card is refused by name', async () => {
    const { stripe } = await startGround();
    const error = await errorOf(stripe.paymentMethods.create({ type: 'card', card: { number: '4111111111111111' } }));
    expect(error).toMatchObject({ statusCode: 400, code: 'incorrect_number', message: expect.stringContaining('is no test card') });
  });
});

test('holds and challenges survive a restart', async () => {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const directory = mkdtempSync(join(tmpdir(), 'stripe-sandbox-'));
  const stateFile = join(directory, 'stripe.db');
  const first = await startSandbox({ stateFile, automatic: false });
  const held = await pay(clientOf(first), { capture_method: 'manual' });
  const asked = await pay(clientOf(first), { payment_method: 'pm_card_threeDSecure2Required' });
  await first.close();
  const second = await startSandbox({ stateFile, automatic: false });
  second.authenticate(asked.id);
  await second.advance(7 * DAY_MS + 60_000);
  const stripe = clientOf(second);
  expect((await stripe.paymentIntents.retrieve(asked.id)).status).toBe('succeeded');
  expect((await stripe.paymentIntents.retrieve(held.id)).status).toBe('canceled');
  await second.close();
  rmSync(directory, { recursive: true });
});
