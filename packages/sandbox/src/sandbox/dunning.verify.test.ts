// A renewal that cannot be collected, told by the real `stripe` package: the tries, the ends, and who pays late.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { customerWith, DAY_MS, priceOf, startBilling } from './billing.test-support.ts';
import type { StripeSandboxOptions } from './index.ts';
import { errorOf, type Ground, HOUR_MS } from './sandbox.test-support.ts';

interface Owing extends Ground {
  readonly id: string;
  readonly customer: string;
}

/** A month was paid; the card has failed since. Its first try was a minute ago. */
async function owing(options: StripeSandboxOptions = {}, metadata: Record<string, string> = {}): Promise<Owing> {
  const ground = await startBilling({ start: '2026-04-01T00:00:00Z', ...options });
  const { stripe, sandbox } = ground;
  const customer = await customerWith(stripe, 'pm_card_visa');
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }], metadata });
  await useCard(stripe, customer, 'pm_card_chargeCustomerFail');
  await sandbox.advance(30 * DAY_MS + HOUR_MS + 60_000);
  return { ...ground, id, customer };
}

async function useCard(stripe: Stripe, customer: string, card: string): Promise<void> {
  const { id } = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } });
}

async function newest({ stripe, id }: Owing): Promise<Stripe.Invoice> {
  const [invoice] = (await stripe.invoices.list({ subscription: id })).data;
  if (!invoice) throw new Error('There is no invoice.');
  return invoice;
}

test('each try is planned, and told', async () => {
  const ground = await owing();
  const { stripe, sandbox, id, shop } = ground;
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'past_due' });
  const first = await newest(ground);
  expect(first).toMatchObject({ status: 'open', attempt_count: 1, attempted: true });
  const tried = Math.floor(sandbox.now().getTime() / 1_000) - 60;
  expect(first.next_payment_attempt).toBe(tried + 3 * 86_400);
  await sandbox.advance(8 * DAY_MS);
  expect(await newest(ground)).toMatchObject({ attempt_count: 3, next_payment_attempt: tried + 15 * 86_400 });
  const failed = shop.received.filter(({ event }) => event.type === 'invoice.payment_failed').map(({ event }) => event.created);
  expect(failed).toEqual([tried, tried + 3 * 86_400, tried + 8 * 86_400]);
});

test('paid on the ninth day by a new card, it is active again', async () => {
  const ground = await owing();
  const { stripe, sandbox, id, customer } = ground;
  await sandbox.advance(9 * DAY_MS);
  await useCard(stripe, customer, 'pm_card_visa');
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'past_due' });
  await stripe.invoices.pay((await newest(ground)).id ?? '');
  expect(await newest(ground)).toMatchObject({ status: 'paid', attempt_count: 3 });
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
});

test('a new card is charged at the next try', async () => {
  const ground = await owing();
  await ground.sandbox.advance(2 * DAY_MS);
  await useCard(ground.stripe, ground.customer, 'pm_card_visa');
  await ground.sandbox.advance(DAY_MS);
  expect(await newest(ground)).toMatchObject({ status: 'paid', attempt_count: 2 });
  expect(await ground.stripe.subscriptions.retrieve(ground.id)).toMatchObject({ status: 'active' });
});

test.each(['voidInvoice', 'markUncollectible'] as const)('%s: owed no more, it is active although nobody has paid', async (end) => {
  const ground = await owing();
  const { stripe, id } = ground;
  await stripe.invoices[end]((await newest(ground)).id ?? '');
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
  expect(await newest(ground)).toMatchObject({ amount_paid: 0 });
});

describe('after the last try', () => {
  test.each([
    ['canceled', { status: 'canceled', cancellation_details: { reason: 'payment_failed' }, ended_at: expect.any(Number) }],
    ['unpaid', { status: 'unpaid', ended_at: null }],
    ['past_due', { status: 'past_due', ended_at: null }],
    ['paused', { status: 'paused', status_details: { paused: { subscription: { type: 'final_payment_failure' } } } }],
  ] as const)('it is %s', async (end, expected) => {
    const ground = await owing({ dunning: { end } });
    await ground.sandbox.advance(15 * DAY_MS);
    expect(await ground.stripe.subscriptions.retrieve(ground.id)).toMatchObject(expected);
    expect(await newest(ground)).toMatchObject({ status: 'open', attempt_count: 4, next_payment_attempt: null });
  });

  test('a subscription can have an end of its own, and tries come as often as the sandbox was told', async () => {
    const ground = await owing({ dunning: { retryDays: [1] } }, { sandbox_dunning: 'unpaid' });
    await ground.sandbox.advance(DAY_MS);
    expect(await ground.stripe.subscriptions.retrieve(ground.id)).toMatchObject({ status: 'unpaid' });
    const misspelt = ground.stripe.subscriptions.update(ground.id, { metadata: { sandbox_dunning: 'cancelled' } });
    expect((await errorOf(misspelt)).message).toMatch(/sandbox_dunning is no end: cancelled/);
  });

  test('unpaid: the next invoices stay drafts, and a payment makes it active again', async () => {
    const ground = await owing({ dunning: { end: 'unpaid' } });
    const { stripe, sandbox, id, customer } = ground;
    const owed = await newest(ground);
    await sandbox.advance(35 * DAY_MS);
    expect(await newest(ground)).toMatchObject({ status: 'draft', auto_advance: false });
    await useCard(stripe, customer, 'pm_card_visa');
    await stripe.invoices.pay(owed.id ?? '');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
  });

  test('paused: paying what is owed resumes nothing, resuming does', async () => {
    const ground = await owing({ dunning: { end: 'paused' } });
    const { stripe, sandbox, id, customer } = ground;
    await sandbox.advance(50 * DAY_MS);
    sandbox.payInvoice((await newest(ground)).id ?? '');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'paused' });
    sandbox.changeCard(customer, 'charge_fails');
    await stripe.subscriptions.resume(id, { payment_behavior: 'resume_on_payment_success' });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'paused' });
    expect(await newest(ground)).toMatchObject({ status: 'open', billing_reason: 'subscription_update' });
    sandbox.payInvoice((await newest(ground)).id ?? '');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
    expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(3);
  });

  test('the link in the mail still takes the money of one that is canceled', async () => {
    const ground = await owing();
    await ground.sandbox.advance(15 * DAY_MS);
    const owed = await newest(ground);
    await ground.stripe.invoices.pay(owed.id ?? '', { payment_method: 'pm_card_visa' });
    expect(await newest(ground)).toMatchObject({ status: 'paid' });
    expect(await ground.stripe.subscriptions.retrieve(ground.id)).toMatchObject({ status: 'canceled' });
  });
});

test('3-D Secure at a renewal: the customer must act, and then it is paid', async () => {
  const { stripe, sandbox, shop } = await startBilling();
  const customer = await customerWith(stripe, 'pm_card_visa');
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
  await useCard(stripe, customer, 'pm_card_authenticationRequired');
  await sandbox.advance(32 * DAY_MS);
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'past_due' });
  expect(shop.types()).toContain('invoice.payment_action_required');
  const [payment] = (await stripe.invoicePayments.list({ status: 'open' })).data;
  sandbox.authenticate(String(payment?.payment.payment_intent));
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
});

test('sent with terms: open until it is due, then overdue', async () => {
  const { stripe, sandbox, shop } = await startBilling();
  const customer = await customerWith(stripe);
  const items = [{ price: await priceOf(stripe, 900) }];
  const begun = await stripe.subscriptions.create({
    customer,
    items,
    collection_method: 'send_invoice',
    days_until_due: 14,
    expand: ['latest_invoice'],
  });
  const due_date = begun.created + 14 * 86_400;
  expect(begun).toMatchObject({ status: 'active', latest_invoice: { status: 'draft', due_date } });
  await sandbox.advance(HOUR_MS);
  expect((await stripe.invoices.list({ subscription: begun.id })).data).toMatchObject([{ status: 'open', due_date }]);
  await sandbox.advance(14 * DAY_MS);
  expect(await stripe.subscriptions.retrieve(begun.id)).toMatchObject({ status: 'past_due' });
  expect(shop.types()).toContain('invoice.overdue');
  await stripe.invoices.pay((begun.latest_invoice as Stripe.Invoice).id ?? '', { paid_out_of_band: true });
  expect(await stripe.subscriptions.retrieve(begun.id)).toMatchObject({ status: 'active' });
});
