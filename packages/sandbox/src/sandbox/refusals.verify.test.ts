// Where the sandbox differs from Stripe, it refuses: an object that lacks something without a word would be a lie. Beside it,
// what Stripe itself refuses. The page docs/reference/sandbox-and-stripe.md lists them.
import { readFileSync } from 'node:fs';
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { errorOf, type Ground, startGround } from './sandbox.test-support.ts';

/** As older releases of the API name it. */
const olderTypes = { payment_method_types: ['card'] };

type Ask = (stripe: Stripe) => Promise<unknown>;

const page = {
  success_url: 'http://127.0.0.1/',
  line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 900, product_data: { name: 'A' } } }],
};
const sessionWith =
  (parameters: Stripe.Checkout.SessionCreateParams): Ask =>
  (stripe) =>
    stripe.checkout.sessions.create({ ...page, mode: 'payment', ...parameters });
const intentWith =
  (parameters: Partial<Stripe.PaymentIntentCreateParams>): Ask =>
  (stripe) =>
    stripe.paymentIntents.create({ amount: 900, currency: 'usd', ...parameters });

describe('what the sandbox lacks is refused by name', () => {
  test.each<[string, Ask, RegExp]>([
    ['search', (stripe) => stripe.paymentIntents.search({ query: "status:'succeeded'" }), /\/v1\/payment_intents\/search.*has no search/],
    ['search', (stripe) => stripe.customers.search({ query: "email:'a@shop.example'" }), /\/v1\/customers\/search.*has no search/],
    ['invoices', sessionWith({ invoice_creation: { enabled: true } }), /makes no invoices.*invoice_creation/],
    [
      'fees',
      sessionWith({ payment_intent_data: { application_fee_amount: 100 } }),
      /no application fees.*payment_intent_data\[application_fee_amount\]/,
    ],
    ['transfers', sessionWith({ payment_intent_data: { transfer_data: { destination: 'acct_1' } } }), /no transfers.*transfer_data/],
    ['transfers', intentWith({ transfer_data: { destination: 'acct_1' } }), /no transfers.*transfer_data/],
    ['transfers', intentWith({ on_behalf_of: 'acct_1' }), /no transfers.*on_behalf_of/],
    ['transfers', intentWith({ transfer_group: 'group' }), /no transfers.*transfer_group/],
    ['subscription schedules', (stripe) => stripe.subscriptionSchedules.list(), /no subscription schedules/],
    ['quotes', (stripe) => stripe.quotes.list(), /no quotes/],
    ['test clocks', (stripe) => stripe.testHelpers.testClocks.create({ frozen_time: 1 }), /no test clocks/],
    ['test clocks', (stripe) => stripe.customers.create({ test_clock: 'clock_1' }), /no test clocks/],
    ['meters', (stripe) => stripe.billing.meters.list(), /no meters/],
    ['meter events', (stripe) => stripe.billing.meterEvents.create({ event_name: 'calls', payload: { value: '1' } }), /no meter events/],
    ['previews of invoices', (stripe) => stripe.invoices.createPreview({ customer: 'cus_1' }), /no previews of invoices/],
    [
      'subscription_data',
      (stripe) =>
        stripe.paymentLinks.create({ line_items: [{ ...page.line_items[0], quantity: 1 }], subscription_data: { trial_period_days: 7 } }),
      /without further terms.*subscription_data/,
    ],
    [
      'thresholds',
      (stripe) => stripe.subscriptions.create({ customer: 'cus_1', items: [], billing_thresholds: { amount_gte: 100 } }),
      /no thresholds.*billing_thresholds/,
    ],
    ['stored shipping rates', sessionWith({ shipping_options: [{ shipping_rate: 'shr_1' }] }), /no stored shipping rates/],
    ['payouts', (stripe) => stripe.payouts.list(), /\/v1\/payouts/],
  ])('%s: %#', async (what, ask, message) => {
    const { stripe } = await startGround();
    expect((await errorOf(ask(stripe))).message).toMatch(message);
    expect(readFileSync(new URL('../../../../docs/reference/sandbox-and-stripe.md', import.meta.url), 'utf8')).toContain(what);
  });

  test('an invoice that is not wanted is accepted', async () => {
    const { stripe } = await startGround();
    expect(await sessionWith({ invoice_creation: { enabled: false } })(stripe)).toMatchObject({ invoice_creation: null });
  });
});

describe('what Stripe refuses is refused', () => {
  const both = (...names: string[]): string => `You may only specify one of these parameters: ${names.join(', ')}.`;

  test.each<[string, (ground: Ground) => Promise<unknown>]>([
    [
      both('customer', 'customer_email'),
      async ({ stripe }) => sessionWith({ customer: (await stripe.customers.create()).id, customer_email: 'b@shop.example' })(stripe),
    ],
    [
      both('customer', 'customer_creation'),
      async ({ stripe }) => sessionWith({ customer: (await stripe.customers.create()).id, customer_creation: 'always' })(stripe),
    ],
    [
      both('allow_promotion_codes', 'discounts'),
      async ({ stripe }) => {
        const coupon = await stripe.coupons.create({ percent_off: 10 });
        return sessionWith({ allow_promotion_codes: true, discounts: [{ coupon: coupon.id }] })(stripe);
      },
    ],
    [
      both('automatic_payment_methods', 'payment_method_types'),
      ({ stripe }) => intentWith({ automatic_payment_methods: { enabled: true }, ...olderTypes })(stripe),
    ],
    [
      '`customer_creation` can only be used in `payment` and `setup` mode.',
      ({ stripe }) => sessionWith({ mode: 'subscription', customer_creation: 'always' })(stripe),
    ],
  ])('%s', async (message, ask) => {
    expect((await errorOf(ask(await startGround()))).message).toBe(message);
  });
});

describe('customer_creation', () => {
  test('`always` makes whoever pays a customer', async () => {
    const { stripe, sandbox } = await startGround();
    const session = await stripe.checkout.sessions.create({
      ...page,
      mode: 'payment',
      customer_creation: 'always',
      customer_email: 'b@shop.example',
    });
    expect(session).toMatchObject({ customer: null, customer_creation: 'always' });
    sandbox.pay(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['customer', 'payment_intent'] });
    const { id } = paid.customer as Stripe.Customer;
    expect(paid).toMatchObject({ customer: { email: 'b@shop.example' }, payment_intent: { customer: id } });
    expect((await stripe.customers.list()).data.map((customer) => customer.id)).toEqual([id]);
  });

  test('by default nobody becomes one', async () => {
    const { stripe, sandbox } = await startGround();
    const session = await stripe.checkout.sessions.create({ ...page, mode: 'payment' });
    sandbox.pay(session.id);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ customer: null, customer_creation: 'if_required' });
    expect((await stripe.customers.list()).data).toEqual([]);
  });
});
