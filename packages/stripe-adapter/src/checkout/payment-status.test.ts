// What a page may say of an order, from the ledger's view of it alone.
import type { OrderView } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { type PaymentState, paymentStateOf } from '../index.ts';

function order(changes: Partial<OrderView>): OrderView {
  return {
    orderId: 'order-1',
    revision: 3,
    memberId: 'member-1',
    plan: 'year',
    placedAt: '2027-01-15T08:00:00.000Z',
    expected: { amountMinor: 1_000, currency: 'eur' },
    account: 'acct_1',
    livemode: false,
    checkouts: [],
    payment: 'none',
    membership: 'none',
    sequence: 0,
    delivered: 0,
    openReviews: [],
    ...changes,
  };
}

describe('paymentStateOf', () => {
  // biome-ignore format: a table
  test.each<[OrderView['membership'], OrderView['payment'], PaymentState]>([
    ['none', 'none', 'pending'],
    ['none', 'processing', 'processing'],
    ['none', 'authorized', 'processing'],
    ['none', 'awaiting_customer', 'awaiting_customer'],
    ['none', 'failed', 'failed'],
    ['none', 'canceled', 'failed'],
    ['none', 'expired', 'expired'],
    ['none', 'paid', 'review'],
    ['none', 'partially_refunded', 'review'],
    ['none', 'disputed', 'suspended'],
    ['none', 'refunded', 'revoked'],
    ['suspended', 'disputed', 'suspended'],
    ['suspended', 'paid', 'suspended'],
    ['revoked', 'refunded', 'revoked'],
    ['revoked', 'disputed', 'revoked'],
    ['active', 'paid', 'active'],
    ['active', 'partially_refunded', 'active'],
  ])('a membership %s, a payment %s: %s', (membership, payment, state) => {
    expect(paymentStateOf(order({ membership, payment, sequence: 1, delivered: 1 }), true)).toBe(state);
  });

  test('is under review where a person can decide on it, dispute or not', () => {
    const review = {
      reviewId: 'r',
      orderId: 'order-1',
      kind: 'amount',
      openedAt: '2027-01-15T08:00:00.000Z',
    } as OrderView['openReviews'][number];
    expect(paymentStateOf(order({ payment: 'disputed', openReviews: [review] }), true)).toBe('review');
    expect(paymentStateOf(order({ membership: 'suspended', payment: 'disputed', sequence: 2, openReviews: [review] }), true)).toBe(
      'suspended',
    );
  });

  test('is granting until the shop knows, where this process tells it', () => {
    const notDelivered = order({ membership: 'active', payment: 'paid', sequence: 1, delivered: 0 });
    expect([paymentStateOf(notDelivered, true), paymentStateOf(notDelivered, false)]).toEqual(['granting', 'active']);
  });
});
