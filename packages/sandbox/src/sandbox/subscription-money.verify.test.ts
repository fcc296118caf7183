// Lives of subscriptions drawn by chance, and an auditor that only adds up: what Stripe's own objects must agree on among
// themselves, whatever was done. It shares no code with what it checks.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { customerWith, priceOf, startBilling } from './billing.test-support.ts';
import type { Ground } from './sandbox.test-support.ts';

const LIVES = 8;
const STEPS = 24;
const DONE = new Map<string, number>();

function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return (state >>> 8) % below;
  };
}

async function live(ground: Ground, draw: (below: number) => number): Promise<string> {
  const { stripe, sandbox } = ground;
  const customer = await customerWith(stripe, 'pm_card_visa');
  const prices = [
    await priceOf(stripe, 3_100),
    await priceOf(stripe, 7_300),
    await priceOf(stripe, 33_000, 'year'),
    await priceOf(stripe, 20),
  ];
  const coupon = await stripe.coupons.create({ percent_off: 30, duration: 'repeating', duration_in_months: 3 });
  const pick = <T>(...of: readonly T[]): T => of[draw(of.length)] as T;
  const begun = await stripe.subscriptions.create({
    customer,
    items: [{ price: prices[draw(3)] as string, quantity: 1 + draw(3) }],
    ...pick<object>({}, {}, { trial_period_days: 10 }, { discounts: [{ coupon: coupon.id }] }, { automatic_tax: { enabled: true } }),
    metadata: { sandbox_dunning: pick('unpaid', 'past_due', 'paused', 'canceled') },
  });
  const { id } = begun;
  const proration_behavior = (): Stripe.SubscriptionUpdateParams.ProrationBehavior => pick('always_invoice', 'create_prorations', 'none');
  const item = async (): Promise<string> => (await stripe.subscriptions.retrieve(id)).items.data[0]?.id ?? '';
  const invoice = async (status: Stripe.InvoiceListParams.Status): Promise<string> => {
    const [found] = (await stripe.invoices.list({ subscription: id, status })).data;
    return found?.id ?? 'in_none';
  };
  const actions: Record<string, () => Promise<unknown>> = {
    price: async () =>
      stripe.subscriptions.update(id, { items: [{ id: await item(), price: pick(...prices) }], proration_behavior: proration_behavior() }),
    quantity: async () =>
      stripe.subscriptions.update(id, { items: [{ id: await item(), quantity: 1 + draw(5) }], proration_behavior: proration_behavior() }),
    pending: async () =>
      stripe.subscriptions.update(id, {
        items: [{ id: await item(), quantity: 1 + draw(5) }],
        payment_behavior: 'pending_if_incomplete',
        proration_behavior: 'always_invoice',
      }),
    anchor: () => stripe.subscriptions.update(id, { billing_cycle_anchor: { type: 'now' }, proration_behavior: proration_behavior() }),
    trial: () =>
      stripe.subscriptions.update(id, { trial_end: pick<'now' | number>('now', Math.floor(sandbox.now().getTime() / 1_000) + 900_000) }),
    end: () => stripe.subscriptions.update(id, { cancel_at_period_end: draw(3) === 0 }),
    hold: () => stripe.subscriptions.update(id, { pause_collection: pick<'' | { behavior: 'void' }>('', { behavior: 'void' }) }),
    pause: () => (draw(2) === 0 ? stripe.subscriptions.pause(id) : stripe.subscriptions.resume(id)),
    missed: () => {
      sandbox.changeCard(customer, 'charge_fails');
      return sandbox.advance({ months: 1, ms: 3_600_000 });
    },
    goodCard: async () => sandbox.changeCard(customer, 'success'),
    pay: async () =>
      stripe.invoices.pay(await invoice('open'), pick<object>({ paid_out_of_band: true }, { payment_method: 'pm_card_visa' })),
    void: async () => stripe.invoices.voidInvoice(await invoice('open')),
    note: async () => stripe.creditNotes.create({ invoice: await invoice('paid'), amount: 10, credit_amount: 10 }),
    less: async () => stripe.creditNotes.create({ invoice: await invoice('open'), amount: 500 }),
    balance: () => stripe.customers.createBalanceTransaction(customer, { amount: draw(4_000) - 2_000, currency: 'usd' }),
    time: () => sandbox.advance({ days: 1 + draw(20) }),
    month: () => sandbox.advance({ months: 1, ms: 3_600_000 }),
  };
  for (let step = 0; step < STEPS; step += 1) {
    const name = pick(...Object.keys(actions));
    // What Stripe refuses in this state is refused, and changes nothing.
    const done = await actions[name]?.().then(
      () => true,
      (error: Error) => {
        if (!('statusCode' in error) || Number(error.statusCode) >= 500) throw error;
        return false;
      },
    );
    if (done) DONE.set(name, (DONE.get(name) ?? 0) + 1);
    await audit(ground, customer, id);
  }
  return id;
}

async function audit({ stripe, sandbox }: Ground, customer: string, id: string): Promise<void> {
  const sum = (numbers: readonly (number | null | undefined)[]): number =>
    numbers.reduce<number>((total, number) => total + (number ?? 0), 0);
  const invoices = await stripe.invoices
    .list({ subscription: id, limit: 100, expand: ['data.payments'] })
    .autoPagingToArray({ limit: 1_000 });
  const credited = new Map<string, number>();
  const charged = new Map<string, number>();
  for (const invoice of invoices) {
    const lines = await stripe.invoices.listLineItems(invoice.id ?? '', { limit: 100 }).autoPagingToArray({ limit: 1_000 });
    const about = `invoice ${invoice.id} ${invoice.status}`;
    const discount = sum((invoice.total_discount_amounts ?? []).map(({ amount }) => amount));
    const tax = sum((invoice.total_taxes ?? []).map(({ amount }) => amount));
    expect(sum(lines.map(({ amount }) => amount)), about).toBe(invoice.subtotal);
    expect(sum(lines.flatMap(({ discount_amounts: off }) => (off ?? []).map(({ amount }) => amount))), about).toBe(discount);
    expect(invoice.total, about).toBe(invoice.subtotal - discount + tax);
    const paid = sum((invoice.payments?.data ?? []).map(({ amount_paid }) => amount_paid));
    expect(invoice.amount_paid, about).toBe(paid + (invoice.amount_paid_off_stripe ?? 0));
    if (invoice.status !== 'draft' && invoice.status !== 'void') {
      expect(invoice.amount_remaining, about).toBe(invoice.amount_due - invoice.amount_paid);
      const fromBalance = invoice.starting_balance - (invoice.ending_balance ?? 0);
      expect(invoice.amount_due, about).toBe(invoice.total + fromBalance - invoice.pre_payment_credit_notes_amount);
    }
    if (invoice.status === 'paid') expect(invoice.amount_remaining, about).toBe(0);
    for (const { id: line, amount, discount_amounts: off, parent } of lines) {
      const net = amount - sum((off ?? []).map((each) => each.amount));
      charged.set(line, net);
      const [of] = parent?.subscription_item_details?.proration_details?.credited_items?.invoice_line_items ?? [];
      if (of !== undefined && invoice.status !== 'void') credited.set(of, (credited.get(of) ?? 0) - net);
    }
  }
  for (const [line, amount] of credited) expect(amount, `credits of ${line}`).toBeLessThanOrEqual(charged.get(line) ?? 0);

  const intents = await stripe.paymentIntents.list({ customer, limit: 100 }).autoPagingToArray({ limit: 1_000 });
  const received = sum(intents.map(({ amount_received }) => amount_received));
  const given = sum(invoices.flatMap(({ payments }) => (payments?.data ?? []).map(({ amount_paid }) => amount_paid)));
  expect(received).toBe(given + sum(invoices.map(({ amount_overpaid }) => amount_overpaid)));
  const entries = await stripe.customers.listBalanceTransactions(customer, { limit: 100 }).autoPagingToArray({ limit: 1_000 });
  expect(((await stripe.customers.retrieve(customer)) as Stripe.Customer).balance).toBe(sum(entries.map(({ amount }) => amount)));

  const { status, items, ended_at, latest_invoice } = await stripe.subscriptions.retrieve(id);
  const now = Math.floor(sandbox.now().getTime() / 1_000);
  if (['active', 'trialing', 'past_due', 'unpaid'].includes(status)) {
    for (const { current_period_start: start, current_period_end: end } of items.data) {
      expect(start).toBeLessThanOrEqual(now);
      expect(end).toBeGreaterThan(now);
    }
  }
  expect(ended_at !== null).toBe(status === 'canceled' || status === 'incomplete_expired');
  expect(invoices.map((invoice) => invoice.id)).toContain(latest_invoice);
}

describe('whatever is done to a subscription', () => {
  test.each(Array.from({ length: LIVES }, (_, seed) => seed + 1))('the objects agree on the money, life %i', async (seed) => {
    await live(await startBilling({ dunning: { retryDays: [2, 4] } }), chance(seed));
  });

  test('every action was met', () => {
    expect([...DONE.keys()].toSorted()).toEqual(
      [
        'anchor',
        'balance',
        'end',
        'goodCard',
        'hold',
        'less',
        'missed',
        'month',
        'note',
        'pause',
        'pay',
        'pending',
        'price',
        'quantity',
        'time',
        'trial',
        'void',
      ].toSorted(),
    );
  });
});
