import { describe, expect, test } from 'vitest';
import { given } from '../testing/given-when-then.ts';
import type { OrderCommand } from './decide.ts';
import { isPending } from './delivery-state.ts';
import type { OrderEvent } from './events.ts';
import { at, decision, dispute, granted, observe, observed, paid, pi2, placed, refund } from './example-order.test-support.ts';
import { evolve, initialState, type OrderState } from './order.ts';

const shopHas = (sequence: number): OrderCommand => ({ type: 'shop_ahead', sequence });
const ahead = (sequence: number): OrderEvent => ({ type: 'ShopAhead', data: { sequence } });
const suspended: readonly OrderEvent[] = [...granted, observed(dispute('open')), decision('MembershipSuspended', 2)];
const revoked: readonly OrderEvent[] = [...granted, observed(refund(1_000)), decision('MembershipRevoked', 2)];

const fold = (...events: readonly OrderEvent[]): OrderState =>
  events.reduce((order, event) => evolve(order, event, 'p1'), initialState('order-1'));

describe('law 9, where the shop is ahead of the log: the membership of now is decided above what it has', () => {
  test.each([
    ['active', granted, decision('MembershipRestored', 4)],
    ['suspended', suspended, decision('MembershipSuspended', 4)],
    ['revoked', revoked, decision('MembershipRevoked', 4)],
  ])('an order that is %s', (membership, events, restated) => {
    const { order } = given(...events)
      .when(shopHas(3))
      .adds(ahead(3), restated);
    expect(order).toMatchObject({ membership, sequence: 4, delivery: { settled: 3 } });
    expect(isPending(order)).toBe(true);
  });

  test('what the policy makes of the facts now, where that differs', () => {
    given(...suspended)
      .when(shopHas(3), { openDispute: 'keep' })
      .adds(ahead(3), decision('MembershipRestored', 4));
  });

  test('the payment that gives access now is named', () => {
    const twoPayments = [...granted, observed(paid(), { of: pi2, asOf: at(2) }), observed(refund(1_000))];
    given(...twoPayments)
      .when(shopHas(5))
      .adds(ahead(5), decision('MembershipRestored', 6, { payment: pi2, paidAt: at(2) }));
  });

  test('also at our own sequence, where the shop has another decision under it', () => {
    given(...granted)
      .when(shopHas(1))
      .adds(ahead(1), decision('MembershipRestored', 2));
  });

  test('nothing where the order is above it, or nothing was ever decided', () => {
    given(...revoked)
      .when(shopHas(1))
      .addsNothing();
    given(placed).when(shopHas(7)).addsNothing();
  });

  test('later decisions go on from there', () => {
    given(...granted, ahead(3), decision('MembershipRestored', 4))
      .when(observe(refund(1_000)))
      .adds('PaymentObserved', decision('MembershipRevoked', 5));
  });

  test('a payment that comes again to an order granted anew restores nothing twice', () => {
    given(...granted, ahead(3), decision('MembershipRestored', 4))
      .when(observe(paid(), { source: 'poll' }))
      .adds('PaymentObserved');
  });
});

describe('a sequence jumps only by `ShopAhead`', () => {
  test.each([
    ['a decision that jumps by itself', [...granted, decision('MembershipRestored', 3)], /sequence 3 follows 1/],
    ['a decision that does not go on from it', [...granted, ahead(3), decision('MembershipRestored', 2)], /sequence 2 follows 3/],
    ['a `ShopAhead` below what was decided', [...revoked, ahead(1)], /with 1, decided 2/],
    ['a `ShopAhead` before anything was decided', [placed, ahead(1)], /nothing was decided/],
    ['a second grant behind it', [...granted, ahead(3), decision('MembershipGranted', 4)], /law 2/],
  ])('%s is refused', (_, events, message) => expect(() => fold(...events)).toThrow(message));

  test('its decision raises no second one, until something new is decided or a person asks', () => {
    const raised = fold(...granted, ahead(3), decision('MembershipRestored', 4));
    expect(raised.delivery).toMatchObject({ settled: 3, owner: 'p1', raised: true });
    const by = { actor: 'support-7', reason: 'the other ledger was stopped' };
    expect(evolve(raised, { type: 'DeliveryTakenOver', data: { sequence: 4, by } }).delivery.raised).toBe(false);
    expect(evolve(raised, decision('MembershipRevoked', 5)).delivery.raised).toBe(false);
  });
});
