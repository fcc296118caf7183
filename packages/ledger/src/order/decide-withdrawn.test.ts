// A withdrawn order: what comes afterwards is a question, and money that gave access or is under way refuses the withdrawal.
import { describe, expect, test } from 'vitest';
import type { LedgerErrorCode } from '../errors.ts';
import { given } from '../testing/given-when-then.ts';
import { decide } from './decide.ts';
import type { OrderEvent } from './events.ts';
import {
  attempt,
  decision,
  dispute,
  granted,
  observe,
  observed,
  paid,
  paidInParts,
  payment,
  pi2,
  place,
  placed,
  refund,
  resolve,
  review,
  support,
  withdraw,
  withdrawn,
} from './example-order.test-support.ts';
import { evolve, initialState } from './order.ts';
import { defaultPolicy } from './policy.ts';

const sessionExpired = observed(attempt('expired'), { of: payment('cs_1') });

describe('an order is withdrawn', () => {
  test.each<readonly [string, readonly OrderEvent[]]>([
    ['unpaid', [placed]],
    ['with an unpaid voucher', [placed, observed(attempt('awaiting_customer'))]],
    ['after an attempt that failed', [placed, observed(attempt('attempt_failed'))]],
    ['with a session that expired', [placed, sessionExpired]],
    ['with a payment that is too small and waits for a person', [placed, observed(paid(900)), review('amount')]],
  ])('%s', (_, events) => {
    given(...events)
      .when(withdraw)
      .adds('OrderWithdrawn');
  });

  test('once: said again it adds nothing, whatever is under way since', () => {
    given(placed, withdrawn).when(withdraw).addsNothing();
    given(placed, withdrawn, observed(attempt('processing')))
      .when(withdraw)
      .addsNothing();
  });

  test('with a payment that is disputed and gave no access yet: a person is asked', () => {
    given(observed(paid()), observed(dispute('open')), placed)
      .when(withdraw)
      .adds('OrderWithdrawn', review('withdrawn'));
  });

  test('with a payment that was refunded before it could count: nobody is asked', () => {
    given(observed(refund(1_000)), observed(paid()), placed)
      .when(withdraw)
      .adds('OrderWithdrawn');
  });
});

describe('an order is not withdrawn', () => {
  const revoked = [...granted, observed(refund(1_000)), decision('MembershipRevoked', 2)];
  const inVain = [placed, withdrawn, observed(paid()), review('withdrawn')];
  const accepted: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'grant', seenRevision: 3, by: support } };
  const acceptedInVain = [...inVain, accepted, decision('MembershipGranted', 1, { source: 'manual' })];
  test.each<readonly [LedgerErrorCode, string, readonly OrderEvent[]]>([
    ['order_unknown', 'that is not placed', [observed(attempt('processing'))]],
    ['already_paid', 'once granted', granted],
    ['already_paid', 'that was granted, though it was revoked', revoked],
    ['already_paid', 'again, once a person has accepted what was paid after the first time', acceptedInVain],
    ['payment_under_way', 'while a debit is collected', [placed, observed(attempt('processing'))]],
    ['payment_under_way', 'while money waits for its capture', [placed, observed(attempt('authorized'))]],
  ])('%s: %s', (code, _, events) => {
    const state = events.reduce((to, event) => evolve(to, event), initialState('order-1'));
    expect(() => decide(state, withdraw, defaultPolicy)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a payment that counts after the withdrawal', () => {
  test('opens a review and grants nothing', () => {
    const { order } = given(placed, withdrawn).when(observe(paid())).adds('PaymentObserved', review('withdrawn'));
    expect(order.membership).toBe('none');
  });

  test('confirmed by another source it opens no other', () => {
    given(placed, withdrawn, observed(paid()), review('withdrawn'))
      .when(observe(paid(), { source: 'poll' }))
      .adds('PaymentObserved');
  });

  test('grants once a person accepts it', () => {
    given(placed, withdrawn, observed(paid()), review('withdrawn')).when(resolve('grant', 3)).adds('ReviewResolved', 'MembershipGranted');
  });

  test.each(['revoke', 'dismiss'] as const)('grants nothing where a person answers %s', (resolution) => {
    const { order } = given(placed, withdrawn, observed(paid()), review('withdrawn')).when(resolve(resolution, 3)).adds('ReviewResolved');
    expect(order.membership).toBe('none');
  });

  test('each payment is asked about by itself, also beside an accepted one', () => {
    const accepted = [placed, withdrawn, observed(paid()), review('withdrawn')];
    const { order } = given(...accepted).when(resolve('grant', 3));
    const after = decide(order, observe(paid(), { of: pi2 }), defaultPolicy);
    expect(after.map(({ type }) => type)).toEqual(['PaymentObserved', 'ReviewOpened']);
    expect(after[1]).toEqual(review('withdrawn', 'r2', pi2));
  });

  test('that does not fit opens the review of its mismatch alone', () => {
    given(placed, withdrawn)
      .when(observe(paid(900)))
      .adds('PaymentObserved', review('amount'));
  });

  test('is asked about only once it is paid: a refund of which nothing else is known is no payment', () => {
    given(placed, withdrawn)
      .when(observe(refund(1_000)))
      .adds('PaymentObserved');
  });

  test('that a person has accepted is not asked about again, once it is known to fit', () => {
    const accepted: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'grant', seenRevision: 3, by: support } };
    given(placed, withdrawn, observed(paid(900)), review('amount'), accepted, decision('MembershipGranted', 1, { source: 'manual' }))
      .when(observe(paidInParts({ discount: 100 }), { source: 'poll' }))
      .adds('PaymentObserved');
  });

  test('is undone by a refund, and whoever accepts it then grants nothing', () => {
    const { order } = given(placed, withdrawn, observed(paid()), review('withdrawn'), observed(refund(1_000)))
      .when(resolve('grant', 4))
      .adds('ReviewResolved');
    expect(order.membership).toBe('none');
  });
});

test('an order that is placed again after its withdrawal stays withdrawn', () => {
  given(placed, withdrawn).when(place).addsNothing();
});
