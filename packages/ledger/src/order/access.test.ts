// Law 4: what joined facts allow, where no decision shows it: by the first rules too, and of money that is not all there is.
import { describe, expect, test } from 'vitest';
import type { Fact } from '../observation.ts';
import { type Access, accessLeft, entitled, isFullyRefunded, isInEffect, type MoneyMoved, type UndoingPolicy } from './access.ts';
import type { OrderEvent } from './events.ts';
import { at, attempt, decision, dispute, granted, observed, paid, pi2, placed, refund } from './example-order.test-support.ts';
import { joinFact, noFacts, type PaymentFacts } from './facts.ts';
import { evolve, initialState, type OrderState } from './order.ts';
import { defaultPolicy, type PolicyOptions, withDefaults } from './policy.ts';

const fold = (...events: readonly OrderEvent[]): OrderState =>
  events.reduce((order, event) => evolve(order, event), initialState('order-1'));
const joined = (...facts: readonly Fact[]): PaymentFacts => facts.reduce((to, fact) => joinFact(to, { fact, asOf: at(1) }), noFacts(pi2));

describe('the payment that gives access', () => {
  test('is named while there is access, and never once it is over', () => {
    expect(entitled(fold(placed, observed(paid())), defaultPolicy)).toMatchObject({
      access: 'full',
      payment: { reference: { id: 'pi_1' } },
    });
    expect(entitled(fold(...granted, observed(refund(1_000))), defaultPolicy)).toEqual({ access: 'ended' });
    expect(entitled(fold(placed), defaultPolicy)).toEqual({ access: 'ended' });
  });

  test('is the earlier of two, whichever came first', () => {
    const [early, late] = [observed(paid(), { of: pi2, asOf: at(1) }), observed(paid(), { asOf: at(2) })];
    for (const events of [
      [early, late],
      [late, early],
    ])
      expect(entitled(fold(placed, ...events), defaultPolicy).payment?.reference.id).toBe('pi_2');
  });

  test('is the one that gives more, though it is the later one', () => {
    const events = [observed(paid(), { asOf: at(1) }), observed(dispute('open')), observed(paid(), { of: pi2, asOf: at(2) })];
    expect(entitled(fold(placed, ...events), defaultPolicy).payment?.reference.id).toBe('pi_2');
    expect(entitled(fold(placed, ...events.toReversed()), defaultPolicy).payment?.reference.id).toBe('pi_2');
  });
});

describe('under the first rules', () => {
  type Case = readonly [string, readonly Fact[], PolicyOptions, Access];
  // biome-ignore format: a table
  const cases: readonly Case[] = [
    ['an inquiry does nothing', [dispute('inquiry')], {}, 'full'],
    ['an open dispute pauses, whatever its amount is', [dispute('open', { amountMinor: 1 })], {}, 'paused'],
    ['an open dispute does as the policy says', [dispute('open')], { openDispute: 'keep' }, 'full'],
    ['an open one does not as a lost one', [dispute('open')], { lostDispute: 'keep' }, 'paused'],
    ['a lost dispute ends, whatever its amount is', [dispute('lost', { amountMinor: 1 })], {}, 'ended'],
    ['a lost dispute does as the policy says', [dispute('lost')], { lostDispute: 'keep' }, 'full'],
    ['a lost one does not as an open one', [dispute('lost')], { openDispute: 'keep' }, 'ended'],
    ['a dispute that is won undoes nothing', [dispute('won')], {}, 'full'],
    ['a returned debit does as the policy says, open', [dispute('open', { returnedDebit: true })], { returnedDebit: 'suspend' }, 'paused'],
    ['a returned debit does as the policy says, lost', [dispute('lost', { returnedDebit: true })], { returnedDebit: 'suspend' }, 'paused'],
    ['a returned debit ends', [dispute('open', { returnedDebit: true })], { openDispute: 'keep' }, 'ended'],
    ['what ended is not paused by a second dispute', [dispute('lost'), dispute('open', { id: 'dp_2' })], {}, 'ended'],
    ['what a refund ended is not paused by a dispute', [refund(1_000), dispute('open')], {}, 'ended'],
    ['two disputes, of which one is kept, pause', [dispute('lost'), dispute('open', { id: 'dp_2' })], { lostDispute: 'keep' }, 'paused'],
    ['won is the last state, of equally many movements', [dispute('won'), dispute('lost')], {}, 'full'],
    ['refunds of more than was received are all of it', [refund(1_001)], {}, 'ended'],
    ['a part is refunded', [refund(999)], { fullRefund: 'keep', partialRefund: 'revoke' }, 'ended'],
    ['a part is kept', [refund(999)], {}, 'full'],
    ['all of it is refunded', [refund(1_000)], { fullRefund: 'keep', partialRefund: 'revoke' }, 'full'],
  ];
  test.each(cases)('%s', (_, facts, options, access) => {
    const policy = withDefaults({ ...options, rules: 1 });
    const order = fold(placed, observed(paid()), ...facts.map((fact) => observed(fact)));
    expect(entitled(order, policy).access).toBe(access);
    const [payment] = Object.values(order.payments);
    expect(isInEffect(order, payment!, policy)).toBe(access !== 'ended');
  });
});

test('of equally many movements, won and lost, lost is the last state by the rules of now', () => {
  expect(entitled(fold(...granted, observed(dispute('won')), observed(dispute('lost'))), defaultPolicy).access).toBe('ended');
});

describe('a payment is fully refunded', () => {
  test.each<readonly [boolean, string, readonly Fact[]]>([
    [true, 'where all of it went back', [paid(), refund(1_000)]],
    [true, 'where more than it went back', [paid(), refund(1_001)]],
    [false, 'not by a part', [paid(), refund(999)]],
    [false, 'not where nothing went back', [paid()]],
    [false, 'not where nothing was paid, and nothing went back', [paid(0)]],
    [false, 'not before it is paid', [attempt('processing'), refund(1_000)]],
    [false, 'not where only the refund is known', [refund(1_000)]],
  ])('%s: %s', (expected, _, facts) => expect(isFullyRefunded(joined(...facts))).toBe(expected));
});

describe('access that is left of money, where credit or a balance is a part of it', () => {
  const lost = { status: 'lost', amountMinor: 400, returnedDebit: false } as const;
  const open = { ...lost, status: 'open' } as const;
  type Case = readonly [string, Partial<MoneyMoved>, Partial<UndoingPolicy>, Access];
  // biome-ignore format: a table
  const cases: readonly Case[] = [
    ['nothing went back', {}, { partialRefund: 'revoke', fullRefund: 'revoke' }, 'full'],
    ['all went back: that is no part', { refundedMinor: 1_000 }, { fullRefund: 'keep', partialRefund: 'revoke' }, 'full'],
    ['all went back', { refundedMinor: 1_000 }, { partialRefund: 'keep' }, 'ended'],
    ['all was credited', { creditedMinor: 1_000 }, { partialRefund: 'keep' }, 'ended'],
    ['all but one went back', { refundedMinor: 999 }, { fullRefund: 'revoke', partialRefund: 'keep' }, 'full'],
    ['all that was paid went back, but not what a balance gave', { paidMinor: 400, refundedMinor: 400 }, { partialRefund: 'revoke' }, 'ended'],
    ['all that was paid is lost', { paidMinor: 400, disputes: [lost] }, { partialRefund: 'keep' }, 'ended'],
    ['a part of what was paid is lost', { paidMinor: 401, disputes: [lost] }, { partialRefund: 'keep' }, 'full'],
    ['the rest of what was not credited is at risk', { creditedMinor: 600, disputes: [open] }, {}, 'paused'],
    ['less than the rest is at risk', { creditedMinor: 599, disputes: [open] }, {}, 'full'],
    ['all that was paid is at risk', { paidMinor: 400, disputes: [open] }, {}, 'paused'],
    ['a part is at risk, and a part ends', { disputes: [open] }, { partialRefund: 'revoke' }, 'paused'],
  ];
  test.each(cases)('%s', (_, money, policy, access) => {
    expect(accessLeft({ receivedMinor: 1_000, refundedMinor: 0, disputes: [], ...money }, { ...defaultPolicy, ...policy })).toBe(access);
  });
});

test('a suspended member is paused by a second payment that is disputed too, and named by the earlier', () => {
  const events = [...granted, observed(dispute('open')), decision('MembershipSuspended', 2), observed(paid(), { of: pi2, asOf: at(0) })];
  const order = fold(...events, observed(dispute('open', { id: 'dp_2' }), { of: pi2 }));
  expect(entitled(order, defaultPolicy)).toMatchObject({ access: 'paused', payment: { reference: { id: 'pi_2' } } });
});
