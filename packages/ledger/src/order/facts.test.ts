// Law 1, the orders of the registers: each list stands from the least to the greatest, and the greater one stays.
import { describe, expect, test } from 'vitest';
import type { Fact } from '../observation.ts';
import { at, attempt, dispute, paid, pi1, refund } from './example-order.test-support.ts';
import { joinAliases, joinFact, noFacts, type PaymentFacts } from './facts.ts';

interface Report {
  readonly fact: Fact;
  readonly asOf?: string;
}

function joined(...reports: readonly Report[]): Omit<PaymentFacts, 'reference' | 'aliases'> {
  const {
    reference: _,
    aliases: __,
    ...facts
  } = reports.reduce((to, { fact, asOf = at(1) }) => joinFact(to, { fact, asOf }), noFacts(pi1));
  return facts;
}

const parts = { subtotalMinor: 1_000, discountMinor: 0, taxMinor: 0, shippingMinor: 0 };
const orders: Readonly<Record<string, readonly Report[]>> = {
  'passing states, by asOf': [
    { fact: attempt('authorized'), asOf: at(1) },
    { fact: attempt('processing'), asOf: at(2) },
    { fact: attempt('attempt_failed'), asOf: at(3) },
    { fact: attempt('awaiting_customer'), asOf: at(4) },
  ],
  'passing states at the same time': [
    { fact: attempt('attempt_failed') },
    { fact: attempt('awaiting_customer') },
    { fact: attempt('processing') },
    { fact: attempt('authorized') },
  ],
  'lasting states, whatever asOf says': [
    { fact: attempt('processing'), asOf: at(9) },
    { fact: attempt('canceled'), asOf: at(8) },
    { fact: attempt('expired'), asOf: at(7) },
    { fact: attempt('failed'), asOf: at(6) },
    { fact: paid(1), asOf: at(5) },
  ],
  amounts: [
    { fact: paid(1_000) },
    { fact: paid(1_001) },
    { fact: paid(900, { parts }) },
    { fact: paid(1_000, { parts, currency: 'eur' }) },
    { fact: paid(1_000, { parts }) },
    { fact: paid(1_000, { parts: { ...parts, subtotalMinor: 900, taxMinor: 100 } }) },
  ],
  refunds: [
    { fact: refund(9, 'pending') },
    { fact: refund(8, 'requires_action') },
    { fact: refund(7, 'succeeded') },
    { fact: refund(8, 'succeeded') },
    { fact: refund(6, 'canceled') },
    { fact: refund(5, 'failed') },
  ],
  disputes: [
    { fact: dispute('won', { movements: 0 }) },
    { fact: dispute('inquiry') },
    { fact: dispute('open') },
    { fact: dispute('prevented') },
    { fact: dispute('won') },
    { fact: dispute('lost') },
    { fact: dispute('lost', { amountMinor: 2_000 }) },
    { fact: dispute('lost', { returnedDebit: true }) },
    { fact: dispute('open', { movements: 2 }) },
  ],
};

describe.each(Object.entries(orders))('%s', (_, list) => {
  test('each outranks all that stand before it, whichever came first', () => {
    for (const [index, greater] of list.entries()) {
      for (const less of list.slice(0, index)) {
        const { paidAt: _, disputesByFirstRules: __, ...expected } = joined(greater);
        expect(joined(less, greater)).toMatchObject(expected);
        expect(joined(greater, less)).toMatchObject(expected);
      }
    }
  });
});

test('under the first rules a dispute that was won stays won, whatever says lost with equally many movements', () => {
  for (const reports of [
    [dispute('won'), dispute('lost')],
    [dispute('lost'), dispute('won')],
  ]) {
    const { disputes, disputesByFirstRules } = joined(...reports.map((fact) => ({ fact })));
    expect([disputes[0]?.status, disputesByFirstRules[0]?.status]).toEqual(['lost', 'won']);
  }
});

test('under the first rules the states of a dispute stand in their order, whichever came first', () => {
  const list = ['inquiry', 'open', 'prevented', 'lost', 'won'] as const;
  for (const [index, greater] of list.entries()) {
    for (const less of list.slice(0, index)) {
      for (const both of [
        [less, greater],
        [greater, less],
      ] as const) {
        const { disputesByFirstRules } = joined(...both.map((status) => ({ fact: dispute(status) })));
        expect(disputesByFirstRules).toMatchObject([{ status: greater }]);
      }
    }
  }
});

test('refunds and disputes are kept by their id', () => {
  const { refunds, disputes } = joined(
    { fact: refund(1) },
    { fact: refund(2, 'failed', 're_2') },
    { fact: dispute('won') },
    { fact: dispute('lost', { id: 'dp_2' }) },
  );
  expect(refunds.map(({ id, status }) => `${id} ${status}`)).toEqual(['re_1 succeeded', 're_2 failed']);
  expect(disputes.map(({ id, status }) => `${id} ${status}`)).toEqual(['dp_1 won', 'dp_2 lost']);
});

test('an id that objects have by nature is an id like any other', () => {
  for (const id of ['__proto__', 'constructor', 'toString', '42']) {
    const facts = JSON.parse(
      JSON.stringify(joined({ fact: refund(1, 'succeeded', id) }, { fact: dispute('won', { id }) })),
    ) as PaymentFacts;
    expect(facts.refunds).toEqual([{ id, status: 'succeeded', amountMinor: 1 }]);
    expect(facts.disputes).toMatchObject([{ id, status: 'won' }]);
  }
});

describe('paidAt', () => {
  test('is the earliest time that a source gave, occurredAt before asOf', () => {
    const late = joinFact(noFacts(pi1), { fact: paid(), asOf: at(50) });
    expect(late.paidAt).toBe(at(50));
    const enriched = joinFact(late, { fact: paid(), asOf: at(60), occurredAt: at(5) });
    expect(enriched.paidAt).toBe(at(5));
    expect(joinFact(enriched, { fact: paid(900), asOf: at(7) }).paidAt).toBe(at(5));
    expect(joinFact(joinFact(noFacts(pi1), { fact: paid(), asOf: at(60), occurredAt: at(5) }), { fact: paid(), asOf: at(50) }).paidAt).toBe(
      at(5),
    );
  });
  test('has nobody who was not paid', () => expect(joined({ fact: attempt('authorized') }).paidAt).toBeUndefined());
});

test('a payment of which nothing is known has nothing', () => {
  expect(noFacts(pi1)).toEqual({ reference: pi1, aliases: [], refunds: [], disputes: [], disputesByFirstRules: [] });
});

test('aliases that are known leave the facts as they are', () => {
  const known = joinAliases(noFacts(pi1), ['cs_1', 'cs_2']);
  expect(joinAliases(known, ['cs_2'])).toBe(known);
  expect(joinAliases(known, undefined)).toBe(known);
});

test('aliases are a set', () => {
  const one = joinAliases(noFacts(pi1), ['cs_2', 'cs_1', 'cs_2']);
  expect(one.aliases).toEqual(['cs_1', 'cs_2']);
  expect(joinAliases(joinAliases(one, ['cs_0', 'cs_1']), undefined).aliases).toEqual(['cs_0', 'cs_1', 'cs_2']);
});
