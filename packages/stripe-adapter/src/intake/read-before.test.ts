// What is read before a statement about a subscription is recorded.
import type { Lifecycle } from '@paidonce/ledger/adapter';
import { describe, expect, test } from 'vitest';
import {
  creditNote,
  day,
  invoice,
  item,
  line,
  listOf,
  ofInvoiceItem,
  ofItem,
  pricing,
  subscription,
} from '../billing-objects.test-support.ts';
import { toSubscriptionObservation } from '../mapping/to-subscription-observation.ts';
import { type KnownSubscription, news, readBefore } from './read-before.ts';

const map = (object: unknown, asOf = '2026-05-01T01:00:20.000Z') =>
  toSubscriptionObservation(object, { account: 'acct_1', asOf }, 'paidonce');
const lifecycle = (fields: Parameters<typeof subscription>[0] = {}) => map(subscription(fields)).statements[0]?.fact as Lifecycle;
const known: KnownSubscription = {
  plans: { club: ['price_month'], gold: ['prod_gold'] },
  lifecycle: lifecycle(),
  invoices: [],
  holds: () => false,
};
const before = (object: unknown, more: Partial<KnownSubscription> = {}) => readBefore(map(object), { ...known, ...more }, true);

describe('a renewal', () => {
  test('needs no read', () => {
    expect(before(invoice())).toBeUndefined();
    expect(before(subscription({ latest_invoice: 'in_2' }))).toBeUndefined();
  });

  test('of a subscription that nobody has linked is looked at', () => {
    expect(readBefore(map(invoice()), undefined, true)).toBe('look');
  });
});

describe('an invoice that costs nothing', () => {
  const free = [line({ amount: 0 })];
  // biome-ignore format: a table
  test.each([
    ['a trial, or free time', { total: 0, lines: listOf(free) }, 'look'],
    ['with a setup fee, which pays for no plan', { total: 900, lines: listOf([...free, line({ id: 'il_2', amount: 900, parent: ofInvoiceItem() })]) }, 'look'],
    ['with an add-on, which pays for no plan', { total: 900, lines: listOf([...free, line({ id: 'il_2', amount: 900, pricing: pricing('price_addon', 'prod_addon') })]) }, 'look'],
    ['by a coupon', { total: 0, lines: listOf([line({ discount_amounts: [{ amount: 2_000, discount: 'di_1' }] })]), total_discount_amounts: [{ amount: 2_000, discount: 'di_1' }] }, undefined],
    ['by credits that exceed it', { total: -50, lines: listOf([line(), line({ id: 'il_2', amount: -2_050, parent: ofItem({ proration: true }) })]) }, undefined],
    ['of prices that no plan names', { total: 0, lines: listOf([line({ amount: 0, pricing: pricing('price_addon', 'prod_addon') })]) }, undefined],
    ['of a product that a plan names', { total: 0, lines: listOf([line({ amount: 0, pricing: pricing('price_x', 'prod_gold') })]) }, 'look'],
  ])('is looked at where it may be a trial: %s', (_what, fields, expected) => {
    expect(before(invoice(fields))).toBe(expected);
  });

  test('without plans every line is of one', () => {
    const addon = invoice({ total: 0, lines: listOf([line({ amount: 0, pricing: pricing('price_addon', 'prod_addon') })]) });
    expect(before(addon, { plans: {} })).toBe('look');
  });
});

describe('an invoice that is paid for nothing that lasts', () => {
  test('is looked at where all its lines of plans are over, and not where one is not', () => {
    const april = { period: { start: day('2026-04-01'), end: day('2026-05-01') } };
    expect(before(invoice({ lines: listOf([line(april)]) }))).toBe('look');
    expect(before(invoice({ lines: listOf([line(april), line({ id: 'il_2' })]) }))).toBeUndefined();
    const addon = line({ id: 'il_2', pricing: pricing('price_addon', 'prod_addon') });
    expect(before(invoice({ lines: listOf([line(april), addon]) }))).toBe('look');
  });

  test.each(['canceled', 'incomplete_expired'] as const)('is looked at where the subscription is %s', (status) => {
    expect(before(invoice(), { lifecycle: lifecycle({ status }) })).toBe('look');
  });

  test('is looked at where the subscription is paused: it was resumed, or access would wait for the event that says so', () => {
    expect(before(invoice(), { lifecycle: lifecycle({ status: 'paused' }) })).toBe('look');
    const collection = lifecycle({ pause_collection: { behavior: 'void', resumes_at: null } });
    expect(before(invoice(), { lifecycle: collection })).toBeUndefined(); // What was paid for counts all the same.
  });

  test('is looked at where another one, known or told with it, credits its time from before now on', () => {
    const credits = (from: string) =>
      line({ id: 'il_c', amount: -2_000, period: { start: day(from), end: day('2026-06-01') }, parent: ofItem({ proration: true }) });
    const knowing = (credit: ReturnType<typeof line>) => {
      const told = map(invoice({ id: 'in_2', total: -2_000, lines: listOf([credit]) })).statements;
      const invoices = told.flatMap(({ fact }) => (fact.kind === 'invoice' ? [{ fact, sources: [] }] : []));
      return [before(invoice(), { invoices }), readBefore({ statements: [...told, ...map(invoice()).statements] }, known, true)];
    };
    expect(knowing(credits('2026-05-01'))).toEqual(['look', 'look']);
    expect(knowing(credits('2026-05-02'))).toEqual([undefined, undefined]); // The credit begins later.
    expect(knowing(credits('2026-04-30'))).toEqual([undefined, undefined]); // It is of a line that began before.
  });

  test('told again needs no look', () => {
    const holds: KnownSubscription['holds'] = ({ id }) => id === 'in_1';
    expect(before(invoice({ total: 0, lines: listOf([line({ amount: 0 })]) }), { holds })).toBeUndefined();
  });
});

describe('a credit note for what was paid', () => {
  const at = '2026-05-01T01:00:20.000Z';
  const over = { paidThrough: at };

  test('is looked at where nothing is paid beyond it, and told again is not', () => {
    expect(before(creditNote(), over)).toBe('look');
    expect(before(creditNote(), { paidThrough: '2026-05-01T01:00:20.001Z' })).toBeUndefined();
    expect(before(creditNote())).toBe('look');
    expect(before(creditNote(), { ...over, holds: () => true })).toBeUndefined();
  });

  test('is looked at where nothing is paid beyond now, though it was when the event was made', () => {
    const more = { ...known, paidThrough: '2026-05-02T00:00:00.000Z' };
    expect(readBefore(map(creditNote()), more, true, '2026-05-01T23:59:59.999Z')).toBeUndefined();
    expect(readBefore(map(creditNote()), more, true, '2026-05-02T00:00:00.000Z')).toBe('look');
  });
});

describe('a state of the subscription', () => {
  test('that is other than known is read again, where it is a copy in an event', () => {
    const pastDue = map(subscription({ status: 'past_due' }));
    expect(readBefore(pastDue, known, true)).toBe('subscription');
    expect(readBefore(pastDue, known, false)).toBeUndefined();
    const { lifecycle: _, ...none } = known;
    expect(readBefore(map(subscription()), none, true)).toBe('subscription');
  });

  // biome-ignore format: a table
  test.each([
    ['status', { status: 'past_due' }], ['customer', { customer: 'cus_2' }], ['trial end', { trial_end: day('2026-06-01') }],
    ['pause', { pause_collection: { behavior: 'void', resumes_at: null } }], ['cancellation', { cancel_at: day('2026-06-01') }],
    ['seats', { items: listOf([item({ quantity: 2 })]) }],
  ] as const)('is another by its %s', (_what, fields) => {
    const other = subscription(fields as Parameters<typeof subscription>[0]);
    expect(before(other)).toBe('subscription');
    expect(before(other, { lifecycle: map(other).statements[0]?.fact as Lifecycle })).toBeUndefined();
  });

  test('paused until a day is another than paused without an end', () => {
    const paused = (resumes_at: number | null) => ({ pause_collection: { behavior: 'void', resumes_at } });
    expect(before(subscription(paused(null)), { lifecycle: lifecycle(paused(day('2026-07-01'))) })).toBe('subscription');
  });

  test.each([
    ['paused', { status: 'paused' }],
    ['paused in its collection', { pause_collection: { behavior: 'void', resumes_at: null } }],
  ] as const)('that goes on after it was %s is looked at, copy or not', (_what, paused) => {
    const was = { ...known, lifecycle: lifecycle(paused) };
    expect([true, false].map((isCopy) => readBefore(map(subscription()), was, isCopy))).toEqual(['look', 'look']);
    expect(readBefore(map(subscription({ ...paused, customer: 'cus_2' })), was, true)).toBe('subscription');
  });

  test('is looked at where what was paid is over, since it may have a grace: copy or not, and not where it is known', () => {
    const pastDue = map(subscription({ status: 'past_due' }));
    const over = { ...known, paidThrough: '2026-05-01T01:00:20.000Z' };
    expect([true, false].map((isCopy) => readBefore(pastDue, over, isCopy))).toEqual(['look', 'look']);
    expect(readBefore(pastDue, { ...over, paidThrough: '2026-05-01T01:00:20.001Z' }, true)).toBe('subscription');
    expect(readBefore(map(subscription()), over, true)).toBeUndefined();
  });
});

test('what is known is no news once a look is due: its time alone would let in who is over', () => {
  const dueAt = '2026-05-01T01:00:20.000Z';
  const later = '2026-05-01T01:00:20.001Z';
  const kinds = (object: unknown, more: Partial<KnownSubscription>) =>
    news(map(object).statements, { ...known, ...more }).map(({ fact }) => fact.kind);
  expect(kinds(subscription(), { dueAt })).toEqual([]);
  expect(kinds(subscription(), { dueAt: later })).toEqual(['lifecycle']);
  expect(kinds(subscription(), {})).toEqual(['lifecycle']);
  expect(kinds(subscription({ status: 'past_due' }), { dueAt })).toEqual(['lifecycle']);
  expect(kinds(invoice(), { dueAt })).toEqual(['invoice']);
  expect(kinds(invoice(), { dueAt, holds: () => true })).toEqual([]);
  expect(kinds(invoice(), { dueAt: later, holds: () => true })).toEqual(['invoice']);
  expect(news(map(subscription()).statements, undefined)).toHaveLength(1);
});

test('what is told once a look is due is told with the look, unless it is paid, or known', () => {
  const dueAt = '2026-05-01T01:00:20.000Z';
  const open = map(invoice({ status: 'open' }));
  const before = (mapped: typeof open, more: Partial<KnownSubscription>) => readBefore(mapped, { ...known, ...more }, true);
  expect(before(open, { dueAt })).toBe('look');
  expect(before(open, { dueAt: '2026-05-01T01:00:20.001Z' })).toBeUndefined();
  expect(before(open, {})).toBeUndefined();
  expect(before(open, { dueAt, holds: () => true })).toBeUndefined();
  expect(before(map(invoice()), { dueAt })).toBeUndefined();
});
