// What makes a person's form stale: an order with news since he saw it, and nothing else.
import { describe, expect, test } from 'vitest';
import type { LedgerError } from '../errors.ts';
import { given } from '../testing/given-when-then.ts';
import type { OrderEvent } from './events.ts';
import {
  at,
  attempt,
  decision,
  dispute,
  granted,
  observe,
  observed,
  paid,
  paidInParts,
  payment,
  pi1,
  pi2,
  place,
  placed,
  refund,
  review,
  support,
  withdraw,
  withdrawn,
} from './example-order.test-support.ts';
import { isNews, isStale } from './news.ts';
import { evolve, initialState, type OrderState } from './order.ts';

const fold = (events: readonly OrderEvent[]): OrderState => events.reduce((order, event) => evolve(order, event), initialState('order-1'));
const attached: OrderEvent = { type: 'CheckoutAttached', data: { payment: payment('cs_1'), attachedAt: at(0) } };
const linked: OrderEvent = { type: 'CheckoutAttached', data: { payment: pi2, attachedAt: at(0), by: support } };
const rechecked: OrderEvent = { type: 'StripeRechecked', data: { by: support, recheckedAt: at(70), looked: 2, recorded: 0 } };
const failed: OrderEvent = { type: 'DeliveryFailed', data: { sequence: 1, waitMs: 500, spentMs: 700, reason: 'timeout' } };
const abandoned: OrderEvent = { type: 'DeliveryAbandoned', data: { sequence: 1 } };
const moved: OrderEvent = { type: 'PaymentMoved', data: { payment: pi2, toOrderId: 'order-2', linkRevision: 0, by: support } };
const resolved: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'dismiss', seenRevision: 3, by: support } };

describe('what a person saw is stale', () => {
  test.each<readonly [string, readonly OrderEvent[], OrderEvent]>([
    ['a payment came', [placed], observed(attempt('processing'))],
    ['it was paid', [placed, observed(attempt('processing'))], observed(paid())],
    ['its parts became known', granted, observed(paidInParts({}))],
    ['another payment came', granted, observed(attempt('processing'), { of: pi2 })],
    ['a refund came', granted, observed(refund(10))],
    ['a refund that was pending succeeded', [...granted, observed(refund(10, 'pending'))], observed(refund(10))],
    ['a dispute opened', granted, observed(dispute('open'))],
    ['it was granted', granted.slice(0, 2), decision('MembershipGranted', 1)],
    ['it was revoked', granted, decision('MembershipRevoked', 2)],
    ['it was suspended', granted, decision('MembershipSuspended', 2)],
    ['it was restored', [...granted, decision('MembershipRevoked', 2)], decision('MembershipRestored', 3)],
    ['the shop was ahead of it', granted, { type: 'ShopAhead', data: { sequence: 4 } }],
    ['it was placed', [observed(attempt('processing'))], placed],
    ['a review opened', granted, review('overpaid')],
    ['a review ended', [...granted, review('overpaid')], resolved],
    ['the order was withdrawn', [placed], withdrawn],
    ['a payment was moved away', [...granted, observed(paid(), { of: pi2 })], moved],
  ])('after %s', (_, before, event) => {
    const order = fold([...before, event]);
    expect(isStale(order, before.length - 1)).toBe(true);
    expect(isStale(order, before.length)).toBe(false);
  });

  test.each<readonly [string, readonly OrderEvent[], OrderEvent]>([
    ['another source confirmed the payment', granted, observed(paid(), { source: 'poll', asOf: at(5) })],
    ['an older state of the payment came late', granted, observed(attempt('processing'))],
    ['a report without its parts came late', [placed, observed(paidInParts({}))], observed(paid(), { source: 'poll' })],
    [
      'an attempt failed a second time, later',
      [placed, observed(attempt('attempt_failed'))],
      observed(attempt('attempt_failed'), { asOf: at(9) }),
    ],
    ['a checkout was attached', granted, attached],
    ['a person linked a payment of which nothing is reported', granted, linked],
    ['the shop saved it', granted, { type: 'MembershipDelivered', data: { sequence: 1 } }],
    ['a delivery failed', granted, failed],
    ['a delivery was taken over', granted, { type: 'DeliveryTakenOver', data: { sequence: 1 } }],
    ['a delivery was abandoned', [...granted, failed], abandoned],
    ['a person had it read again', granted, rechecked],
  ])('but not after %s', (_, before, event) => {
    const [was, is] = [fold(before), fold([...before, event])];
    expect(isStale(is, before.length - 1)).toBe(false);
    expect(isNews(event, was.payments, is.payments)).toBe(false);
  });

  test('nobody can have seen what has not happened', () => {
    expect(() => isStale(fold(granted), 3)).toThrow(expect.objectContaining<Partial<LedgerError>>({ code: 'invalid_input' }));
  });
  test('who does not say what he saw is asked nothing', () => expect(isStale(fold(granted), undefined)).toBe(false));
});

describe('commands of a person who saw an earlier order', () => {
  const unpaid = [placed, attached];
  test('withdrawn: not where a payment came since; and again it is the same', () => {
    given(...unpaid)
      .when({ ...withdraw, seenRevision: 1 } as typeof withdraw)
      .adds('OrderWithdrawn');
    given(...unpaid, observed(attempt('awaiting_customer')))
      .when({ ...withdraw, seenRevision: 1 } as typeof withdraw)
      .addsNothing();
    given(...unpaid, withdrawn, observed(attempt('processing')))
      .when({ ...withdraw, seenRevision: 1 } as typeof withdraw)
      .addsNothing();
  });
  test('withdrawn: an order that was granted since is stale, not paid already: the person looks first', () => {
    given(...granted)
      .when({ ...withdraw, seenRevision: 0 } as typeof withdraw)
      .addsNothing();
    given(...granted)
      .when({ ...withdraw, seenRevision: 2 } as typeof withdraw)
      .refuses('already_paid');
  });
  test('paid by hand: not where it was paid since, so that nobody pays twice unseen', () => {
    const byHand = { ...observe(paid(), { of: pi2, source: 'manual' }), seenRevision: 0 } as ReturnType<typeof observe>;
    given(placed).when(byHand).adds('PaymentObserved', 'MembershipGranted');
    given(...granted)
      .when(byHand)
      .addsNothing();
    given(...granted)
      .when({ ...byHand, seenRevision: 2 } as typeof byHand)
      .adds('PaymentObserved', 'ReviewOpened');
  });
  test('moved: not where the payment was refunded since', () => {
    const short = [placed, observed(paid(900)), review('amount')];
    const move = { type: 'move', payment: pi1, toOrderId: 'order-2', linkRevision: 0, by: support, at: at(60), seenRevision: 2 } as const;
    given(...short)
      .when(move)
      .adds('PaymentMoved');
    given(...short, observed(refund(900)))
      .when(move)
      .addsNothing();
    given(...short, observed(paid(900), { source: 'poll' }))
      .when(move)
      .adds('PaymentMoved');
  });
  test('a placed order is news to who saw only what waits for it', () => {
    const order = fold([...granted.slice(1, 2), ...given(...granted.slice(1, 2)).when(place).events]);
    expect(isStale(order, 0)).toBe(true);
  });
});
