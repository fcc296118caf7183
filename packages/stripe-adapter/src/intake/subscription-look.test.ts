// A look at a subscription, over sockets: what it reads, what it tells, and as of when.
import type { PaidInvoice } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import {
  day,
  invoice,
  invoicePayment,
  item,
  line,
  listOf,
  ofItem,
  parent,
  pricing,
  subscription,
} from '../billing-objects.test-support.ts';
import { type BillingServer, openBilling } from '../billing-server.test-support.ts';
import { toSubscriptionObservation } from '../mapping/to-subscription-observation.ts';
import { refusal } from '../shop.test-support.ts';
import { type LookedAt, lookAtSubscription, type SeenSubscription } from './subscription-look.ts';

const plans = { club: ['price_month', 'price_gold'] };
const reference = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'sub_1' };
const paidApril: LookedAt = { subscription: reference, plans, paidThrough: '2026-05-01T00:00:00.000Z' };
const retrieve = 'GET /v1/subscriptions/sub_1';

async function look({ calls }: BillingServer, at = paidApril): Promise<SeenSubscription> {
  const found = await lookAtSubscription(at, 'paidonce', calls.billing);
  if (found.outcome !== 'seen') throw new Error('it was expected to be there');
  return found;
}

const told = ({ statements }: SeenSubscription) => statements.map(({ fact }) => ('id' in fact ? `${fact.id} ${fact.status}` : fact.status));
const newest = (fields: Partial<Stripe.Invoice> = {}, more: Partial<Stripe.Subscription> = {}) =>
  subscription({ latest_invoice: invoice({ payments: listOf([invoicePayment()]), ...fields }), ...more });

function factOf(of: Stripe.Invoice): PaidInvoice {
  const { statements } = toSubscriptionObservation(of, { account: 'acct_1', asOf: '2026-04-01T00:00:00.000Z' }, 'paidonce');
  return statements.flatMap(({ fact }) => (fact.kind === 'invoice' && fact.status === 'paid' ? fact : []))[0]!;
}

describe('a look', () => {
  test('is one read where the newest invoice pays for more than is known', async () => {
    const server = await openBilling({ [retrieve]: newest() });
    const found = await look(server);
    expect(told(found)).toEqual(['active', 'in_1 paid', 'inpay_1 paid']);
    expect(found).toMatchObject({ look: '2026-05-03T12:00:00.000Z', unreadable: [], claim: { subscriptionId: 'club-7' } });
    expect(found.statements[0]).toMatchObject({ asOf: '2026-05-03T12:00:00.000Z', evidence: { objectId: 'sub_1' } });
    expect(server.asked).toHaveLength(1);
  });

  // biome-ignore format: a table
  test.each([
    ['is a draft of a later month', { status: 'draft' }],
    ['is open', { status: 'open' }],
    ['is of an add-on', { lines: listOf([line({ pricing: pricing('price_addon', 'prod_addon') })]) }],
    ['is of a change alone', { lines: listOf([line({ parent: ofItem({ proration: true }) })]) }],
    ['is a trial', { total: 0, lines: listOf([line({ amount: 0 })]) }],
    ['is a trial beside a setup fee', { lines: listOf([line({ amount: 0 })]) }],
    ['was written off', { pre_payment_credit_notes_amount: 1_000_000 }],
    ['pays for no more than is known', { lines: listOf([line({ period: { start: day('2026-04-01'), end: day('2026-05-01') } })]) }],
  ])('lists the invoices since three days before the known end, where the newest %s', async (_what, fields) => {
    const server = await openBilling({
      [retrieve]: newest({ id: 'in_9', ...(fields as Partial<Stripe.Invoice>) }),
      'GET /v1/invoices': listOf([invoice({ id: 'in_9' }), invoice({ id: 'in_2', payments: listOf([invoicePayment({ invoice: 'in_2' })]) })]),
    });
    const found = await look(server);
    expect(told(found)).toContain('in_2 paid');
    expect(told(found).at(-1)).toBe('inpay_1 paid');
    expect(server.asked[1]).toBe(`GET /v1/invoices?subscription=sub_1&created[gte]=${day('2026-04-28')}&limit=100&expand[0]=data.payments`);
  });

  test('reads the invoice whose time is credited, where nobody knows it: nobody may have paid that one', async () => {
    const credited = ofItem({ proration: true, proration_details: { credited_items: { invoice: 'in_0', invoice_line_items: ['il_0'] } } });
    const byCredits = newest({
      id: 'in_9',
      total: -8_000,
      lines: listOf([line({ id: 'il_c', amount: -11_000, parent: credited }), line()]),
    });
    const server = await openBilling({
      [retrieve]: byCredits,
      'GET /v1/invoices/in_0': invoice({ id: 'in_0', status: 'open' }),
      'GET /v1/invoices': listOf([]),
    });
    const found = await look(server);
    expect(told(found)).toContain('in_0 open');
    expect(server.asked.filter((asked) => asked.includes('in_0'))).toHaveLength(1);
    expect(found.look).toBe('2026-05-03T12:00:00.000Z');
    const foreign = await openBilling({
      [retrieve]: byCredits,
      'GET /v1/invoices/in_0': invoice({ id: 'in_0', status: 'open', parent: parent('sub_2') }),
      'GET /v1/invoices': listOf([]),
    });
    expect(told(await look(foreign))).not.toContain('in_0 open');
  });

  test('reads it too where money was paid beside the credits, and not where the ledger holds it as paid', async () => {
    const credited = ofItem({ proration: true, proration_details: { credited_items: { invoice: 'in_0', invoice_line_items: ['il_0'] } } });
    const change = newest({
      id: 'in_9',
      total: 8_000,
      lines: listOf([line({ id: 'il_c', amount: -2_000, parent: credited }), line({ amount: 10_000 })]),
    });
    const server = await openBilling({ [retrieve]: change, 'GET /v1/invoices/in_0': invoice({ id: 'in_0' }) });
    expect(told(await look(server))).toContain('in_0 paid');
    expect(server.asked).toHaveLength(2);
    const held = { fact: factOf(invoice({ id: 'in_0' })), sources: [] };
    expect(told(await look(server, { ...paidApril, invoices: [held] }))).not.toContain('in_0 paid');
    expect(server.asked).toHaveLength(3);
  });

  test('reads no invoice that is listed once more, whichever of them credits it', async () => {
    const credited = ofItem({ proration: true, proration_details: { credited_items: { invoice: 'in_0', invoice_line_items: ['il_0'] } } });
    const byCredits = invoice({ id: 'in_9', total: -8_000, lines: listOf([line({ id: 'il_c', amount: -11_000, parent: credited })]) });
    const server = await openBilling({
      [retrieve]: newest({ id: 'in_10', status: 'draft' }),
      'GET /v1/invoices': listOf([byCredits, invoice({ id: 'in_0', status: 'open' })]),
    });
    expect(told(await look(server))).toEqual(expect.arrayContaining(['in_9 paid', 'in_0 open']));
    expect(server.asked).toHaveLength(2);
  });

  test('lists since three days before the period that runs out began: an invoice of a change in it may be paid weeks later', async () => {
    const held = (fields: Partial<Stripe.Invoice>) => ({ fact: factOf(invoice(fields)), sources: [] });
    const april = held({ lines: listOf([line({ period: { start: day('2026-04-01'), end: day('2026-05-01') } })]) });
    const march = held({ id: 'in_0', lines: listOf([line({ period: { start: day('2026-03-01'), end: day('2026-04-01') } })]) });
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }), 'GET /v1/invoices': listOf([]) });
    await look(server, { ...paidApril, invoices: [march, april] });
    expect(server.asked[1]).toContain(`created[gte]=${day('2026-03-29')}`);
  });

  test.each([
    ['open', true],
    ['uncollectible', true],
    ['void', false],
  ] as const)('lists all where the ledger holds one that is %s: %s', async (status, listsAll) => {
    const held = { fact: { kind: 'invoice', id: 'in_0', status }, sources: [] } as const;
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }), 'GET /v1/invoices': listOf([]) });
    await look(server, { ...paidApril, invoices: [held] });
    expect(server.asked[1]?.includes('created')).toBe(!listsAll);
  });

  test('of a subscription of which nothing is known lists all, where the newest is not paid', async () => {
    const { paidThrough: _, ...unknown } = paidApril;
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }), 'GET /v1/invoices': listOf([]) });
    await look(server, unknown);
    expect(server.asked[1]).toBe('GET /v1/invoices?subscription=sub_1&limit=100&expand[0]=data.payments');
    const paid = await openBilling({ [retrieve]: newest() });
    await look(paid, unknown);
    expect(paid.asked).toHaveLength(1);
  });

  test('is as of the earliest of its reads, however late the payment was seen', async () => {
    const server = await openBilling({});
    server.routes.set(retrieve, { body: newest({ id: 'in_9', status: 'draft' }), date: '2026-05-04T00:00:03Z' });
    // The renewal was paid between the two reads; a server of Stripe's with a clock behind answered the second.
    server.routes.set('GET /v1/invoices', { body: listOf([invoice()]), date: '2026-05-04T00:00:01Z' });
    const found = await look(server);
    expect(found.look).toBe('2026-05-04T00:00:01.000Z');
    expect(found.statements.map(({ asOf }) => asOf)).toEqual(['2026-05-04T00:00:03.000Z', '2026-05-04T00:00:01.000Z']);
  });

  test('knows what was paid between its reads, and is no later for it', async () => {
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }) });
    server.routes.set('GET /v1/invoices', { body: listOf([invoice()]), date: '2026-05-03T12:00:05Z' });
    const found = await look(server);
    expect(told(found)).toEqual(['active', 'in_1 open', 'in_1 paid']);
    expect(found.look).toBe('2026-05-03T12:00:00.000Z');
  });

  test('without plans takes every line for one', async () => {
    const server = await openBilling({
      [retrieve]: newest({ lines: listOf([line({ pricing: pricing('price_of_an_account', 'prod_x') })]) }),
    });
    await look(server, { ...paidApril, plans: {} });
    expect(server.asked).toHaveLength(1);
  });

  test('reads all lines and items where more are there than came along', async () => {
    const change = { period: { start: day('2026-05-02'), end: day('2026-06-01') }, parent: ofItem({ proration: true }) };
    const ten = Array.from({ length: 10 }, (_, n) => line({ id: `il_p${n}`, ...change }));
    const server = await openBilling({
      [retrieve]: newest({ lines: listOf(ten, { has_more: true }) }, { items: listOf([item()], { has_more: true }) }),
      'GET /v1/invoices/in_1/lines': listOf([...ten, line({ id: 'il_base' })]),
      'GET /v1/subscription_items': listOf([item(), item({ id: 'si_2', quantity: 4 })]),
    });
    const found = await look(server);
    expect(found.statements[0]?.fact).toMatchObject({ items: [{ quantity: 1 }, { quantity: 4 }] });
    expect(found.statements[1]?.fact).toMatchObject({
      lines: expect.arrayContaining([expect.objectContaining({ id: 'il_base', role: 'base' })]),
    });
    expect(server.asked).toHaveLength(3); // The last of eleven lines pays for the period: the invoices need no list.
  });

  test('tells no more than the ledger takes at once: the oldest are left out', async () => {
    const page = (n: number) => ({
      body: listOf(
        Array.from({ length: 100 }, (_, k) => {
          const id = `in_${n}_${k}`;
          return invoice({
            id,
            payments: listOf(Array.from({ length: 4 }, (_, p) => invoicePayment({ id: `inpay_${n}_${k}_${p}`, invoice: id }))),
          });
        }),
        { has_more: true },
      ),
    });
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }) });
    server.routes.set('GET /v1/invoices', [page(0), page(1), page(2), page(3)]);
    const found = await look(server, { subscription: reference, plans });
    expect(found.statements).toHaveLength(2 + 199 * 5);
    expect(told(found)[2]).toBe('in_0_0 paid');
    expect(server.asked).toHaveLength(4);
  });

  test('tells nothing of the invoices of others, should the list bring them', async () => {
    const strangers = invoice({ id: 'in_8', parent: parent('sub_8') });
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }), 'GET /v1/invoices': listOf([strangers]) });
    expect(told(await look(server))).toEqual(['active', 'in_1 open']);
  });
});

describe('a look that may end nothing', () => {
  test('is one of which the state, or an invoice, was not understood', async () => {
    const state = await openBilling({ [retrieve]: newest({}, { status: 'hibernating' }) });
    expect(await look(state)).not.toHaveProperty('look');
    const odd = await openBilling({
      [retrieve]: newest({ status: 'draft' }),
      'GET /v1/invoices': listOf([invoice({ id: 'in_2', status: 'settled' })]),
    });
    const found = await look(odd);
    expect(found).not.toHaveProperty('look');
    expect(found.unreadable).toEqual([{ type: 'invoice', objectId: 'in_2', path: 'status' }]);
  });

  test('is one whose lines are gone', async () => {
    const server = await openBilling({
      [retrieve]: newest({ lines: listOf([line()], { has_more: true }) }),
      'GET /v1/invoices': listOf([]),
    });
    const found = await look(server);
    expect(found).not.toHaveProperty('look');
    expect(found.unreadable).toEqual([{ type: 'invoice', objectId: 'in_1', path: 'lines' }]);
  });

  test('is one without the time of Stripe: our own clock ends nothing', async () => {
    const server = await openBilling({});
    server.routes.set(retrieve, { body: newest(), date: null });
    const found = await look(server);
    expect(told(found)).toContain('in_1 paid');
    expect(found).not.toHaveProperty('look');
    server.routes.set(retrieve, { body: newest({ status: 'open' }), date: null });
    server.routes.set('GET /v1/invoices', { body: listOf([]), date: null });
    const undated = await look(server);
    expect(undated).toMatchObject({ isPartlyDated: false });
    expect(undated).not.toHaveProperty('look');
  });

  test.each([retrieve, 'GET /v1/invoices'])('is one of which all answers but that of %s have a Date, and says so', async (route) => {
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }), 'GET /v1/invoices': listOf([]) });
    expect(await look(server)).toMatchObject({ isPartlyDated: false });
    server.routes.set(route, { body: route === retrieve ? newest({ status: 'open' }) : listOf([]), date: null });
    const found = await look(server);
    expect(found).toMatchObject({ isPartlyDated: true });
    expect(found).not.toHaveProperty('look');
  });

  test('a payment that was not understood does not stand in the way', async () => {
    const server = await openBilling({ [retrieve]: newest({ payments: listOf([invoicePayment({ status: 'waiting' })]) }) });
    expect(await look(server)).toMatchObject({ look: '2026-05-03T12:00:00.000Z', unreadable: [{ type: 'invoice_payment' }] });
  });
});

describe('where Stripe', () => {
  test('has no such subscription, nothing follows', async () => {
    const { calls } = await openBilling({});
    expect(await lookAtSubscription(paidApril, 'paidonce', calls.billing)).toEqual({ outcome: 'missing' });
  });

  test('does not answer one of the reads, nothing is told', async () => {
    const server = await openBilling({ [retrieve]: newest({ status: 'open' }), 'GET /v1/invoices': { message: 'a gateway' } });
    expect(await refusal(look(server))).toMatchObject({ code: 'provider_unavailable' });
  });
});
