import { describe, expect, test } from 'vitest';
import {
  type Fact,
  factContent,
  factKey,
  observationSchema,
  type PaymentReference,
  paymentKey,
  referenceName,
  referenceNamesOf,
} from './observation.ts';
import { attempt, dispute, paid, paidInParts, payment, paymentObserved, pi1, refund } from './order/example-order.test-support.ts';

describe('a fact key names the fact, whoever tells it and whatever the amount', () => {
  test.each([
    [paid(), 'pi_1:paid'],
    [paidInParts({ tax: 80 }), 'pi_1:paid'],
    [attempt('processing'), 'pi_1:processing'],
    [attempt('expired'), 'pi_1:expired'],
    [refund(1, 'failed'), 're_1:failed'],
    [refund(2, 'failed'), 're_1:failed'],
    [dispute('open', { movements: 3 }), 'dp_1:open:3'],
  ])('%o: %s', (fact, key) => expect(factKey(pi1, fact)).toBe(key));
});

describe('content', () => {
  test('is equal whatever order the keys were written in', () => {
    const amount = { currency: 'usd', totalMinor: 1_000 };
    expect(factContent({ amount, status: 'paid', kind: 'attempt' })).toBe(factContent(paid()));
  });
  test('differs with every field', () => {
    const facts: readonly Fact[] = [
      paid(),
      paid(999),
      paid(1_000, { currency: 'eur' }),
      paidInParts({}),
      paidInParts({ discount: 1 }),
      paidInParts({ tax: 1 }),
      paidInParts({ shipping: 1 }),
      paidInParts({ subtotal: 1 }),
      attempt('processing'),
      attempt('failed'),
      refund(1),
      refund(2),
      refund(1, 'failed'),
      refund(1, 'succeeded', 're_2'),
      dispute('open'),
      dispute('lost'),
      dispute('open', { id: 'dp_2' }),
      dispute('open', { amountMinor: 1 }),
      dispute('open', { returnedDebit: true }),
      dispute('open', { movements: 2 }),
    ];
    expect(new Set(facts.map(factContent)).size).toBe(facts.length);
  });
});

test('a payment is another one in another account, mode or provider', () => {
  const references: readonly PaymentReference[] = [
    pi1,
    payment('pi_2'),
    payment('pi_1', { account: 'acct_2' }),
    payment('pi_1', { livemode: false }),
    payment('pi_1', { provider: 'manual' }),
  ];
  expect(new Set(references.map(paymentKey)).size).toBe(references.length);
});

describe('a reference name', () => {
  test.each<[PaymentReference, string]>([
    [pi1, 'pi_1'],
    [payment('pi_1', { account: 'acct_2' }), 'pi_1'],
    [payment('pi_1', { livemode: false }), 'pi_1'],
    [payment('manual:1', { provider: 'manual' }), 'manual:1'],
    [payment('pi_1', { provider: 'manual' }), 'manual/acct_1/pi_1'],
    [payment('manual:1'), 'stripe/acct_1/manual:1'],
    [payment('pi_1', { provider: 'other' }), 'other/acct_1/pi_1'],
    [payment('pi_1', { provider: 'other', account: 'acct_2' }), 'other/acct_2/pi_1'],
    [payment('pi_1', { provider: 'other', livemode: false }), 'other/acct_1/pi_1'],
  ])('of %o: %s', (reference, name) => expect(referenceName(reference)).toBe(name));
  test('of an alias is by the same provider and account', () => {
    expect(referenceNamesOf({ payment: pi1, aliases: ['cs_1', 'pi_1', 'cs_1'] })).toEqual(['pi_1', 'cs_1']);
    const other = payment('p1', { provider: 'other' });
    expect(referenceNamesOf({ payment: other, aliases: ['s1'] })).toEqual(['other/acct_1/p1', 'other/acct_1/s1']);
  });
});

describe('what may come in', () => {
  const { observedAt: _, factKey: __, ...valid } = paymentObserved(paid());
  const admits = (observation: object) => observationSchema.safeParse(observation);

  test('an observation', () => expect(admits(valid).success).toBe(true));
  test('times are normalised, so that equal times are equal texts', () => {
    expect(admits({ ...valid, asOf: '2026-01-01T01:00:00+01:00' }).data?.asOf).toBe('2026-01-01T00:00:00.000Z');
  });

  // biome-ignore format: a table
  const refused: readonly (readonly [string, object])[] = [
    ['payment.id', { ...valid, payment: { ...pi1, id: 'pi 1' } }],
    ['payment.id', { ...valid, payment: { ...pi1, id: '' } }],
    ['payment.id', { ...valid, payment: { ...pi1, id: 'x'.repeat(129) } }],
    ['payment.account', { ...valid, payment: { ...pi1, account: 'acct/1' } }],
    ['payment.livemode', { ...valid, payment: { ...pi1, livemode: 'true' } }],
    ['orderId', { ...valid, orderId: 'order 1' }],
    ['aliases', { ...valid, aliases: Array.from({ length: 9 }, (_, index) => `cs_${index}`) }],
    ['asOf', { ...valid, asOf: 'yesterday' }],
    ['asOf', { ...valid, asOf: '2026-02-30T00:00:00Z' }],
    ['asOf', { ...valid, asOf: '9999-12-31T23:59:59-01:00' }],
    ['asOf', { ...valid, asOf: '0000-01-01T00:00:00+01:00' }],
    ['occurredAt', { ...valid, occurredAt: 0 }],
    ['evidence.objectId', { ...valid, evidence: {} }],
    ['source', { ...valid, source: 'browser' }],
    ['by', { ...valid, source: 'manual' }],
    ['by.reason', { ...valid, source: 'manual', by: { actor: 'support-7', reason: '' } }],
    ['by.actor', { ...valid, source: 'manual', by: { actor: 'Jane Doe', reason: 'called' } }],
    ['fact.kind', { ...valid, fact: { kind: 'gift' } }],
    ['fact.status', { ...valid, fact: { kind: 'attempt', status: 'done' } }],
    ['fact.amount', { ...valid, fact: { kind: 'attempt', status: 'paid' } }],
    ['fact.amount.totalMinor', { ...valid, fact: paid(-1) }],
    ['fact.amount.totalMinor', { ...valid, fact: paid(9.99) }],
    ['fact.amount.totalMinor', { ...valid, fact: paid(2 ** 53) }],
    ['fact.amount.currency', { ...valid, fact: paid(1, { currency: 'USD' }) }],
    ['fact.amount.currency', { ...valid, fact: paid(1, { currency: 'zzq' }) }],
    ['fact.amount.parts.taxMinor', { ...valid, fact: paidInParts({ tax: -1 }) }],
    ['fact.id', { ...valid, fact: refund(1, 'succeeded', 're 1') }],
    ['fact.amountMinor', { ...valid, fact: refund(0.5) }],
    ['fact.movements', { ...valid, fact: dispute('open', { movements: -1 }) }],
    ['', { ...valid, note: 'a field that nobody knows' }],
  ];
  test.each(refused)('%s is refused by name', (path, observation) => {
    expect([...new Set(admits(observation).error?.issues.map((issue) => issue.path.join('.')))]).toEqual([path]);
  });
  test('two faults are both named', () => {
    const { error } = admits({ ...valid, fact: refund(-1, 'succeeded', 're 1') });
    expect(error?.issues.map((issue) => issue.path.join('.')).sort()).toEqual(['fact.amountMinor', 'fact.id']);
  });
});
