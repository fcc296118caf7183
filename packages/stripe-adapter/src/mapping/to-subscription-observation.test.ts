// What a subscription, its payments, credit notes and sessions state, and whose each says it is.
import type { Lifecycle } from '@paidonce/ledger/adapter';
import { describe, expect, test } from 'vitest';
import {
  creditNote,
  day,
  invoice,
  invoicePayment,
  item,
  line,
  listOf,
  marks,
  parent,
  price,
  subscription,
} from '../billing-objects.test-support.ts';
import { dispute, refund, session } from '../stripe-objects.test-support.ts';
import { toObservation } from './to-observation.ts';
import { moneyBackOf, toSubscriptionObservation } from './to-subscription-observation.ts';

const context = { account: 'acct_1', asOf: '2026-05-03T00:00:00.000Z' };
const map = (object: unknown) => toSubscriptionObservation(object, context, 'paidonce');
const facts = (object: unknown) => map(object).statements.map(({ fact }) => fact);
const lifecycle = (fields: Parameters<typeof subscription>[0] = {}) => facts(subscription(fields))[0] as Lifecycle;

describe('a payment of an invoice', () => {
  // biome-ignore format: a table
  test.each([
    ['an intent', { type: 'payment_intent', payment_intent: 'pi_9' }, 'pi_9'],
    ['an intent, expanded', { type: 'payment_intent', payment_intent: { id: 'pi_9' } }, 'pi_9'],
    ['a charge of old', { type: 'charge', charge: 'ch_9' }, 'ch_9'],
    ['money outside Stripe', { type: 'payment_record', payment_record: 'pr_9' }, 'pr_9'],
  ])('links %s to it', (_what, payment, id) => {
    expect(map(invoicePayment({ payment: payment as never })).statements).toEqual([
      {
        fact: { kind: 'allocation', id: 'inpay_1', invoice: 'in_1', payment: id, status: 'paid', amountMinor: 2_000 },
        asOf: context.asOf,
        occurredAt: '2026-05-01T01:00:10.000Z',
        evidence: { objectId: 'inpay_1' },
      },
    ]);
  });

  test('is told once it is paid or canceled', () => {
    expect(map(invoicePayment({ status: 'open', amount_paid: null }))).toMatchObject({ statements: [], unreadable: [] });
    expect(facts(invoicePayment({ status: 'canceled', amount_paid: null }))).toMatchObject([{ status: 'canceled', amountMinor: 0 }]);
  });

  test('names its invoice alone; with the invoice expanded it tells of both', () => {
    expect(map(invoicePayment()).claim).toEqual({ references: ['in_1'], hasOurScope: false });
    expect(map(invoicePayment())).not.toHaveProperty('subscription');
    const both = map(invoicePayment({ invoice: invoice() }));
    expect(both).toMatchObject({ claim: { references: ['sub_1', 'in_1'], subscriptionId: 'club-7' }, subscription: { id: 'sub_1' } });
    expect(both.statements.map(({ fact }) => fact.kind)).toEqual(['allocation', 'invoice']);
  });

  // biome-ignore format: a table
  test.each([
    ['status', { status: 'waiting' }],
    ['payment', { payment: { type: 'barter' } }],
    ['payment', { payment: { type: 'payment_intent' } }],
    ['amount_paid', { amount_paid: null }],
  ])('is kept by id where %s is unknown', (path, fields) => {
    expect(map(invoicePayment(fields))).toMatchObject({ statements: [], unreadable: [{ type: 'invoice_payment', objectId: 'inpay_1', path }] });
  });
});

describe('a credit note', () => {
  const part = (amount_refunded: number, type: string | null = 'refund') => ({
    amount_refunded,
    type,
    payment_record_refund: null,
    refund: 're_1',
  });
  // biome-ignore format: a table
  test.each([
    ['to the balance', { post_payment_amount: 2_000 }, 2_000],
    ['by a refund, which tells of itself', { post_payment_amount: 2_000, refunds: [part(2_000)] }, 0],
    ['by a refund and to the balance', { post_payment_amount: 2_000, refunds: [part(500), part(700, null)] }, 800],
    ['outside Stripe, which nothing else tells', { post_payment_amount: 2_000, refunds: [part(2_000, 'payment_record_refund')] }, 2_000],
    ['mixed: what was written off before the payment is the invoice\'s', { type: 'mixed', pre_payment_amount: 600, post_payment_amount: 1_400 }, 1_400],
    ['refunds above it, as after a change', { post_payment_amount: 100, refunds: [part(2_000)] }, 0],
  ] as const)('gives back %s', (_what, fields, amountMinor) => {
    const [statement] = map(creditNote(fields as Parameters<typeof creditNote>[0])).statements;
    expect(statement).toEqual({
      fact: { kind: 'credit_note', id: 'cn_1', invoice: 'in_1', status: 'issued', amountMinor },
      asOf: context.asOf,
      evidence: { objectId: 'cn_1' },
    });
  });

  test('from before the payment says nothing; one that is void gives nothing back', () => {
    expect(map(creditNote({ type: 'pre_payment', pre_payment_amount: 2_000, post_payment_amount: 0 }))).toMatchObject({
      statements: [],
      ignored: 'a credit note from before the payment',
    });
    const [statement] = map(creditNote({ status: 'void', voided_at: day('2026-05-04') })).statements;
    expect(statement).toMatchObject({ fact: { status: 'void', amountMinor: 2_000 }, occurredAt: '2026-05-04T00:00:00.000Z' });
  });

  test('is kept by id where its status is unknown, or its parts', () => {
    const unread = (path: string) => ({ statements: [], unreadable: [{ type: 'credit_note', objectId: 'cn_1', path }] });
    expect(map(creditNote({ status: 'pending' }))).toMatchObject(unread('status'));
    expect(map(creditNote({ refunds: null as never }))).toMatchObject(unread('refunds'));
  });
});

describe('refunds and disputes', () => {
  test('are those of orders, with the payment that they undo', () => {
    const ofOrders = (object: unknown) => {
      const mapped = toObservation(object, { ...context, livemode: false }, 'paidonce');
      return mapped.kind === 'statement' ? moneyBackOf(mapped.statement, {}) : undefined;
    };
    const payment = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'pi_1' };
    expect(ofOrders(refund())).toEqual({
      fact: { kind: 'refund', id: 're_1', status: 'succeeded', amountMinor: 400, payment },
      asOf: context.asOf,
      evidence: { objectId: 're_1' },
    });
    expect(ofOrders(dispute())?.fact).toMatchObject({ kind: 'dispute', id: 'dp_1', status: 'open', payment });
    expect(ofOrders(session())).toBeUndefined();
  });
});

describe('a subscription', () => {
  test('states its life cycle', () => {
    expect(map(subscription({ trial_end: day('2026-04-15') }))).toEqual({
      claim: { subscription: 'sub_1', references: ['sub_1'], hasOurScope: true, subscriptionId: 'club-7' },
      subscription: { provider: 'stripe', account: 'acct_1', livemode: false, id: 'sub_1' },
      statements: [
        {
          fact: {
            kind: 'lifecycle',
            status: 'active',
            customer: 'cus_1',
            items: [{ price: 'price_month', quantity: 1 }],
            trialEnd: '2026-04-15T00:00:00.000Z',
          },
          asOf: context.asOf,
          evidence: { objectId: 'sub_1' },
        },
      ],
      incomplete: [],
      unreadable: [],
    });
  });

  test.each(['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'] as const)(
    'is %s',
    (status) => {
      expect(lifecycle({ status }).status).toBe(status);
    },
  );

  const cancellation = { comment: null, feedback: null, feedback_option: null, reason: 'payment_failed' };
  const pausedBy = { paused: { subscription: { type: 'pause_requested' }, transitioned_at: day('2026-05-02'), type: 'subscription' } };
  const resumes_at = day('2026-07-01');
  // biome-ignore format: a table
  test.each([
    ['ended, and why', { status: 'canceled', ended_at: day('2026-05-02'), cancel_at: day('2026-06-01'), cancellation_details: cancellation }, { endedAt: '2026-05-02T00:00:00.000Z', because: 'payment_failed' }],
    ['paused, and why', { status: 'paused', status_details: pausedBy }, { because: 'pause_requested' }],
    ['its collection paused', { pause_collection: { behavior: 'void', resumes_at: null } }, { collectionPaused: {} }],
    ['its collection paused for a while', { pause_collection: { behavior: 'void', resumes_at } }, { collectionPaused: { resumesAt: '2026-07-01T00:00:00.000Z' } }],
    ['to be canceled', { cancel_at: day('2026-06-01'), cancel_at_period_end: true, cancellation_details: { ...cancellation, reason: 'cancellation_requested' } }, { endsAt: '2026-06-01T00:00:00.000Z' }],
    ['to be canceled, by the end of its items alone', { cancel_at_period_end: true }, { endsAt: '2026-06-01T00:00:00.000Z' }],
    ['with an update that nobody has paid', { pending_update: { expires_at: day('2026-05-09') } }, {}],
    ['with seats', { items: listOf([item({ id: 'si_2', quantity: 3, price: price({ id: 'price_b' }) }), item({ quantity: 5, price: price({ id: 'price_a' }) })]) }, { items: [{ price: 'price_a', quantity: 5 }, { price: 'price_b', quantity: 3 }] }],
    ['of a price with a name of before 2018', { items: listOf([item({ price: price({ id: 'Gold Plan (monthly)' }) })]) }, { items: [{ price: 'Gold Plan (monthly)', quantity: 1 }] }],
    ['of a metered price', { items: listOf([(({ quantity: _, ...metered }) => metered)(item())]) }, { items: [{ price: 'price_month', quantity: 1 }] }],
  ] as const)('is told: %s', (_what, fields, expected) => {
    const { status = 'active' } = fields as { status?: Lifecycle['status'] };
    expect(lifecycle(fields as unknown as Parameters<typeof subscription>[0])).toEqual({
      kind: 'lifecycle',
      status,
      customer: 'cus_1',
      items: [{ price: 'price_month', quantity: 1 }],
      ...expected,
    });
  });

  test('tells the same after a renewal: its periods are no content', () => {
    const renewed = listOf([item({ current_period_start: day('2026-06-01'), current_period_end: day('2026-07-01') })]);
    expect(lifecycle({ items: renewed, latest_invoice: 'in_2' })).toEqual(lifecycle());
  });

  test('brings its newest invoice and the payments of it, where they were read with it', () => {
    const latest = invoice({ payments: listOf([invoicePayment()]) });
    expect(facts(subscription({ latest_invoice: latest })).map(({ kind }) => kind)).toEqual(['lifecycle', 'invoice', 'allocation']);
    expect(facts(subscription({ latest_invoice: invoice({ status: 'draft' }) })).map(({ kind }) => kind)).toEqual(['lifecycle']);
  });

  test('of an unknown status is kept by id, and what came with it counts', () => {
    const mapped = map(subscription({ status: 'hibernating', latest_invoice: invoice() }));
    expect(mapped.unreadable).toEqual([{ type: 'subscription', objectId: 'sub_1', path: 'status' }]);
    expect(mapped.statements.map(({ fact }) => fact.kind)).toEqual(['invoice']);
  });

  test('with more items than came with it, or those of a test clock, states nothing', () => {
    expect(map(subscription({ items: listOf([item()], { has_more: true }) }))).toMatchObject({
      statements: [],
      incomplete: [{ list: 'items', of: 'sub_1' }],
    });
    expect(map(subscription({ test_clock: 'clock_1' }))).toMatchObject({
      statements: [],
      ignored: expect.stringContaining('advance months'),
    });
  });

  test('without a customer, or with an item that has no price, is kept by id', () => {
    expect(map({ ...subscription(), customer: undefined }).unreadable).toMatchObject([{ path: 'customer' }]);
    expect(map(subscription({ items: listOf([{ ...item(), price: null as never }]) })).unreadable).toMatchObject([
      { path: 'items.data.0.price' },
    ]);
  });
});

describe('the session of a subscription', () => {
  const ofSubscription = (fields: object = {}) =>
    session({ mode: 'subscription', payment_intent: null, metadata: marks, subscription: 'sub_1', invoice: 'in_1', ...fields });

  test('links what it led to, and proves no payment', () => {
    for (const payment_status of ['paid', 'no_payment_required', 'unpaid']) {
      expect(map(ofSubscription({ payment_status }))).toEqual({
        claim: { subscription: 'sub_1', references: ['sub_1', 'in_1', 'cs_test_1'], hasOurScope: true, subscriptionId: 'club-7' },
        subscription: { provider: 'stripe', account: 'acct_1', livemode: false, id: 'sub_1' },
        statements: [],
        incomplete: [],
        unreadable: [],
        ignored: 'the session of a subscription is complete, which proves no payment',
        session: 'complete',
      });
    }
  });

  test.each(['open', 'expired'] as const)('is %s', (status) => {
    const mapped = map(ofSubscription({ status, subscription: null, invoice: null }));
    expect(mapped).toMatchObject({ session: status, statements: [], claim: { references: ['cs_test_1'], subscriptionId: 'club-7' } });
    expect(mapped).not.toHaveProperty('subscription');
  });

  test('tells of all that was read with it', () => {
    const began = subscription({ latest_invoice: invoice({ payments: listOf([invoicePayment()]) }) });
    expect(map(ofSubscription({ subscription: began })).statements.map(({ fact }) => fact.kind)).toEqual([
      'lifecycle',
      'invoice',
      'allocation',
    ]);
  });

  test('of an unknown status is kept by id; one of a payment is no subscription', () => {
    expect(map(ofSubscription({ status: 'waiting' })).unreadable).toMatchObject([{ objectId: 'cs_test_1', path: 'status' }]);
    expect(map(session())).toMatchObject({ statements: [], ignored: 'a session that begins no subscription' });
  });
});

describe('whose it is', () => {
  test('only metadata of our scope names a subscription of the shop', () => {
    const strangers = { paidonce: 'other', paidonce_subscription: 'club-7' };
    expect(map(invoice({ parent: parent('sub_1', strangers) })).claim).toEqual({
      subscription: 'sub_1',
      references: ['sub_1', 'in_1'],
      hasOurScope: false,
      otherScope: 'other',
    });
    expect(map(subscription({ metadata: { ...marks, paidonce_ledger: 'ledger-1' } })).claim).toMatchObject({ ledgerId: 'ledger-1' });
  });

  test('the metadata of the invoice itself counts for nothing: only that of its subscription', () => {
    expect(map(invoice({ metadata: marks, parent: parent('sub_1', {}) })).claim).toMatchObject({ hasOurScope: false });
  });

  test('what Stripe did not date is in doubt', () => {
    const { statements } = toSubscriptionObservation(subscription(), { ...context, isUndated: true }, 'paidonce');
    expect(statements).toMatchObject([{ doubtful: true }]);
  });

  test('nothing without a name, a mode or an object is guessed', () => {
    for (const object of [null, 7, 'sub_1', [], {}]) {
      expect(map(object)).toMatchObject({ statements: [], unreadable: [{ type: 'unknown', path: 'object' }] });
    }
    expect(map({ ...invoice(), livemode: undefined })).toMatchObject({
      statements: [],
      unreadable: [{ objectId: 'in_1', path: 'livemode' }],
    });
    expect(map({ object: 'customer', id: 'cus_1' })).toMatchObject({
      statements: [],
      ignored: 'a customer says nothing of a subscription',
    });
    expect(map(invoice({ lines: listOf([line()]) })).statements).toHaveLength(1);
  });
});
