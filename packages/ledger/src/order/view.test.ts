import { describe, expect, test } from 'vitest';
import type { Fact } from '../observation.ts';
import type { OrderEvent } from './events.ts';
import {
  at,
  attempt,
  decision,
  dispute,
  granted,
  observed,
  paid,
  payment,
  pi2,
  placed,
  refund,
  review,
  support,
  withdrawn,
} from './example-order.test-support.ts';
import { evolve, initialState, type OrderState } from './order.ts';
import { awaitedUntil, hasPaidPayment, listedUntil, type OrderPaymentState, undeliveredIn, unsettledIn, viewOf } from './view.ts';

function fold(...events: readonly OrderEvent[]): OrderState {
  return events.reduce((order, event) => evolve(order, event), initialState('order-1'));
}

const session: OrderEvent = { type: 'CheckoutAttached', data: { payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30) } };

test('an order is seen once it is placed', () => {
  expect(viewOf(fold(observed(paid())))).toBeUndefined();
  expect(viewOf(fold(...granted, session, { type: 'MembershipDelivered', data: { sequence: 1 } }))).toEqual({
    orderId: 'order-1',
    revision: 4,
    memberId: 'member-1',
    plan: 'yearly',
    placedAt: at(0),
    expected: { amountMinor: 1_000, currency: 'usd' },
    account: 'acct_1',
    livemode: true,
    checkouts: [{ payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30) }],
    payment: 'paid',
    membership: 'active',
    grantedBy: 'webhook',
    sequence: 1,
    delivered: 1,
    openReviews: [],
  });
});

test('grantedBy stays with who granted', () => {
  const order = fold(...granted, observed(refund(1_000)), decision('MembershipRevoked', 2, { source: 'poll' }));
  expect(viewOf(order)?.grantedBy).toBe('webhook');
});

test('who withdrew an order is shown', () => {
  expect(viewOf(fold(placed, withdrawn))?.withdrawn).toEqual({ by: support });
  expect(viewOf(fold(placed))).not.toHaveProperty('withdrawn');
});

test('a payment was paid at some time, whatever became of it since', () => {
  const other = observed(attempt('failed'), { of: pi2 });
  expect(hasPaidPayment(fold(placed, observed(paid(900)), other, observed(refund(900))))).toBe(true);
  expect(hasPaidPayment(fold(placed, observed(attempt('processing')), observed(refund(1), { of: pi2 })))).toBe(false);
});

describe('the newest decision that the shop lacks', () => {
  const delivered = (sequence: number): OrderEvent => ({ type: 'MembershipDelivered', data: { sequence } });
  test('is what it should store, with what its delivery has come to', () => {
    const failed: OrderEvent = { type: 'DeliveryFailed', data: { sequence: 1, waitMs: 500, spentMs: 700, reason: 'error' } };
    expect(undeliveredIn(fold(...granted, failed, { type: 'DeliveryAbandoned', data: { sequence: 1 } }))).toEqual({
      orderId: 'order-1',
      memberId: 'member-1',
      status: 'active',
      sequence: 1,
      failures: 1,
      abandoned: true,
    });
    expect(undeliveredIn(fold(...granted, delivered(1), decision('MembershipRevoked', 2)))).toMatchObject({
      status: 'revoked',
      sequence: 2,
    });
  });
  test('is none where nothing was decided, or the shop has it', () => {
    expect(undeliveredIn(fold(placed))).toBeUndefined();
    expect(undeliveredIn(fold(...granted, delivered(1)))).toBeUndefined();
  });
});

test('only open reviews are shown', () => {
  const resolved: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'dismiss', seenRevision: 3, by: support } };
  const order = fold(...granted, review('overpaid'), review('conflicting_evidence', 'r2'), resolved);
  expect(viewOf(order)?.openReviews).toEqual([
    { reviewId: 'r2', orderId: 'order-1', kind: 'conflicting_evidence', payment: payment('pi_1'), openedAt: at(60) },
  ]);
});

describe('the payment state of an order', () => {
  const paidAnd = (...facts: readonly Fact[]) => [paid(), ...facts];
  // biome-ignore format: a table
  const states: readonly (readonly [OrderPaymentState, readonly Fact[]])[] = [
    ['none', []],
    ['none', [attempt('attempt_failed')]],
    ['none', [refund(1)]],
    ['processing', [attempt('processing')]],
    ['awaiting_customer', [attempt('awaiting_customer')]],
    ['authorized', [attempt('authorized')]],
    ['canceled', [attempt('canceled')]],
    ['expired', [attempt('expired')]],
    ['failed', [attempt('failed')]],
    ['paid', paidAnd(refund(1, 'pending'), dispute('inquiry'))],
    ['partially_refunded', paidAnd(refund(999))],
    ['refunded', paidAnd(refund(1_000))],
    ['disputed', paidAnd(dispute('open'))],
    ['disputed', paidAnd(dispute('lost'))],
    ['paid', paidAnd(dispute('won'))],
  ];
  test.each(states)('%s: %j', (state, facts) => {
    expect(viewOf(fold(placed, ...facts.map((fact) => observed(fact))))?.payment).toBe(state);
  });
  test('of several payments, the one that helps most', () => {
    expect(viewOf(fold(placed, observed(attempt('failed')), observed(attempt('processing'), { of: pi2 })))?.payment).toBe('processing');
    expect(viewOf(fold(placed, observed(paid()), observed(refund(1_000)), observed(attempt('canceled'), { of: pi2 })))?.payment).toBe(
      'refunded',
    );
  });
});

describe('until when a payment is awaited', () => {
  const forEver = '9999-12-31T23:59:59.999Z';
  test('not without a checkout, and not before the order is placed', () => {
    expect(awaitedUntil(fold(placed))).toBeUndefined();
    expect(awaitedUntil(fold(session))).toBeUndefined();
  });
  test('until the checkout expires; without an end where it has none', () => {
    expect(awaitedUntil(fold(placed, session))).toBe(at(30));
    expect(awaitedUntil(fold(placed, { type: 'CheckoutAttached', data: { payment: payment('pi_1'), attachedAt: at(0) } }))).toBe(forEver);
  });
  test('of several, the latest', () => {
    const later: OrderEvent = { type: 'CheckoutAttached', data: { payment: payment('cs_2'), attachedAt: at(0), expiresAt: at(40) } };
    expect(awaitedUntil(fold(placed, later, session))).toBe(at(40));
  });
  test.each(['processing', 'awaiting_customer', 'authorized'] as const)('%s: however long it takes', (status) => {
    expect(awaitedUntil(fold(placed, session, observed(attempt(status), { aliases: ['cs_1'] })))).toBe(forEver);
  });
  test('a failed attempt may be followed by another one', () => {
    expect(awaitedUntil(fold(placed, session, observed(attempt('attempt_failed'), { aliases: ['cs_1'] })))).toBe(at(30));
  });
  test.each([attempt('canceled'), attempt('expired'), attempt('failed'), paid(900)])('%o ends it, by the payment or its alias', (fact) => {
    expect(awaitedUntil(fold(placed, session, observed(fact, { aliases: ['cs_1'] })))).toBeUndefined();
    expect(awaitedUntil(fold(placed, session, observed(fact, { of: payment('cs_1') })))).toBeUndefined();
    expect(awaitedUntil(fold(placed, session, observed(fact, { of: pi2 })))).toBe(at(30));
  });
  test('not while the membership is active; again once it ended with a checkout still open', () => {
    expect(awaitedUntil(fold(...granted, session))).toBeUndefined();
    expect(awaitedUntil(fold(...granted, session, observed(refund(1_000)), decision('MembershipRevoked', 2)))).toBe(at(30));
  });
});

describe('a checkout that the customer may come back to', () => {
  const recoverable: OrderEvent = {
    type: 'CheckoutAttached',
    data: { payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30), recoverableUntil: at(90) },
  };
  const expired = observed(attempt('expired'), { of: payment('cs_1') });
  test('is awaited until then, also after it expired', () => {
    expect(awaitedUntil(fold(placed, recoverable))).toBe(at(90));
    expect(awaitedUntil(fold(placed, recoverable, expired))).toBe(at(90));
    expect(awaitedUntil(fold(placed, session, expired))).toBeUndefined();
    // The intent of a declined attempt is canceled as its session expires.
    expect(awaitedUntil(fold(placed, recoverable, expired, observed(attempt('canceled'), { aliases: ['cs_1'] })))).toBe(at(90));
  });
  test('is awaited as long as it is open, where that is longer', () => {
    const data = { payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30), recoverableUntil: at(20) };
    expect(awaitedUntil(fold(placed, { type: 'CheckoutAttached', data }))).toBe(at(30));
  });
  test('is awaited where only a refund of its payment is known', () => {
    expect(awaitedUntil(fold(placed, recoverable, observed(refund(1), { aliases: ['cs_1'] })))).toBe(at(90));
  });
  test('is awaited no longer once it was paid or failed for good', () => {
    expect(awaitedUntil(fold(placed, recoverable, expired, observed(paid(900), { aliases: ['cs_1'] })))).toBeUndefined();
    expect(awaitedUntil(fold(placed, recoverable, observed(attempt('failed'), { aliases: ['cs_1'] })))).toBeUndefined();
  });
});

describe('what is looked for in lists, and what by its id', () => {
  test.each(['processing', 'awaiting_customer', 'authorized'] as const)('%s: by its id', (status) => {
    const order = fold(placed, session, observed(attempt(status), { aliases: ['cs_1'], asOf: at(3) }));
    expect(listedUntil(order)).toBeUndefined();
    expect(unsettledIn(order)).toMatchObject({ orderId: 'order-1', attempts: [{ payment: { id: 'pi_1' }, asOf: at(3) }], refunds: [] });
  });
  test('unpaid: in lists, as long as it is awaited', () => {
    expect(listedUntil(fold(placed, session))).toBe(at(30));
    expect(listedUntil(fold(placed, session, observed(attempt('attempt_failed'), { aliases: ['cs_1'] })))).toBe(at(30));
    expect(unsettledIn(fold(placed, session))).toBeUndefined();
  });
  test('several at once: each', () => {
    const pending = [observed(refund(1, 'pending')), observed(dispute('open'))];
    expect(unsettledIn(fold(...granted, ...pending))).toMatchObject({
      attempts: [],
      refunds: [{ id: 're_1' }],
      disputes: [{ id: 'dp_1' }],
    });
    const attempted = observed(attempt('processing'), { of: pi2 });
    expect(unsettledIn(fold(...granted, observed(refund(1, 'pending')), attempted))).toMatchObject({
      refunds: [{ id: 're_1' }],
      attempts: [{}],
    });
  });
  // biome-ignore format: a table
  test.each<[Fact, object | undefined]>([
    [refund(1, 'pending'), { refunds: [{ id: 're_1', payment: { id: 'pi_1' } }] }],
    [refund(1, 'requires_action'), { refunds: [{ id: 're_1' }] }],
    [refund(1, 'succeeded'), undefined],
    [refund(1, 'failed'), undefined],
    [dispute('inquiry'), { disputes: [{ id: 'dp_1', payment: { id: 'pi_1' } }] }],
    [dispute('open'), { disputes: [{ id: 'dp_1' }] }],
    [dispute('lost'), undefined],
    [dispute('won'), undefined],
    [dispute('prevented'), undefined],
  ])('%j', (fact, unsettled) => {
    const found = unsettledIn(fold(...granted, observed(fact)));
    if (unsettled === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(unsettled);
  });
});
