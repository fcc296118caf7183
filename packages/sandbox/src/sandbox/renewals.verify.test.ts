// A subscription from its first invoice on, told by the real `stripe` package: what is billed, when, and which events say so.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { advanceTo, customerWith, DAY_MS, priceOf, startBilling } from './billing.test-support.ts';
import { HOUR_MS } from './sandbox.test-support.ts';

describe('the first invoice', () => {
  test('is made, opened and paid at once, and the subscription is active', async () => {
    const { stripe, shop, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const price = await priceOf(stripe, 900);
    const subscription = await stripe.subscriptions.create({ customer, items: [{ price }], metadata: { member: 'm-1' } });
    expect(subscription).toMatchObject({ status: 'active', currency: 'usd', customer, latest_invoice: expect.stringMatching(/^in_/) });
    const [item] = subscription.items.data;
    expect(item).toMatchObject({ quantity: 1, price: { id: price }, current_period_start: subscription.created });
    const invoice = await stripe.invoices.retrieve(String(subscription.latest_invoice), {
      expand: ['payments.data.payment.payment_intent'],
    });
    expect(invoice).toMatchObject({
      status: 'paid',
      billing_reason: 'subscription_create',
      total: 900,
      amount_paid: 900,
      amount_remaining: 0,
      parent: { type: 'subscription_details', subscription_details: { subscription: subscription.id, metadata: { member: 'm-1' } } },
    });
    expect(invoice).not.toHaveProperty('charge');
    expect(invoice).not.toHaveProperty('subscription');
    expect(invoice.lines.data).toMatchObject([
      {
        amount: 900,
        period: { start: item?.current_period_start, end: item?.current_period_end },
        parent: { subscription_item_details: { subscription_item: item?.id, proration: false } },
        pricing: { price_details: { price } },
      },
    ]);
    expect(invoice.payments?.data).toMatchObject([
      { status: 'paid', amount_paid: 900, is_default: true, payment: { payment_intent: { status: 'succeeded', customer } } },
    ]);
    await sandbox.deliverDue();
    expect(shop.types()).toEqual([
      'customer.created',
      'invoice.created',
      'customer.subscription.created',
      'payment_intent.created',
      'invoice.finalized',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice_payment.paid',
      'invoice.paid',
      'invoice.payment_succeeded',
      'customer.subscription.updated',
    ]);
    const created = shop.received.find(({ event }) => event.type === 'customer.subscription.created');
    expect(created?.event).toMatchObject({ api_version: '2026-10-28.endive', data: { object: { status: 'incomplete' } } });
  });

  test('that is declined leaves it incomplete, and after a day it has never begun', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_chargeCustomerFail');
    const { id, latest_invoice } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'incomplete' });
    await sandbox.advance(DAY_MS);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'incomplete_expired', ended_at: expect.any(Number) });
    expect(await stripe.invoices.retrieve(String(latest_invoice))).toMatchObject({ status: 'void', attempt_count: 1 });
    expect(shop.types()).toEqual(expect.arrayContaining(['invoice.payment_failed', 'charge.failed', 'invoice.voided']));
  });

  test('can be demanded: without the payment there is no subscription', async () => {
    const { stripe } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_chargeCustomerFail');
    const asked = stripe.subscriptions.create({
      customer,
      items: [{ price: await priceOf(stripe, 900) }],
      payment_behavior: 'error_if_incomplete',
    });
    await expect(asked).rejects.toMatchObject({ code: 'card_declined', statusCode: 402 });
    expect((await stripe.subscriptions.list({ status: 'all' })).data).toEqual([]);
  });

  test('needs a payment method, or a customer who will give one', async () => {
    const { stripe } = await startBilling();
    const items = [{ price: await priceOf(stripe, 900) }];
    const asked = stripe.subscriptions.create({ customer: await customerWith(stripe), items });
    await expect(asked).rejects.toMatchObject({ code: 'resource_missing', statusCode: 400 });
    expect((await stripe.subscriptions.list({ status: 'all' })).data).toEqual([]);
  });

  test('left to the customer is paid by its intent', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe);
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: await priceOf(stripe, 900) }],
      payment_behavior: 'default_incomplete',
      expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
    });
    expect(subscription.status).toBe('incomplete');
    const invoice = subscription.latest_invoice as Stripe.Invoice;
    const intent = String(invoice.payments?.data[0]?.payment.payment_intent);
    expect(invoice.confirmation_secret?.client_secret).toContain(intent);
    sandbox.payIntent(intent);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'active' });
  });
});

describe('a renewal', () => {
  test('begins the period, lies an hour as a draft, and is then paid', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const begun = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    const end = begun.items.data[0]?.current_period_end ?? 0;
    await advanceTo(sandbox, end);
    const renewed = await stripe.subscriptions.retrieve(begun.id, { expand: ['latest_invoice'] });
    expect(renewed).toMatchObject({ status: 'active', items: { data: [{ current_period_start: end }] } });
    expect(renewed.latest_invoice).toMatchObject({
      status: 'draft',
      billing_reason: 'subscription_cycle',
      period_end: end,
      automatically_finalizes_at: end + 3_600,
      lines: { data: [{ period: { start: end, end: renewed.items.data[0]?.current_period_end } }] },
    });
    await sandbox.advance(HOUR_MS);
    const paid = await stripe.invoices.retrieve((renewed.latest_invoice as Stripe.Invoice).id ?? '');
    expect(paid).toMatchObject({ status: 'paid', attempt_count: 1, status_transitions: { paid_at: end + 3_600 } });
    const told = shop.received.filter(({ event }) => event.type === 'invoice.paid').map(({ event }) => event.created);
    expect(told).toEqual([begun.created, end + 3_600]);
  });

  test('of the 31st falls on the last day of shorter months, and comes back', async () => {
    const { stripe, sandbox } = await startBilling({ start: '2026-01-31T10:00:00Z' });
    const customer = await customerWith(stripe, 'pm_card_visa');
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: await priceOf(stripe, 900) }] });
    await sandbox.advance(145 * DAY_MS);
    const ends = (await stripe.invoices.list({ subscription: id })).data.map(({ lines }) => lines.data[0]?.period.end ?? 0);
    expect(ends.toReversed().map((end) => new Date(end * 1_000).toISOString())).toEqual([
      '2026-02-28T10:00:00.000Z',
      '2026-03-31T10:00:00.000Z',
      '2026-04-30T10:00:00.000Z',
      '2026-05-31T10:00:00.000Z',
      '2026-06-30T10:00:00.000Z',
    ]);
  });

  test('of a trial is the first that costs, and three days before it ends somebody is told', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const price = await priceOf(stripe, 900);
    const trial = await stripe.subscriptions.create({ customer, items: [{ price }], trial_period_days: 14, expand: ['latest_invoice'] });
    expect(trial).toMatchObject({ status: 'trialing', latest_invoice: { status: 'paid', total: 0, lines: { data: [{ amount: 0 }] } } });
    expect(trial.items.data[0]?.current_period_end).toBe(trial.trial_end);
    await sandbox.advance(12 * DAY_MS);
    expect(shop.types()).toContain('customer.subscription.trial_will_end');
    await sandbox.advance(2 * DAY_MS + HOUR_MS);
    const running = await stripe.subscriptions.retrieve(trial.id, { expand: ['latest_invoice'] });
    expect(running).toMatchObject({ status: 'active', latest_invoice: { status: 'paid', total: 900 } });
  });

  test.each([
    ['cancel', { status: 'canceled' }],
    ['pause', { status: 'paused', status_details: { paused: { subscription: { type: 'trial_end_without_payment_method' } } } }],
    ['create_invoice', { status: 'past_due' }],
  ] as const)('of a trial without a card can %s', async (missing_payment_method, expected) => {
    const { stripe, sandbox } = await startBilling();
    const { id } = await stripe.subscriptions.create({
      customer: await customerWith(stripe),
      items: [{ price: await priceOf(stripe, 900) }],
      trial_period_days: 7,
      trial_settings: { end_behavior: { missing_payment_method } },
    });
    await sandbox.advance(7 * DAY_MS + HOUR_MS);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject(expected);
  });

  test('of mixed intervals bills each item at its own time', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe, 'pm_card_visa');
    const [year, month] = [await priceOf(stripe, 9_000, 'year'), await priceOf(stripe, 500)];
    const { id } = await stripe.subscriptions.create({ customer, items: [{ price: year }, { price: month, quantity: 2 }] });
    await sandbox.advance(33 * DAY_MS);
    const invoices = (await stripe.invoices.list({ subscription: id })).data;
    expect(invoices.map(({ total }) => total)).toEqual([1_000, 10_000]);
    expect(invoices[0]?.lines.data).toMatchObject([{ quantity: 2, pricing: { price_details: { price: month } } }]);
  });

  test('of a metered price costs nothing and looks back', async () => {
    const { stripe, sandbox } = await startBilling();
    const product = await stripe.products.create({ name: 'Calls' });
    const recurring = { interval: 'month' as const, usage_type: 'metered' as const, meter: 'mtr_1' };
    const { id: price } = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 10, recurring });
    const begun = await stripe.subscriptions.create({ customer: await customerWith(stripe, 'pm_card_visa'), items: [{ price }] });
    expect(begun.latest_invoice).toBeNull();
    await sandbox.advance(33 * DAY_MS);
    const [invoice] = (await stripe.invoices.list({ subscription: begun.id })).data;
    expect(invoice).toMatchObject({ status: 'paid', total: 0, lines: { data: [{ period: { start: begun.created } }] } });
  });
});
