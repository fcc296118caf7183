// Reviews: what a person must look at, and what they may say of it.
import { describe, expect, test } from 'vitest';
import { given } from '../testing/given-when-then.ts';
import { decide } from './decide.ts';
import type { OrderEvent, ReviewKind } from './events.ts';
import {
  at,
  attempt,
  decision,
  dispute,
  granted,
  observe,
  observed,
  order1,
  paid,
  paidInParts,
  payment,
  paymentObserved,
  pi1,
  pi2,
  place,
  placed,
  refund,
  resolve,
  review,
  support,
} from './example-order.test-support.ts';

const revoked = [...granted, observed(refund(1_000)), decision('MembershipRevoked', 2)];
const euros = paid(1_000, { currency: 'eur' });

import { evolve, initialState } from './order.ts';
import { defaultPolicy } from './policy.ts';

describe('every kind of review', () => {
  type Case = readonly [ReviewKind, string, readonly OrderEvent[], Parameters<typeof observe>, readonly OrderEvent['type'][]];
  // biome-ignore format: a table
  const cases: readonly Case[] = [
    ['amount', 'less than expected does not count', [placed], [paid(999)], ['ReviewOpened']],
    ['currency', 'another currency does not count', [placed], [euros], ['ReviewOpened']],
    ['mode', 'a test payment does not count', [placed], [paid(), { of: payment('pi_1', { livemode: false }) }], ['ReviewOpened']],
    ['account', 'money in another account does not count', [placed], [paid(), { of: payment('pi_1', { account: 'acct_2' }) }], ['ReviewOpened']],
    ['overpaid', 'more than expected counts', [placed], [paid(1_001)], ['ReviewOpened', 'MembershipGranted']],
    ['overpaid', 'a second payment is kept', granted, [paid(), { of: pi2 }], ['ReviewOpened']],
    ['conflicting_evidence', 'another total is told', granted, [paid(1_000, { currency: 'eur' }), { source: 'poll' }], ['ReviewOpened']],
    ['claimed_by_two', 'its metadata names another order', [placed], [paid(), { orderId: 'order-2' }], ['ReviewOpened', 'MembershipGranted']],
    ['paid_again', 'a new payment after the end', revoked, [paid(), { of: pi2 }], ['ReviewOpened', 'MembershipRestored']],
  ];

  test('is here', () => expect(new Set(cases.map(([kind]) => kind)).size).toBe(8));
  test.each(cases)('%s: %s', (kind, _, events, report, adds) => {
    const { order } = given(...events)
      .when(observe(...report))
      .adds('PaymentObserved', ...adds);
    const { of = pi1 } = report[1] ?? {};
    expect(order.reviews).toEqual([{ reviewId: 'r1', kind, payment: of, openedAt: at(60) }]);
  });

  test('mode, account and amount are each reported', () => {
    const of = payment('pi_1', { livemode: false, account: 'acct_2' });
    const { order } = given(placed).when(observe(paid(1), { of }));
    expect(order.reviews.map(({ kind }) => kind)).toEqual(['mode', 'account', 'amount']);
  });
  test('one for each payment and kind, though the next source says it too', () => {
    given(placed, observed(paid(999)), review('amount'))
      .when(observe(paid(999), { source: 'poll' }))
      .adds('PaymentObserved');
    given(placed, observed(paid(999)), review('amount'))
      .when(observe(paid(999), { of: pi2 }))
      .adds('PaymentObserved', review('amount', 'r2', pi2));
  });
  test('law 4: a payment that mismatches never blocks a later good one', () => {
    given(placed, observed(paid(999)), review('amount'))
      .when(observe(paid(), { of: pi2 }))
      .adds('PaymentObserved', decision('MembershipGranted', 1, { payment: pi2 }));
  });
});

describe('amounts by parts: total = subtotal − discount + tax + shipping', () => {
  function expecting(allow: Partial<typeof order1.expected.allow>): OrderEvent {
    return { type: 'OrderPlaced', data: { ...order1, expected: { ...order1.expected, allow: { ...order1.expected.allow, ...allow } } } };
  }
  const [counts, tooLittle, tooMuch, otherCurrency] = [
    ['MembershipGranted'],
    ['ReviewOpened'],
    ['ReviewOpened', 'MembershipGranted'],
    ['ReviewOpened'],
  ] as const;
  const kinds = new Map<readonly string[], readonly ReviewKind[]>([
    [counts, []],
    [tooLittle, ['amount']],
    [tooMuch, ['overpaid']],
    [otherCurrency, ['currency']],
  ]);
  // biome-ignore format: a table
  const cases = [
    ['a discount, allowed', paidInParts({ discount: 100 }), {}, counts],
    ['a discount, not allowed', paidInParts({ discount: 100 }), { discount: false }, tooLittle],
    ['tax, allowed', paidInParts({ tax: 80 }), {}, counts],
    ['tax, not allowed', paidInParts({ tax: 80 }), { tax: false }, tooMuch],
    ['shipping, allowed', paidInParts({ shipping: 50 }), {}, counts],
    ['shipping, not allowed', paidInParts({ shipping: 50 }), { shipping: false }, tooMuch],
    ['all three, allowed', paidInParts({ discount: 100, tax: 80, shipping: 50 }), {}, counts],
    ['a discount hidden by tax, neither allowed', paidInParts({ discount: 100, tax: 100 }), { discount: false, tax: false }, counts],
    ['a subtotal too low, hidden by tax', paidInParts({ subtotal: 900, tax: 100 }), {}, tooLittle],
    ['a subtotal too high, hidden by a discount', paidInParts({ subtotal: 1_100, discount: 100 }), {}, tooMuch],
    ['without parts, under', paid(999), {}, tooLittle],
    ['without parts, over', paid(1_001), {}, tooMuch],
    ['more, allowed: a quantity that the buyer chose', paidInParts({ subtotal: 3_000 }), { more: true }, counts],
    ['more, allowed, without parts', paid(1_001), { more: true }, counts],
    ['more, allowed, and no less', paid(999), { more: true }, tooLittle],
    ['more, allowed, and less than is owed with its tax', paidInParts({ subtotal: 950, tax: 60 }), { more: true }, tooLittle],
    ['more, allowed, in another currency', paid(5_000, { currency: 'eur' }), { more: true }, otherCurrency],
    ['captured in part: the total is less than its parts say', paid(500, { parts: { subtotalMinor: 1_000, discountMinor: 0, taxMinor: 0, shippingMinor: 0 } }), {}, tooLittle],
  ] as const;
  test('a second payment is money kept twice, also where more is allowed', () => {
    given(expecting({ more: true }), observed(paid(1_500)), decision('MembershipGranted', 1))
      .when(observe(paid(1_000), { of: pi2 }))
      .adds('PaymentObserved', review('overpaid', 'r1', pi2));
  });
  test.each(cases)('%s', (_, fact, allow, adds) => {
    const { order } = given(expecting(allow))
      .when(observe(fact))
      .adds('PaymentObserved', ...adds);
    expect(order.reviews.map(({ kind }) => kind)).toEqual(kinds.get(adds));
  });
});

describe('conflicting evidence and enrichment (law 5)', () => {
  test('parts where none were known are an enrichment: recorded, no review', () => {
    given(...granted)
      .when(observe(paidInParts({}), { source: 'poll' }))
      .adds('PaymentObserved');
  });
  test('an enrichment may explain a discount: then the payment counts', () => {
    given(placed, observed(paid(900)), review('amount'))
      .when(observe(paidInParts({ discount: 100 }), { source: 'poll' }))
      .adds('PaymentObserved', decision('MembershipGranted', 1, { source: 'poll' }));
  });
  test('a total without parts, after one with parts, says nothing new', () => {
    given(placed, observed(paidInParts({ discount: 100 })), decision('MembershipGranted', 1))
      .when(observe(paid(900), { source: 'poll' }))
      .adds('PaymentObserved');
  });
  test('other parts are conflicting', () => {
    given(placed, observed(paidInParts({ tax: 80 })), decision('MembershipGranted', 1))
      .when(observe(paidInParts({ shipping: 80 }), { source: 'poll' }))
      .adds('PaymentObserved', review('conflicting_evidence'));
  });
  test('the greater total is believed, whichever came first', () => {
    given(placed, observed(paid(900)), review('amount'))
      .when(observe(paid(1_000)))
      .adds('PaymentObserved', review('conflicting_evidence', 'r2'), 'MembershipGranted');
    given(...granted)
      .when(observe(paid(900)))
      .adds('PaymentObserved', review('conflicting_evidence'));
  });
  test('reported again by another source it is not asked again, also once a person has answered', () => {
    const disagreed = [...granted, observed(paid(900)), review('conflicting_evidence')];
    const answered: OrderEvent = {
      type: 'ReviewResolved',
      data: { reviewId: 'r1', resolution: 'dismiss', seenRevision: 4, by: support },
    };
    given(...disagreed, answered)
      .when(observe(paid(900), { source: 'poll' }))
      .adds('PaymentObserved');
    given(...disagreed, answered)
      .when(observe(paid(800), { source: 'poll' }))
      .adds('PaymentObserved', review('conflicting_evidence', 'r2'));
  });
  test('a third total is a question of the same review, while that is open', () => {
    given(...granted, observed(paid(900)), review('conflicting_evidence'))
      .when(observe(paid(800), { source: 'poll' }))
      .adds('PaymentObserved');
    given(...granted, observed(paid(900)), review('overpaid'), review('conflicting_evidence', 'r2', pi2))
      .when(observe(paid(800), { source: 'poll' }))
      .adds('PaymentObserved', review('conflicting_evidence', 'r3'));
  });
  test('before the order is placed it is reviewed too', () => {
    given(observed(paid()))
      .when(observe(euros, { source: 'poll' }))
      .adds('PaymentObserved', review('conflicting_evidence'));
  });
  test('it is no conflict that two payments differ, or that an attempt failed first', () => {
    given(...granted)
      .when(observe(paid(2_000), { of: pi2 }))
      .adds('PaymentObserved', review('overpaid', 'r1', pi2));
    given(placed, observed({ kind: 'attempt', status: 'failed' }))
      .when(observe(paid()))
      .adds('PaymentObserved', 'MembershipGranted');
  });
});

describe('claimed by two', () => {
  test('one of its references belongs to another order', () => {
    given(placed)
      .when({ type: 'observe', observed: paymentObserved(paid()), claimedByAnother: true })
      .adds('PaymentObserved', review('claimed_by_two'), 'MembershipGranted');
  });
  test('a duplicate that names another order opens the review, and no more', () => {
    given(...granted)
      .when(observe(paid(), { orderId: 'order-2' }))
      .adds(review('claimed_by_two'));
  });
  test('its own order is no claim of another', () => {
    given(placed)
      .when(observe(paid(), { orderId: 'order-1' }))
      .adds('PaymentObserved', 'MembershipGranted');
  });
});

describe('the same money twice is reviewed in whatever order it came', () => {
  test('a second payment beside one that is disputed and never granted', () => {
    given(placed, observed(dispute('open')), observed(paid()))
      .when(observe(paid(), { of: pi2 }))
      .adds('PaymentObserved', review('overpaid', 'r1', pi2), 'MembershipGranted');
  });
  test('a second payment while suspended', () => {
    given(...granted, observed(dispute('open')), decision('MembershipSuspended', 2))
      .when(observe(paid(), { of: pi2 }))
      .adds('PaymentObserved', review('overpaid', 'r1', pi2), decision('MembershipRestored', 3, { payment: pi2 }));
  });
  test('a payment that stands again, since its refund failed, beside the one that was paid instead', () => {
    const paidInstead = [
      ...revoked,
      observed(paid(), { of: pi2 }),
      review('paid_again', 'r1', pi2),
      decision('MembershipRestored', 3, { payment: pi2 }),
    ];
    given(...paidInstead)
      .when(observe(refund(1_000, 'failed')))
      .adds('PaymentObserved', review('overpaid', 'r2', pi1));
  });
  test('a payment beside one that was refunded before it was granted is not', () => {
    given(placed, observed(refund(1_000)), observed(paid()))
      .when(observe(paid(), { of: pi2 }))
      .adds('PaymentObserved', decision('MembershipGranted', 1, { payment: pi2 }));
  });
});

describe('resolutions', () => {
  const tooLittle = [placed, observed(paid(900)), review('amount')];
  const at2 = tooLittle.length - 1;

  test('grant: the payment counts in spite of its mismatch, and a person was the source', () => {
    given(...tooLittle)
      .when(resolve('grant', at2))
      .adds(
        { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'grant', seenRevision: at2, by: support } },
        decision('MembershipGranted', 1, { source: 'manual' }),
      );
  });
  test('grant of a claim alone accepts no amount that comes later', () => {
    const claimed = [placed, observed(attempt('processing'), { orderId: 'order-2' }), review('claimed_by_two')];
    const granted = given(...claimed).when(resolve('grant', claimed.length - 1)).events;
    given(...claimed, ...granted)
      .when(observe(paid(1)))
      .adds('PaymentObserved', 'ReviewOpened');
  });
  test('grant: later refunds still undo it', () => {
    const accepted = [...tooLittle, ...given(...tooLittle).when(resolve('grant', at2)).events];
    given(...accepted)
      .when(observe(refund(900)))
      .adds('PaymentObserved', 'MembershipRevoked');
  });
  test('grant of a payment of which nothing is known accepts nothing', () => {
    const { order } = given(placed, review('claimed_by_two')).when(resolve('grant', 1)).adds('ReviewResolved');
    expect(order.rulings).toEqual({});
  });
  test('revoke: a payment that is not paid yet does not count once it is', () => {
    const claimed = [placed, observed(attempt('processing'), { orderId: 'order-2' }), review('claimed_by_two')];
    const { events, order } = given(...claimed)
      .when(resolve('revoke', 2))
      .adds('ReviewResolved');
    expect(Object.values(order.rulings)).toEqual(['rejected']);
    given(...claimed, ...events)
      .when(observe(paid()))
      .adds('PaymentObserved');
  });
  test('dismiss: no change', () => {
    given(...tooLittle)
      .when(resolve('dismiss', at2))
      .adds('ReviewResolved');
  });
  test('revoke: a payment that counted counts no longer, and stays so', () => {
    const overpaid = [placed, observed(paid(2_000)), review('overpaid'), decision('MembershipGranted', 1)];
    const { events } = given(...overpaid)
      .when(resolve('revoke', 3))
      .adds('ReviewResolved', decision('MembershipRevoked', 2, { source: 'manual' }));
    given(...overpaid, ...events)
      .when(observe(paid(2_000), { source: 'poll' }))
      .adds('PaymentObserved');
  });
  test('revoke one of two payments: the other keeps the membership', () => {
    given(...granted, observed(paid(), { of: pi2 }), review('overpaid', 'r1', pi2))
      .when(resolve('revoke', 4))
      .adds('ReviewResolved');
  });
  test('grant of a second payment that mismatches: whoever says so has seen that it is the second', () => {
    given(...granted, observed(paid(900), { of: pi2 }), review('amount', 'r1', pi2))
      .when(resolve('grant', 4))
      .adds('ReviewResolved');
  });
  test('said twice it adds nothing', () => {
    given(...tooLittle, ...given(...tooLittle).when(resolve('dismiss', at2)).events)
      .when(resolve('dismiss', at2))
      .addsNothing();
  });
  test('stale: a refund, a decision, a move followed what the person saw', () => {
    given(...tooLittle, observed(refund(900)))
      .when(resolve('grant', at2))
      .addsNothing();
    given(placed, observed(paid(2_000)), review('overpaid'), decision('MembershipGranted', 1))
      .when(resolve('revoke', 2))
      .addsNothing();
    const move = { payment: pi2, toOrderId: 'order-2', linkRevision: 0, by: support };
    given(placed, observed(paid(900)), review('amount'), observed(attempt('processing'), { of: pi2 }), { type: 'PaymentMoved', data: move })
      .when(resolve('grant', 3))
      .addsNothing();
  });
  test('not stale: another source confirmed the payment meanwhile; under the first rules that was a change', () => {
    const confirmed = [...tooLittle, observed(paid(900), { source: 'poll' })];
    given(...confirmed)
      .when(resolve('grant', at2))
      .adds('ReviewResolved', 'MembershipGranted');
    const { rules: _, ...firstRules } = defaultPolicy;
    expect(
      decide(
        confirmed.reduce((order, event) => evolve(order, event), initialState('order-1')),
        resolve('grant', at2),
        firstRules,
      ),
    ).toEqual([]);
  });
  test('not stale: another review was resolved, a checkout attached, a delivery settled meanwhile', () => {
    const both = [placed, observed(paid(900), { of: payment('pi_1', { livemode: false }) })];
    const of = payment('pi_1', { livemode: false });
    const reviews = [review('mode', 'r1', of), review('amount', 'r2', of)];
    const dismissed = given(...both, ...reviews).when(resolve('dismiss', 3)).events;
    const attached: OrderEvent = { type: 'CheckoutAttached', data: { payment: payment('cs_1'), attachedAt: at(0) } };
    given(...both, ...reviews, ...dismissed, attached)
      .when(resolve('grant', 3, 'r2'))
      .adds('ReviewResolved', 'MembershipGranted');
  });
  test('a person resolves what was decided on the last look only: the second answer is stale', () => {
    const of = payment('pi_1', { livemode: false });
    const both = [placed, observed(paid(900), { of }), review('mode', 'r1', of), review('amount', 'r2', of)];
    const { events } = given(...both)
      .when(resolve('grant', 3))
      .adds('ReviewResolved', 'MembershipGranted');
    given(...both, ...events)
      .when(resolve('revoke', 3, 'r2'))
      .addsNothing();
  });
  test('a revision that the order has not reached was seen by nobody', () => {
    given(...tooLittle)
      .when(resolve('grant', at2 + 1))
      .refuses('invalid_input');
  });
  test('an unknown review is refused', () => {
    given(...tooLittle)
      .when(resolve('grant', at2, 'r9'))
      .refuses('invalid_input');
  });
  test('the last word counts', () => {
    const of = payment('pi_1', { livemode: false });
    const both = [placed, observed(paid(900), { of }), review('mode', 'r1', of), review('amount', 'r2', of)];
    const first = given(...both).when(resolve('grant', 3)).events;
    const { order } = given(...both, ...first)
      .when(resolve('revoke', 5, 'r2'))
      .adds('ReviewResolved', 'MembershipRevoked');
    expect(order.membership).toBe('revoked');
  });
  test('a review of an order that is not placed yet can be resolved, and counts once it is', () => {
    const waiting = [observed(paid()), observed(paid(1_000, { currency: 'eur' }), { source: 'poll' }), review('conflicting_evidence')];
    const { events } = given(...waiting)
      .when(resolve('revoke', 2))
      .adds('ReviewResolved');
    given(...waiting, ...events)
      .when(place)
      .adds('OrderPlaced');
  });
});
