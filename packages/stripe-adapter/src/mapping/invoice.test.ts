// What an invoice of a subscription states: each row of what Stripe says, whatever the event is called.
import type { CoverLine, PaidInvoice } from '@paidonce/ledger/adapter';
import { describe, expect, test } from 'vitest';
import {
  day,
  invoice,
  invoicePayment,
  line,
  listOf,
  ofInvoiceItem,
  ofItem,
  parent,
  price,
  pricing,
} from '../billing-objects.test-support.ts';
import { toSubscriptionObservation } from './to-subscription-observation.ts';

const context = { account: 'acct_1', asOf: '2026-05-01T01:00:20.000Z', eventId: 'evt_1', apiVersion: '2026-10-28.endive' };
const map = (object: unknown) => toSubscriptionObservation(object, context, 'paidonce');
const facts = (object: unknown) => map(object).statements.map(({ fact }) => fact);
const paid = (fields: Parameters<typeof invoice>[0] = {}) => facts(invoice(fields))[0] as PaidInvoice;
const covers = (...lines: Parameters<typeof line>[0][]) => paid({ lines: listOf(lines.map((each) => line(each))) }).lines;

const may: CoverLine = {
  id: 'il_1',
  price: 'price_month',
  product: 'prod_club',
  from: '2026-05-01T00:00:00.000Z',
  to: '2026-06-01T00:00:00.000Z',
  role: 'base',
  quantity: 1,
  netMinor: 2_000,
};

describe('a paid invoice', () => {
  test('states what was paid for, when, and whose it is', () => {
    expect(map(invoice())).toEqual({
      claim: { subscription: 'sub_1', references: ['sub_1', 'in_1'], hasOurScope: true, subscriptionId: 'club-7' },
      subscription: { provider: 'stripe', account: 'acct_1', livemode: false, id: 'sub_1' },
      statements: [
        {
          fact: {
            kind: 'invoice',
            id: 'in_1',
            status: 'paid',
            reason: 'cycle',
            currency: 'eur',
            totalMinor: 2_000,
            discountMinor: 0,
            taxMinor: 0,
            balanceMinor: 0,
            outsideMinor: 0,
            writtenOffMinor: 0,
            lines: [may],
          },
          asOf: '2026-05-01T01:00:20.000Z',
          occurredAt: '2026-05-01T01:00:10.000Z',
          evidence: { objectId: 'in_1', eventId: 'evt_1', apiVersion: '2026-10-28.endive' },
        },
      ],
      incomplete: [],
      unreadable: [],
    });
  });

  test('says the same whether or not its payments come with it', () => {
    const canceled = invoicePayment({ id: 'inpay_0', status: 'canceled', amount_paid: null });
    const payments = listOf([canceled, invoicePayment(), invoicePayment({ id: 'inpay_2', status: 'open', amount_paid: null })]);
    const [fact, ...allocations] = facts(invoice({ payments }));
    expect(fact).toEqual(paid());
    expect(allocations).toEqual([
      { kind: 'allocation', id: 'inpay_0', invoice: 'in_1', payment: 'pi_1', status: 'canceled', amountMinor: 0 },
      { kind: 'allocation', id: 'inpay_1', invoice: 'in_1', payment: 'pi_1', status: 'paid', amountMinor: 2_000 },
    ]);
  });

  test('a payment with it that cannot be read is kept by id, and the invoice counts', () => {
    const { statements, unreadable } = map(invoice({ payments: listOf([invoicePayment({ status: 'waiting' })]) }));
    expect(statements.map(({ fact }) => fact)).toEqual([paid()]);
    expect(unreadable).toEqual([{ type: 'invoice_payment', objectId: 'inpay_1', path: 'status' }]);
  });

  // biome-ignore format: a table
  test.each([
    ['subscription_create', 'create'], ['subscription_cycle', 'cycle'], ['subscription_update', 'update'],
    ['subscription_threshold', 'threshold'], ['subscription', 'other'], ['manual', 'other'], ['constructor', 'other'], [null, 'other'],
  ] as const)('was made for a reason: %s is %s', (billing_reason, reason) => {
    expect(paid({ billing_reason })).toMatchObject({ reason });
  });

  // biome-ignore format: a table
  test.each([
    ['the balance paid a part', { total: 2_000, starting_balance: -500, ending_balance: 0, amount_due: 1_500 }, { balanceMinor: 500 }],
    ['the balance paid all', { total: 2_000, starting_balance: -9_000, ending_balance: -7_000, amount_due: 0 }, { balanceMinor: 2_000 }],
    ['a debt was collected with it', { total: 2_000, starting_balance: 300, ending_balance: 0, amount_due: 2_300 }, { balanceMinor: -300 }],
    ['a total below the least charge', { total: 30, starting_balance: 0, ending_balance: 30, amount_due: 0 }, { totalMinor: 30, balanceMinor: 30 }],
    ['no ending balance is told', { total: 2_000, starting_balance: -500, ending_balance: null }, { balanceMinor: 0 }],
    ['credits exceed it', { total: -8_000, starting_balance: 0, ending_balance: -8_000, amount_due: 0 }, { totalMinor: -8_000, balanceMinor: -8_000 }],
    ['outside Stripe', { amount_paid_off_stripe: 2_000 }, { outsideMinor: 2_000 }],
    ['written off in full', { amount_due: 0, pre_payment_credit_notes_amount: 2_000 }, { writtenOffMinor: 2_000 }],
    ['overpaid: the rest is balance', { amount_overpaid: 100, amount_paid: 2_100 }, { totalMinor: 2_000 }],
    ['discount', { total: 1_500, total_discount_amounts: [{ amount: 300, discount: 'di_1' }, { amount: 200, discount: 'di_2' }] }, { discountMinor: 500 }],
    ['no lists of discounts and tax', { total_discount_amounts: null, total_taxes: null }, { discountMinor: 0, taxMinor: 0 }],
  ] as const)('is paid: %s', (_what, fields, expected) => {
    expect(paid(fields as Parameters<typeof invoice>[0])).toMatchObject({ status: 'paid', ...expected });
  });

  test('states its tax, which an invoice of credits gives back', () => {
    const tax = (amount: number) => ({
      amount,
      tax_behavior: 'exclusive',
      tax_rate_details: null,
      taxability_reason: 'standard_rated',
      taxable_amount: null,
      type: 'tax_rate_details' as const,
    });
    expect(paid({ total_taxes: [tax(380), tax(20)] })).toMatchObject({ taxMinor: 400 });
    expect(paid({ total: -2_000, total_taxes: [tax(-380)] })).toMatchObject({ taxMinor: -380 });
  });
});

describe('a line', () => {
  test('of an item is the base, a proration, or a credit', () => {
    const change = day('2026-05-11');
    const until = { start: change, end: day('2026-06-01') };
    const credited = { credited_items: { invoice: 'in_0', invoice_line_items: ['il_0'] } };
    expect(
      covers(
        { id: 'il_3', amount: -1_355, period: until, parent: ofItem({ proration: true, proration_details: credited }) },
        { id: 'il_2', amount: 3_400, period: until, parent: ofItem({ proration: true }), pricing: pricing('price_gold') },
        {},
      ),
    ).toEqual([
      may,
      { ...may, id: 'il_2', price: 'price_gold', role: 'proration', from: '2026-05-11T00:00:00.000Z', netMinor: 3_400 },
      { ...may, id: 'il_3', role: 'credit', from: '2026-05-11T00:00:00.000Z', netMinor: -1_355, credits: 'in_0' },
    ]);
  });

  test('names its price and product as the shop did', () => {
    expect(covers({ pricing: pricing('Gold Plan (monthly)', 'gold/2017') })).toEqual([
      { ...may, price: 'Gold Plan (monthly)', product: 'gold/2017' },
    ]);
  });

  test('of an invoice item counts where it is a proration of the subscription; a setup fee is no line', () => {
    const lines = covers(
      { id: 'il_a', parent: ofInvoiceItem({ proration: true }) },
      { id: 'il_b', amount: -700, parent: ofInvoiceItem({ proration: true }) },
      { id: 'il_c', parent: ofInvoiceItem() },
      { id: 'il_d', parent: ofInvoiceItem({ proration: true, subscription: null }) },
    );
    expect(lines.map(({ id, role }) => `${id} ${role}`)).toEqual(['il_a proration', 'il_b credit']);
    expect(covers({ parent: ofInvoiceItem() })).toEqual([]);
  });

  test('that gives back a period which cost nothing is a credit', () => {
    const free = ofItem({ proration: true, proration_details: { credited_items: { invoice: 'in_0', invoice_line_items: [] } } });
    expect(covers({ amount: 0, parent: free })).toEqual([{ ...may, role: 'credit', netMinor: 0, credits: 'in_0' }]);
  });

  test('is worth its amount less its discounts, and never less than nothing', () => {
    const discounts = (...amounts: number[]) => amounts.map((amount) => ({ amount, discount: 'di_1' }));
    expect(covers({ discount_amounts: discounts(500, 100) })).toMatchObject([{ netMinor: 1_400 }]);
    expect(covers({ discount_amounts: discounts(2_000) })).toMatchObject([{ role: 'base', netMinor: 0 }]);
    expect(covers({ discount_amounts: null })).toMatchObject([{ netMinor: 2_000 }]);
    expect(covers({ amount: 1_000, parent: ofItem({ proration: true }), discount_amounts: discounts(1_200) })).toMatchObject([
      { netMinor: 0 },
    ]);
    expect(covers({ amount: -1_000, discount_amounts: discounts(-1_200) })).toMatchObject([{ role: 'credit', netMinor: 0 }]);
  });

  test('names its price by id, expanded or not; one without a price is of an unknown one', () => {
    expect(covers({ pricing: pricing(price({ id: 'price_gold' })) })).toMatchObject([{ price: 'price_gold', product: 'prod_club' }]);
    expect(covers({ pricing: null })).toMatchObject([{ price: 'unknown', product: 'unknown', netMinor: 2_000 }]);
  });

  test('has a quantity; a metered one has none, and ends where the invoice begins', () => {
    const april = { start: day('2026-04-01'), end: day('2026-05-01') };
    expect(
      covers({ quantity: 5 }, { id: 'il_2', quantity: null, period: april, pricing: pricing('price_metered', 'prod_use') }),
    ).toMatchObject([{ quantity: 5 }, { quantity: 1, price: 'price_metered', to: '2026-05-01T00:00:00.000Z' }]);
  });

  test('of a tier, or of the flat fee of one, is one with those of its item: all the seats that were paid for', () => {
    const tiers = [
      { id: 'il_1', amount: 10_000, quantity: 10 },
      { id: 'il_2', amount: 9_900, quantity: 0 },
      { id: 'il_3', amount: 1_990, quantity: 2, discount_amounts: [{ amount: 190, discount: 'di_1' }] },
      { id: 'il_4', amount: 0, quantity: 0 },
    ];
    expect(covers(...tiers)).toEqual([{ ...may, quantity: 12, netMinor: 21_700 }]);
    expect(covers(...tiers.toReversed())).toEqual(covers(...tiers));
  });

  test('is not one with a line of another item, price or period, nor with a proration, a credit, or one that has no quantity', () => {
    const seats = { id: 'il_1', quantity: 2 };
    const june = { start: day('2026-06-01'), end: day('2026-07-01') };
    for (const other of [
      { parent: ofItem({ subscription_item: 'si_2' }) },
      { pricing: pricing('price_gold') },
      { period: june },
      { parent: ofItem({ proration: true }) },
      { amount: -2_000 },
      { quantity: null },
    ]) {
      expect(covers(seats, { id: 'il_2', quantity: 3, ...other })).toMatchObject([
        { id: 'il_1', quantity: 2, netMinor: 2_000 },
        { id: 'il_2', quantity: other.quantity === null ? 1 : 3 },
      ]);
    }
    const proration = { parent: ofItem({ proration: true }), quantity: 3 };
    expect(covers({ ...proration, id: 'il_1' }, { ...proration, id: 'il_2' })).toMatchObject([{ quantity: 3 }, { quantity: 3 }]);
  });

  test('of another subscription, or for no time at all, is none', () => {
    const none = { start: day('2026-05-01'), end: day('2026-05-01') };
    expect(covers({ parent: ofItem({ subscription: 'sub_2' }) }, { id: 'il_2', period: none })).toEqual([]);
    expect(covers({ parent: ofItem({ subscription: null }) })).toEqual([may]);
  });
});

describe('an invoice that is not paid', () => {
  test.each(['void', 'uncollectible'] as const)('is %s, whatever else it says', (status) => {
    expect(facts(invoice({ status, lines: listOf<never>([], { has_more: true }) }))).toEqual([{ kind: 'invoice', id: 'in_1', status }]);
  });

  test('open: attempts to collect it are no content', () => {
    const open = { kind: 'invoice', id: 'in_1', status: 'open' };
    for (const attempt_count of [0, 1, 4]) {
      expect(facts(invoice({ status: 'open', attempt_count, attempted: attempt_count > 0 }))).toEqual([open]);
    }
  });

  test('open and sent with terms: until when, and from when its first base line pays', () => {
    const lines = listOf([
      line({ id: 'il_p', period: { start: day('2026-04-11'), end: day('2026-05-01') }, parent: ofItem({ proration: true }) }),
      line({ id: 'il_a', period: { start: day('2026-05-02'), end: day('2026-06-02') }, pricing: pricing('price_addon') }),
      line(),
    ]);
    const sent = { status: 'open', collection_method: 'send_invoice', due_date: day('2026-05-31') } as const;
    const terms = { dueAt: '2026-05-31T00:00:00.000Z', from: '2026-05-01T00:00:00.000Z' };
    expect(facts(invoice({ ...sent, lines }))).toEqual([{ kind: 'invoice', id: 'in_1', status: 'open', terms }]);
    const setup = listOf([line({ parent: ofInvoiceItem() })]);
    expect(facts(invoice({ ...sent, lines: setup }))).toEqual([{ kind: 'invoice', id: 'in_1', status: 'open' }]);
    expect(map(invoice({ ...sent, lines: listOf([line()], { has_more: true }) }))).toMatchObject({
      statements: [],
      incomplete: [{ list: 'lines', of: 'in_1' }],
    });
  });

  test('a revision counts as it is, and what it revised is void', () => {
    expect(paid({ from_invoice: { action: 'revision', invoice: 'in_0' } })).toMatchObject({ id: 'in_1', status: 'paid' });
    expect(facts(invoice({ id: 'in_0', status: 'open', latest_revision: 'in_1' }))).toEqual([
      { kind: 'invoice', id: 'in_0', status: 'void' },
    ]);
  });
});

describe('nothing follows from', () => {
  // biome-ignore format: a table
  test.each([
    ['a draft', invoice({ status: 'draft', lines: listOf<never>([]) }), 'the draft of an invoice'],
    ['an invoice of its own', invoice({ parent: null }), 'an invoice that no subscription made'],
    ['that of a quote', invoice({ parent: { quote_details: { quote: 'qt_1' }, subscription_details: null, type: 'quote_details' } }), 'an invoice that no subscription made'],
    ['a deleted draft', { id: 'in_1', object: 'invoice', deleted: true }, 'an invoice that no subscription made'],
    ['a preview', { ...invoice(), id: undefined }, 'the preview of an invoice'],
    ['a test clock', invoice({ test_clock: 'clock_1' }), expect.stringContaining('let the sandbox advance months')],
  ])('%s', (_what, object, because) => {
    expect(map(object)).toMatchObject({ statements: [], incomplete: [], unreadable: [], ignored: because });
  });
});

describe('what cannot be read is kept by its id, with the path', () => {
  // biome-ignore format: a table
  test.each([
    ['status', invoice({ status: 'settled' })],
    ['status', invoice({ status: null })],
    ['status_transitions', { ...invoice(), status_transitions: undefined }],
    ['total', { ...invoice(), total: 1.5 }],
    ['currency', invoice({ currency: 'EURO' })],
    ['lines.data', invoice({ lines: listOf<never>([]) })],
    ['lines.has_more', invoice({ lines: { ...listOf([line()]), has_more: 'no' as unknown as boolean } })],
    ['lines.data.1.period', invoice({ lines: listOf([line(), line({ id: 'il_2', period: { start: day('2026-06-01'), end: day('2026-05-01') } })]) })],
    ['lines.data.0.amount', invoice({ lines: listOf([{ ...line(), amount: '20.00' as unknown as number }]) })],
    ['lines.data.0.parent', invoice({ lines: listOf([line({ parent: { invoice_item_details: null, subscription_item_details: null, type: 'loyalty_details' } })]) })],
    ['lines.data.250', invoice({ lines: listOf(Array.from({ length: 251 }, (_, n) => line({ id: `il_${n}` }))) })],
    ['parent.subscription_details.subscription', invoice({ parent: { quote_details: null, subscription_details: null, type: 'subscription_details' } })],
    ['metadata.paidonce_subscription', invoice({ parent: parent('sub_1', { paidonce: 'paidonce', paidonce_subscription: 'no id' }) })],
  ])('%s', (path, object) => {
    expect(map(object)).toMatchObject({ statements: [], unreadable: [{ type: 'invoice', objectId: 'in_1', path }] });
  });

  test('a line of an unknown kind is passed over beside lines that are known', () => {
    const lines = listOf([line(), line({ id: 'il_2', parent: null })]);
    expect(paid({ lines }).lines).toEqual([may]);
  });

  test('of more lines than came with it nothing is told until all are read', () => {
    const lines = listOf([line({ parent: ofItem({ proration: true }) })], { has_more: true });
    expect(map(invoice({ lines }))).toMatchObject({ statements: [], incomplete: [{ list: 'lines', of: 'in_1' }], unreadable: [] });
  });
});
