// Checkout sessions of mode `subscription`, told by the real `stripe` package: what is due today, and what begins.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { customerWith, DAY_MS, priceOf, startBilling } from './billing.test-support.ts';
import { HOUR_MS } from './sandbox.test-support.ts';

type Params = Stripe.Checkout.SessionCreateParams;

/** A session for one price of 900 a month. */
async function subscribe(stripe: Stripe, fields: Partial<Params> = {}): Promise<Stripe.Checkout.Session> {
  const line_items = fields.line_items ?? [{ price: await priceOf(stripe, 900), quantity: 1 }];
  const success_url = 'http://127.0.0.1/done?session_id={CHECKOUT_SESSION_ID}';
  return stripe.checkout.sessions.create({ mode: 'subscription', success_url, ...fields, line_items } as Params);
}

async function begun(
  stripe: Stripe,
  session: string,
): Promise<{ session: Stripe.Checkout.Session; subscription: Stripe.Subscription; invoice: Stripe.Invoice }> {
  const read = await stripe.checkout.sessions.retrieve(session, { expand: ['subscription.latest_invoice.payments', 'customer'] });
  const subscription = read.subscription as Stripe.Subscription;
  return { session: read, subscription, invoice: subscription.latest_invoice as Stripe.Invoice };
}

describe('a session of mode subscription', () => {
  test('makes a customer, a subscription with its metadata, and a paid invoice', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const { id } = await subscribe(stripe, {
      customer_email: 'anna@shop.example',
      metadata: { of: 'the session' },
      subscription_data: { metadata: { paidonce_subscription: 'm-1' }, description: 'Membership' },
    });
    sandbox.pay(id);
    const { session, subscription, invoice } = await begun(stripe, id);
    expect(session).toMatchObject({ status: 'complete', payment_status: 'paid', payment_intent: null, amount_total: 900 });
    expect(session.customer).toMatchObject({ email: 'anna@shop.example' });
    expect(subscription).toMatchObject({ status: 'active', metadata: { paidonce_subscription: 'm-1' }, description: 'Membership' });
    expect(subscription.default_payment_method).toMatch(/^pm_/);
    expect(invoice).toMatchObject({
      id: session.invoice,
      status: 'paid',
      amount_paid: 900,
      parent: { subscription_details: { metadata: { paidonce_subscription: 'm-1' } } },
      payments: { data: [{ status: 'paid', amount_paid: 900 }] },
    });
    await sandbox.deliverDue();
    expect(shop.types().at(-1)).toBe('checkout.session.completed');
    expect(shop.types()).toEqual(
      expect.arrayContaining(['customer.created', 'payment_method.attached', 'invoice.paid', 'invoice_payment.paid']),
    );
    expect(shop.types().filter((type) => type === 'charge.succeeded')).toHaveLength(1);
    await sandbox.advance(31 * DAY_MS + HOUR_MS);
    expect((await stripe.invoices.list({ subscription: subscription.id, status: 'paid' })).data).toHaveLength(2);
  });

  test('the metadata on an invoice is what the subscription had when it was finalized', async () => {
    const { stripe, sandbox } = await startBilling();
    const { id } = await subscribe(stripe, { subscription_data: { metadata: { plan: 'gold' } } });
    sandbox.pay(id);
    const { subscription, invoice } = await begun(stripe, id);
    await stripe.subscriptions.update(subscription.id, { metadata: { plan: 'silver' } });
    await sandbox.advance(32 * DAY_MS);
    const [newest] = (await stripe.invoices.list({ subscription: subscription.id })).data;
    expect(newest?.parent?.subscription_details?.metadata).toEqual({ plan: 'silver' });
    expect((await stripe.invoices.retrieve(invoice.id ?? '')).parent?.subscription_details?.metadata).toEqual({ plan: 'gold' });
  });

  test('with a trial takes the card and no money', async () => {
    const { stripe, sandbox } = await startBilling();
    const { id, amount_total, url } = await subscribe(stripe, { subscription_data: { trial_period_days: 7 } });
    expect(amount_total).toBe(0);
    const page = await (await fetch(url ?? '')).text();
    for (const part of ['Subscribe for $0.00', '$9.00 every month', 'Can be saved; every charge is declined']) expect(page).toContain(part);
    await sandbox.advance(HOUR_MS);
    expect(sandbox.pay(id, { card: 'declined' })).toMatchObject({ outcome: 'declined' });
    sandbox.pay(id, { card: 'charge_fails' });
    const { session, subscription, invoice } = await begun(stripe, id);
    expect(session.payment_status).toBe('no_payment_required');
    expect(subscription).toMatchObject({ status: 'trialing', trial_end: (subscription.trial_start ?? 0) + 7 * 86_400 });
    expect(invoice).toMatchObject({ status: 'paid', total: 0, billing_reason: 'subscription_create' });
    await sandbox.advance(7 * DAY_MS + HOUR_MS);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'past_due' });
  });

  test('with a trial and a setup fee costs the fee', async () => {
    const { stripe, sandbox } = await startBilling();
    const price_data = { currency: 'usd', unit_amount: 2_500, product_data: { name: 'Setup' } };
    const line_items = [
      { price: await priceOf(stripe, 900), quantity: 1 },
      { price_data, quantity: 1 },
    ];
    const { id, amount_total } = await subscribe(stripe, { line_items, subscription_data: { trial_period_days: 7 } });
    expect(amount_total).toBe(2_500);
    sandbox.pay(id);
    const { invoice } = await begun(stripe, id);
    expect(invoice).toMatchObject({ status: 'paid', total: 2_500 });
    expect(invoice.lines.data.map(({ parent, amount }) => [parent?.type, amount])).toEqual([
      ['invoice_item_details', 2_500],
      ['subscription_item_details', 0],
    ]);
  });

  test('where no card is needed for a trial, none is kept, and the trial may end for want of one', async () => {
    const { stripe, sandbox } = await startBilling();
    const { id } = await subscribe(stripe, {
      payment_method_collection: 'if_required',
      subscription_data: { trial_period_days: 7, trial_settings: { end_behavior: { missing_payment_method: 'cancel' } } },
    });
    sandbox.pay(id);
    const { subscription } = await begun(stripe, id);
    expect(subscription.default_payment_method).toBeNull();
    await sandbox.advance(7 * DAY_MS);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'canceled' });
  });

  test.each([
    ['once', [450, 900, 900]],
    ['repeating', [450, 450, 900]],
    ['forever', [450, 450, 450]],
  ] as const)('a coupon that lasts %s', async (duration, totals) => {
    const { stripe, sandbox } = await startBilling();
    const months = duration === 'repeating' ? { duration_in_months: 2 } : {};
    const coupon = await stripe.coupons.create({ percent_off: 50, duration, ...months });
    const { id, amount_total } = await subscribe(stripe, { discounts: [{ coupon: coupon.id }] });
    expect(amount_total).toBe(450);
    sandbox.pay(id);
    const { subscription, invoice } = await begun(stripe, id);
    expect(invoice.lines.data[0]).toMatchObject({ amount: 900, discount_amounts: [{ amount: 450 }] });
    await sandbox.advance(63 * DAY_MS);
    const invoices = (await stripe.invoices.list({ subscription: subscription.id })).data;
    expect(invoices.map(({ total }) => total).toReversed()).toEqual(totals);
  });

  test('a quantity that the customer chooses is what is billed', async () => {
    const { stripe, sandbox } = await startBilling();
    const line_items = [{ price: await priceOf(stripe, 900), quantity: 3, adjustable_quantity: { enabled: true } }];
    const { id } = await subscribe(stripe, { line_items });
    sandbox.pay(id, { quantity: 5 });
    const { subscription, invoice } = await begun(stripe, id);
    expect(subscription.items.data[0]?.quantity).toBe(5);
    expect(invoice).toMatchObject({ total: 4_500, lines: { data: [{ quantity: 5 }] } });
  });

  test.each([
    ['create_prorations', 450],
    ['none', 0],
  ] as const)('an anchor in the future, %s', async (proration_behavior, due) => {
    const { stripe, sandbox } = await startBilling({ start: '2026-06-01T00:00:00Z' });
    const billing_cycle_anchor = Date.parse('2026-06-16T00:00:00Z') / 1_000;
    const { id, amount_total } = await subscribe(stripe, { subscription_data: { billing_cycle_anchor, proration_behavior } });
    // Fifteen of the 31 days before the anchor.
    expect(amount_total).toBe(due === 0 ? 0 : Math.round((900 * 15) / 31));
    sandbox.pay(id);
    const { subscription, invoice } = await begun(stripe, id);
    expect(subscription).toMatchObject({
      status: 'active',
      billing_cycle_anchor,
      items: { data: [{ current_period_end: billing_cycle_anchor }] },
    });
    if (due === 0) expect(invoice).toBeNull();
    else expect(invoice.lines.data).toMatchObject([{ parent: { subscription_item_details: { proration: true } } }]);
    await sandbox.advance(15 * DAY_MS + HOUR_MS);
    expect((await stripe.invoices.list({ subscription: subscription.id })).data[0]).toMatchObject({ total: 900, status: 'paid' });
  });

  test('tax is on each invoice', async () => {
    const { stripe, sandbox } = await startBilling();
    const { id } = await subscribe(stripe, { automatic_tax: { enabled: true } });
    sandbox.pay(id);
    const { session, subscription } = await begun(stripe, id);
    expect(session).toMatchObject({ amount_subtotal: 900, amount_total: 990 });
    await sandbox.advance(32 * DAY_MS);
    const invoices = (await stripe.invoices.list({ subscription: subscription.id })).data;
    expect(invoices).toMatchObject([
      { total: 990, status: 'paid' },
      { total: 990, total_taxes: [{ amount: 90 }] },
    ]);
  });

  test('a declined card leaves the session open and nothing behind; the next one pays', async () => {
    const { stripe, sandbox } = await startBilling();
    const { id } = await subscribe(stripe);
    expect(sandbox.pay(id, { card: 'declined' })).toMatchObject({ outcome: 'declined' });
    expect((await stripe.subscriptions.list({ status: 'all' })).data).toEqual([]);
    sandbox.pay(id);
    expect((await begun(stripe, id)).invoice).toMatchObject({ status: 'paid' });
    expect((await stripe.customers.list()).data).toHaveLength(1);
  });

  test('3-D Secure: it begins once the bank has said yes', async () => {
    const { stripe, sandbox } = await startBilling();
    const { id } = await subscribe(stripe);
    expect(sandbox.pay(id, { card: 'three_d_secure' })).toMatchObject({ outcome: 'requires_action' });
    const [intent] = (await stripe.paymentIntents.list()).data;
    expect(sandbox.authenticate(intent?.id ?? '').returnUrl).toContain(id);
    expect((await begun(stripe, id)).invoice).toMatchObject({ status: 'paid' });
  });

  test.each([
    ['processing', 'paid', 'active'],
    ['processing_fails', 'open', 'past_due'],
  ] as const)('a debit lets it begin before it is paid: %s', async (card, invoiceStatus, status) => {
    const { stripe, sandbox, shop } = await startBilling();
    const { id } = await subscribe(stripe);
    sandbox.pay(id, { card });
    expect(await begun(stripe, id)).toMatchObject({
      session: { payment_status: 'unpaid' },
      subscription: { status: 'active' },
      invoice: { status: 'open' },
    });
    await sandbox.advance(HOUR_MS);
    expect(await begun(stripe, id)).toMatchObject({ subscription: { status }, invoice: { status: invoiceStatus } });
    expect(shop.types()).toContain(
      card === 'processing' ? 'checkout.session.async_payment_succeeded' : 'checkout.session.async_payment_failed',
    );
  });

  test('a customer who is known stays the same, with a balance that is left alone', async () => {
    const { stripe, sandbox } = await startBilling();
    const customer = await customerWith(stripe);
    await stripe.customers.createBalanceTransaction(customer, { amount: -500, currency: 'usd' });
    const { id } = await subscribe(stripe, { customer });
    sandbox.pay(id);
    const { subscription, invoice } = await begun(stripe, id);
    expect(subscription.customer).toBe(customer);
    expect(invoice).toMatchObject({ amount_due: 900, amount_paid: 900, starting_balance: -500, ending_balance: -500 });
    await sandbox.advance(32 * DAY_MS);
    expect((await stripe.invoices.list({ subscription: subscription.id })).data[0]).toMatchObject({ amount_due: 400, ending_balance: 0 });
  });

  test('the fate of the session is that of what it begins, and not of the renewals', async () => {
    const { stripe, sandbox, shop } = await startBilling();
    const { id } = await subscribe(stripe, { customer: await customerWith(stripe) });
    await sandbox.deliverDue();
    const before = shop.received.length;
    sandbox.pay(id, { fate: 'lost' });
    await sandbox.deliverDue();
    expect(shop.types().slice(before)).toEqual(['payment_method.attached']);
    await sandbox.advance(32 * DAY_MS);
    expect(shop.types()).toContain('invoice.paid');
  });
});
