// Changes of a subscription, told by the real `stripe` package: what is credited and charged, and when.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { advanceTo, customerWith, DAY_MS, priceOf, startBilling } from './billing.test-support.ts';
import type { StripeSandboxOptions } from './index.ts';
import { errorOf, type Ground, HOUR_MS } from './sandbox.test-support.ts';

const APRIL_DAYS = 30;

interface Running extends Ground {
  readonly id: string;
  readonly item: string;
  readonly customer: string;
}

/** Since 1 April, 3,000 a month: 100 a day. */
async function running(
  fields: Partial<Stripe.SubscriptionCreateParams> = {},
  card = 'pm_card_visa',
  options: StripeSandboxOptions = {},
): Promise<Running> {
  const ground = await startBilling({ ...options, start: '2026-04-01T00:00:00Z' });
  const customer = await customerWith(ground.stripe, card);
  const items = fields.items ?? [{ price: await priceOf(ground.stripe, 3_000) }];
  const begun = await ground.stripe.subscriptions.create({ customer, ...fields, items });
  return { ...ground, customer, id: begun.id, item: begun.items.data[0]?.id ?? '' };
}

async function invoicesOf({ stripe, id }: Running): Promise<Stripe.Invoice[]> {
  return (await stripe.invoices.list({ subscription: id, expand: ['data.payments'] })).data;
}

describe('in the middle of a period', () => {
  test('an upgrade waits for the next invoice, where it stands before the base line', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item } = ground;
    await sandbox.advance(10 * DAY_MS);
    const gold = await priceOf(stripe, 6_000, 'month', 'Gold');
    const changed = await stripe.subscriptions.update(id, { items: [{ id: item, price: gold }] });
    expect(changed.items.data).toMatchObject([{ id: item, price: { id: gold } }]);
    expect(await invoicesOf(ground)).toHaveLength(1);
    expect((await stripe.invoiceItems.list({ pending: true })).data.map(({ amount }) => amount)).toEqual([4_000, -2_000]);
    await sandbox.advance(20 * DAY_MS + HOUR_MS);
    const [next, first] = await invoicesOf(ground);
    expect(next).toMatchObject({ status: 'paid', total: 8_000, billing_reason: 'subscription_cycle' });
    expect(next?.lines.data.map(({ amount, parent }) => [amount, parent?.subscription_item_details?.proration])).toEqual([
      [-2_000, true],
      [4_000, true],
      [6_000, false],
    ]);
    expect(next?.lines.data[0]?.parent?.subscription_item_details?.proration_details?.credited_items).toEqual({
      invoice: first?.id,
      invoice_line_items: [first?.lines.data[0]?.id],
    });
  });

  test('an upgrade with its invoice at once is paid at once, and keeps the end', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item } = ground;
    const end = (await stripe.subscriptions.retrieve(id)).items.data[0]?.current_period_end;
    await sandbox.advance(10 * DAY_MS);
    const gold = await priceOf(stripe, 6_000);
    await stripe.subscriptions.update(id, { items: [{ id: item, price: gold }], proration_behavior: 'always_invoice' });
    const [update] = await invoicesOf(ground);
    expect(update).toMatchObject({ status: 'paid', total: 2_000, billing_reason: 'subscription_update' });
    expect(update?.lines.data.map(({ amount, period }) => [amount, period.end])).toEqual([
      [-2_000, end],
      [4_000, end],
    ]);
    // Once more: what was charged for the rest is given back, not what the month cost.
    await sandbox.advance(10 * DAY_MS);
    const platinum = await priceOf(stripe, 9_000);
    await stripe.subscriptions.update(id, { items: [{ id: item, price: platinum }], proration_behavior: 'always_invoice' });
    const [second] = await invoicesOf(ground);
    expect(second?.lines.data.map(({ amount }) => amount)).toEqual([-2_000, 3_000]);
    expect(second?.lines.data[0]?.parent?.subscription_item_details?.proration_details?.credited_items?.invoice).toBe(update?.id);
  });

  test('an upgrade that cannot be paid makes it past due, or is refused where that was asked', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item, customer } = ground;
    await sandbox.advance(10 * DAY_MS);
    const bad = (await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })).id;
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: bad } });
    const gold = await priceOf(stripe, 6_000);
    const items = [{ id: item, price: gold }];
    const refused = stripe.subscriptions.update(id, {
      items,
      proration_behavior: 'always_invoice',
      payment_behavior: 'error_if_incomplete',
    });
    expect(await errorOf(refused)).toMatchObject({ statusCode: 402, code: 'card_declined' });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'active',
      items: { data: [{ price: { unit_amount: 3_000 } }] },
    });
    await stripe.subscriptions.update(id, { items, proration_behavior: 'always_invoice' });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'past_due', items: { data: [{ price: { id: gold } }] } });
    expect((await invoicesOf(ground))[0]).toMatchObject({ status: 'open', attempt_count: 1 });
  });

  test('an upgrade can wait for its payment, for a day', async () => {
    const ground = await running();
    const { stripe, sandbox, shop, id, item, customer } = ground;
    sandbox.changeCard(customer, 'charge_fails');
    const gold = await priceOf(stripe, 6_000);
    const silver = { status: 'active', items: { data: [{ price: { unit_amount: 3_000 } }] } };
    const change: Stripe.SubscriptionUpdateParams = {
      items: [{ id: item, price: gold }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    };
    expect(await stripe.subscriptions.update(id, change)).toMatchObject({
      ...silver,
      pending_update: { subscription_items: [{ price: { id: gold } }], expires_at: expect.any(Number) },
    });
    await sandbox.advance(DAY_MS);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ ...silver, pending_update: null });
    expect((await invoicesOf(ground))[0]).toMatchObject({ status: 'void' });

    await stripe.subscriptions.update(id, change);
    sandbox.payInvoice((await invoicesOf(ground))[0]?.id ?? '');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'active',
      pending_update: null,
      items: { data: [{ price: { id: gold } }] },
    });
    sandbox.changeCard(customer, 'success');
    await stripe.subscriptions.update(id, { ...change, items: [{ id: item, quantity: 2 }] });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ pending_update: null, items: { data: [{ quantity: 2 }] } });
    await sandbox.deliverDue();
    const told = shop.types().filter((type) => type.includes('pending_update'));
    expect(told).toEqual(['customer.subscription.pending_update_expired', 'customer.subscription.pending_update_applied']);
  });

  test('seats: more are charged with the next invoice, fewer credited at once', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item, customer } = ground;
    await stripe.subscriptions.update(id, { items: [{ id: item, quantity: 3 }], proration_behavior: 'always_invoice' });
    await sandbox.advance(15 * DAY_MS);
    await stripe.subscriptions.update(id, { items: [{ id: item, quantity: 1 }], proration_behavior: 'always_invoice' });
    expect((await invoicesOf(ground))[0]).toMatchObject({ total: -3_000, status: 'paid' });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -3_000 });
    await stripe.subscriptions.update(id, { items: [{ id: item, quantity: 2 }] });
    await sandbox.advance(15 * DAY_MS + HOUR_MS);
    // Half a month of one seat more, and a month of two, less the balance.
    expect((await invoicesOf(ground))[0]).toMatchObject({ total: 7_500, amount_due: 4_500, amount_paid: 4_500 });
  });

  test('a proration may name its invoice item instead of the item of the subscription', async () => {
    const ground = await running({}, 'pm_card_visa', { prorationParent: 'invoice_item' });
    const { stripe, sandbox, id, item } = ground;
    for (const quantity of [2, 3]) {
      await sandbox.advance(10 * DAY_MS);
      await stripe.subscriptions.update(id, { items: [{ id: item, quantity }], proration_behavior: 'always_invoice' });
    }
    const [second] = await invoicesOf(ground);
    expect(second?.lines.data.map(({ amount }) => amount)).toEqual([-2_000, 3_000]);
    expect(second?.lines.data[0]?.parent).toMatchObject({
      type: 'invoice_item_details',
      invoice_item_details: {
        proration: true,
        subscription: id,
        proration_details: { credited_items: { invoice_line_items: [expect.any(String)] } },
      },
    });
    const last = stripe.subscriptions.update(id, { items: [{ id: item, deleted: true }] });
    expect((await errorOf(last)).message).toMatch(/at least one item/);
  });

  test('without prorations only the next period costs anew', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item } = ground;
    await sandbox.advance(10 * DAY_MS);
    await stripe.subscriptions.update(id, { items: [{ id: item, quantity: 2 }], proration_behavior: 'none' });
    await sandbox.advance(20 * DAY_MS + HOUR_MS);
    expect((await invoicesOf(ground)).map(({ total }) => total)).toEqual([6_000, 3_000]);
  });

  test('an item is added, and one is removed against a credit', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item } = ground;
    await sandbox.advance(15 * DAY_MS);
    const addon = await priceOf(stripe, 1_000, 'month', 'Add-on');
    const items = [{ price: addon }, { id: item, deleted: true }];
    const changed = await stripe.subscriptions.update(id, { items, proration_behavior: 'always_invoice' });
    expect(changed.items.data.map(({ price }) => price.id)).toEqual([addon]);
    expect((await invoicesOf(ground))[0]).toMatchObject({ total: -1_000, amount_due: 0, status: 'paid', ending_balance: -1_000 });
  });

  test('eleven lines: the ten that come along are not the base line', async () => {
    const ground = await running();
    const { stripe, sandbox, id, item } = ground;
    for (let quantity = 2; quantity <= 6; quantity += 1) {
      await sandbox.advance(DAY_MS);
      await stripe.subscriptions.update(id, { items: [{ id: item, quantity }] });
    }
    await sandbox.advance(APRIL_DAYS * DAY_MS);
    const [invoice] = (await invoicesOf(ground)).filter(({ billing_reason }) => billing_reason === 'subscription_cycle');
    expect(invoice?.lines).toMatchObject({ has_more: true, url: `/v1/invoices/${invoice?.id}/lines` });
    expect(invoice?.lines.data).toHaveLength(10);
    expect(invoice?.lines.data.every(({ parent }) => parent?.subscription_item_details?.proration)).toBe(true);
    const all = await stripe.invoices.listLineItems(invoice?.id ?? '', { limit: 3 }).autoPagingToArray({ limit: 100 });
    expect(all).toHaveLength(11);
    expect(all.at(-1)).toMatchObject({ amount: 18_000, parent: { subscription_item_details: { proration: false } } });
    expect(all.reduce((sum, { amount }) => sum + amount, 0)).toBe(invoice?.total);
  });
});

describe('a new period', () => {
  test('yearly to monthly: the rest of the year is the balance that pays the next months', async () => {
    const { stripe, sandbox } = await startBilling({ start: '2026-01-01T00:00:00Z' });
    const customer = await customerWith(stripe, 'pm_card_visa');
    const [year, month] = [await priceOf(stripe, 36_500, 'year'), await priceOf(stripe, 4_000)];
    const begun = await stripe.subscriptions.create({ customer, items: [{ price: year }] });
    await sandbox.advance(265 * DAY_MS);
    const items = [{ id: begun.items.data[0]?.id ?? '', price: month }];
    const changed = await stripe.subscriptions.update(begun.id, { items, expand: ['latest_invoice'] });
    const now = Math.floor(sandbox.now().getTime() / 1_000);
    expect(changed.items.data).toMatchObject([{ current_period_start: now, price: { id: month } }]);
    // A hundred days of the year are left.
    expect(changed.latest_invoice).toMatchObject({ status: 'paid', total: -6_000, amount_due: 0, ending_balance: -6_000 });
    await sandbox.advance(32 * DAY_MS);
    await sandbox.advance(31 * DAY_MS);
    const invoices = (await stripe.invoices.list({ subscription: begun.id, expand: ['data.payments'] })).data;
    expect(invoices.map(({ total, amount_due, ending_balance }) => [total, amount_due, ending_balance])).toEqual([
      [4_000, 2_000, 0],
      [4_000, 0, -2_000],
      [-6_000, 0, -6_000],
      [36_500, 36_500, 0],
    ]);
    expect(invoices[1]?.payments?.data).toEqual([]);
    const entries = (await stripe.customers.listBalanceTransactions(customer)).data;
    expect(entries.map(({ amount, type }) => [amount, type])).toEqual([
      [2_000, 'applied_to_invoice'],
      [4_000, 'applied_to_invoice'],
      [-6_000, 'applied_to_invoice'],
    ]);
  });

  test('the anchor moves to now', async () => {
    const ground = await running();
    const { stripe, sandbox, id } = ground;
    await sandbox.advance(10 * DAY_MS);
    const now = Math.floor(sandbox.now().getTime() / 1_000);
    const changed = await stripe.subscriptions.update(id, { billing_cycle_anchor: { type: 'now' } });
    expect(changed).toMatchObject({ billing_cycle_anchor: now, items: { data: [{ current_period_start: now }] } });
    const [invoice] = await invoicesOf(ground);
    expect(invoice).toMatchObject({ status: 'paid', total: 1_000, billing_reason: 'subscription_update' });
    expect(invoice?.lines.data.map(({ amount, parent }) => [amount, parent?.subscription_item_details?.proration])).toEqual([
      [-2_000, true],
      [3_000, false],
    ]);
  });

  test('a trial ends early, and is paid at once', async () => {
    const ground = await running({ trial_period_days: 14 });
    const { stripe, sandbox, id } = ground;
    await sandbox.advance(3 * DAY_MS);
    const now = Math.floor(sandbox.now().getTime() / 1_000);
    expect(await stripe.subscriptions.update(id, { trial_end: 'now' })).toMatchObject({ status: 'active', trial_end: now });
    expect((await invoicesOf(ground))[0]).toMatchObject({ status: 'paid', total: 3_000, billing_reason: 'subscription_update' });
  });

  test('free time is given to a payer', async () => {
    const ground = await running();
    const { stripe, sandbox, id } = ground;
    await sandbox.advance(10 * DAY_MS);
    const trial_end = Math.floor(sandbox.now().getTime() / 1_000) + 60 * 86_400;
    expect(await stripe.subscriptions.update(id, { trial_end, proration_behavior: 'none' })).toMatchObject({
      status: 'trialing',
      items: { data: [{ current_period_end: trial_end }] },
    });
    expect((await invoicesOf(ground))[0]).toMatchObject({ status: 'paid', total: 0, lines: { data: [{ amount: 0 }] } });
    await advanceTo(sandbox, trial_end + 3_600);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active' });
  });
});

describe('the end', () => {
  test('at the end of the period, undone before it', async () => {
    const { stripe, sandbox, id, shop } = await running();
    const planned = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    const end = planned.items.data[0]?.current_period_end ?? 0;
    expect(planned).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
      cancel_at: end,
      canceled_at: expect.any(Number),
      ended_at: null,
    });
    const undone = await stripe.subscriptions.update(id, { cancel_at_period_end: false });
    expect(undone).toMatchObject({ cancel_at_period_end: false, cancel_at: null, canceled_at: null });
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await advanceTo(sandbox, end);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      ended_at: end,
      cancellation_details: { reason: 'cancellation_requested' },
    });
    const deleted = shop.received.find(({ event }) => event.type === 'customer.subscription.deleted');
    expect(deleted?.event).toMatchObject({ created: end, data: { object: { status: 'canceled' } } });
    expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
  });

  test('now, without and with a credit for the rest', async () => {
    const plain = await running();
    await plain.sandbox.advance(10 * DAY_MS);
    expect(await plain.stripe.subscriptions.cancel(plain.id)).toMatchObject({ status: 'canceled', ended_at: expect.any(Number) });
    expect(await invoicesOf(plain)).toHaveLength(1);

    const credited = await running();
    await credited.sandbox.advance(10 * DAY_MS);
    await credited.stripe.subscriptions.cancel(credited.id, { prorate: true, invoice_now: true });
    expect((await invoicesOf(credited))[0]).toMatchObject({ status: 'paid', total: -2_000, billing_reason: 'subscription_update' });
    expect(await credited.stripe.customers.retrieve(credited.customer)).toMatchObject({ balance: -2_000 });
  });

  test('leaves nothing to cancel, and takes metadata and a comment alone', async () => {
    const { stripe, id } = await running();
    await stripe.subscriptions.cancel(id);
    expect(await errorOf(stripe.subscriptions.cancel(id))).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    const kept = await stripe.subscriptions.update(id, { metadata: { a: 'b' }, cancellation_details: { comment: 'moved away' } });
    expect(kept).toMatchObject({ status: 'canceled', metadata: { a: 'b' }, cancellation_details: { comment: 'moved away' } });
    expect(await errorOf(stripe.subscriptions.update(id, { metadata: {}, cancel_at_period_end: true }))).toMatchObject({
      statusCode: 400,
      code: 'invalid_canceled_subscription_fields',
      message: 'A canceled subscription can only update its cancellation_details and metadata.',
    });
  });

  test('lists hide what is canceled, unless they are asked for all', async () => {
    const { stripe, id, customer } = await running();
    await stripe.subscriptions.cancel(id);
    const ids = async (status?: Stripe.SubscriptionListParams.Status): Promise<string[]> => {
      return (await stripe.subscriptions.list({ customer, ...(status ? { status } : {}) })).data.map((each) => each.id);
    };
    expect([await ids(), await ids('all'), await ids('ended'), await ids('active')]).toEqual([[], [id], [id], []]);
  });
});

describe('a pause', () => {
  test.each([
    ['void', 'void'],
    ['mark_uncollectible', 'uncollectible'],
    ['keep_as_draft', 'draft'],
  ] as const)('of the collection (%s) leaves the subscription active and its invoice %s', async (behavior, status) => {
    const ground = await running();
    const { stripe, sandbox, id } = ground;
    const resumes_at = Math.floor(sandbox.now().getTime() / 1_000) + 40 * 86_400;
    await stripe.subscriptions.update(id, { pause_collection: { behavior, resumes_at } });
    await sandbox.advance(31 * DAY_MS);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active', pause_collection: { behavior } });
    expect((await invoicesOf(ground))[0]).toMatchObject({ status, amount_paid: 0 });
    await sandbox.advance(10 * DAY_MS);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ pause_collection: null });
    await sandbox.advance(21 * DAY_MS);
    expect((await invoicesOf(ground))[0]).toMatchObject({ status: 'paid' });
  });

  test('of the subscription bills nothing, and ends with a new period', async () => {
    const ground = await running();
    const { stripe, sandbox, id, shop } = ground;
    expect(await stripe.subscriptions.pause(id, { bill_for: { unused_time_from: { type: 'none' } } })).toMatchObject({
      status: 'paused',
      status_details: { paused: { subscription: { type: 'pause_requested' } } },
    });
    await sandbox.advance(65 * DAY_MS);
    expect(await invoicesOf(ground)).toHaveLength(1);
    const now = Math.floor(sandbox.now().getTime() / 1_000);
    const resumed = await stripe.subscriptions.resume(id);
    expect(resumed).toMatchObject({ status: 'active', billing_cycle_anchor: now });
    expect(resumed).not.toHaveProperty('status_details');
    expect((await invoicesOf(ground))[0]).toMatchObject({ status: 'paid', total: 3_000, billing_reason: 'subscription_update' });
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(expect.arrayContaining(['customer.subscription.paused', 'customer.subscription.resumed']));
  });
});
