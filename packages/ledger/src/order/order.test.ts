// What `decide` makes, `evolve` checks again: a log that breaks a law is read no further.
import { describe, expect, test } from 'vitest';
import type { LedgerError } from '../errors.ts';
import { isPending } from './delivery-state.ts';
import type { OrderEvent } from './events.ts';
import {
  at,
  decision,
  granted,
  observed,
  order1,
  paid,
  payment,
  placed,
  refund,
  review,
  support,
  withdrawn,
} from './example-order.test-support.ts';
import { evolve, initialState, isGranting, moveOf, type OrderState } from './order.ts';

function fold(events: readonly OrderEvent[], instance = ''): OrderState {
  return events.reduce((order, event) => evolve(order, event, instance), initialState('order-1'));
}

function corruption(events: readonly OrderEvent[]): string {
  try {
    fold(events);
  } catch (error) {
    const { code, message } = error as LedgerError;
    expect(code).toBe('corrupt');
    return message;
  }
  throw new Error('it was folded');
}

const moved: Extract<OrderEvent, { type: 'PaymentMoved' }> = {
  type: 'PaymentMoved',
  data: { payment: payment('pi_1'), toOrderId: 'order-2', linkRevision: 0, by: support },
};

describe('a log that breaks a law', () => {
  const resolved: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'dismiss', seenRevision: 0, by: support } };
  // biome-ignore format: a table
  const broken: readonly (readonly [string, readonly OrderEvent[], string])[] = [
    ['a second grant', [...granted, decision('MembershipGranted', 2)], 'law 2: order order-1 is granted twice'],
    ['a grant after the end', [...granted, decision('MembershipRevoked', 2), decision('MembershipGranted', 3)], 'law 2: order order-1 is granted twice'],
    ['a revocation before any grant', [placed, decision('MembershipRevoked', 1)], 'MembershipRevoked before any grant'],
    ['a gap in the sequence', [...granted, decision('MembershipRevoked', 3)], 'sequence 3 follows 1'],
    ['a sequence said again', [...granted, decision('MembershipRevoked', 1)], 'sequence 1 follows 1'],
    ['an order placed twice', [placed, placed], 'is placed twice'],
    ['an order in another stream', [{ type: 'OrderPlaced', data: { ...order1, orderId: 'order-2' } }], 'order order-2 is placed in the stream of order-1'],
    ['a review out of turn', [placed, review('amount', 'r2')], 'review r2 of order order-1 is out of turn'],
    ['an answer to no review', [placed, resolved], 'review r1 is resolved, but is not open'],
    ['a second answer', [placed, review('amount'), resolved, resolved], 'review r1 is resolved, but is not open'],
    ['an order withdrawn twice', [placed, withdrawn, withdrawn], 'order order-1 is withdrawn twice, or after its grant'],
    ['an order withdrawn after its grant', [...granted, withdrawn], 'order order-1 is withdrawn twice, or after its grant'],
    ['a payment moved twice', [placed, observed(paid(900)), moved, moved], 'payment pi_1 is moved away from order order-1 twice'],
    ['a payment moved that gave access', [...granted, moved], 'payment pi_1 is moved, but order order-1 was granted on it'],
    ['a report of a payment that was moved', [placed, observed(paid(900)), moved, observed(paid())], 'law 3: payment pi_1 was moved away'],
    ['a shop that is ahead of nothing', [placed, { type: 'ShopAhead', data: { sequence: 1 } }], 'for which nothing was decided'],
    ['a shop that is ahead by less than is decided', [...granted, { type: 'ShopAhead', data: { sequence: 0 } }], 'with 0, decided 1'],
    ['a delivery of what was not decided', [...granted, { type: 'MembershipDelivered', data: { sequence: 2 } }], 'delivered 2, decided 1'],
  ];
  test.each(broken)('%s', (_, events, expected) => expect(corruption(events)).toContain(expected));
});

test('of an order nothing is known at first, and any instance may deliver', () => {
  expect(initialState('order-1')).toEqual({
    orderId: 'order-1',
    revision: -1,
    checkouts: [],
    payments: {},
    reports: [],
    reviews: [],
    moved: {},
    grantingPayments: [],
    rulings: {},
    membership: 'none',
    sequence: 0,
    delivery: {
      settled: 0,
      owner: '',
      underWay: false,
      failures: 0,
      waitMs: 0,
      spentMs: 0,
      abandoned: false,
      raised: false,
      revision: -1,
    },
    changedAtRevision: -1,
    newsAtRevision: -1,
  });
  expect(granted.reduce((order, event) => evolve(order, event), initialState('order-1')).delivery.owner).toBe('');
});

test('a grant and a restoration name payments that never move, a suspension and an end do not', () => {
  const of = (id: string) => ({ payment: payment(id) });
  const decisions = [decision('MembershipSuspended', 2, of('pi_2')), decision('MembershipRestored', 3, of('pi_3'))];
  const order = fold([...granted, ...decisions, decision('MembershipRevoked', 4, of('pi_4'))]);
  expect(['pi_1', 'pi_2', 'pi_3', 'pi_4'].map((id) => isGranting(order, payment(id)))).toEqual([true, false, true, false]);
});

describe('a payment that is moved away', () => {
  const [of, aliases] = [payment('pi_2'), ['cs_2']];
  const answered: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'revoke', seenRevision: 4, by: support } };
  const both = [
    placed,
    observed(paid(900), { aliases: ['cs_1'] }),
    observed(paid(800), { of, aliases }),
    review('amount'),
    review('amount', 'r2', of),
  ];
  const before = [...both, review('claimed_by_two', 'r3'), answered];

  test('takes along what was reported of it, and leaves the rest', () => {
    const order = fold([...before, moved]);
    expect(Object.values(order.payments).map(({ reference }) => reference.id)).toEqual(['pi_2']);
    expect(order.reports.map(({ fact }) => fact.includes('pi_2'))).toEqual([true]);
    expect(order.rulings).toEqual({});
    expect(order.reviews.map(({ resolution }) => resolution)).toEqual(['revoke', undefined, 'moved']);
    expect(order.reviews.map(({ reviewId }) => reviewId)).toEqual(['r1', 'r2', 'r3']);
    expect(Object.values(order.moved)).toEqual([{ ...moved.data, aliases: ['cs_1'] }]);
  });

  test('leaves what a person has ruled on the others', () => {
    const order = fold([...before, { type: 'PaymentMoved', data: { ...moved.data, payment: of } }]);
    expect(Object.values(order.rulings)).toEqual(['rejected']);
    expect(order.reviews.map(({ resolution }) => resolution)).toEqual(['revoke', 'moved', undefined]);
    expect(moveOf(order, of)?.aliases).toEqual(['cs_2']);
  });
});

describe('revisions', () => {
  test('each event is one', () => expect(fold([...granted, review('overpaid')]).revision).toBe(3));
  test('observations and decisions change what a person had seen; reviews, checkouts and deliveries do not', () => {
    const attached: OrderEvent = { type: 'CheckoutAttached', data: { payment: payment('cs_1'), attachedAt: at(0) } };
    const delivered: OrderEvent = { type: 'MembershipDelivered', data: { sequence: 1 } };
    expect(fold([placed]).changedAtRevision).toBe(-1);
    expect(fold([placed, observed(paid())]).changedAtRevision).toBe(1);
    expect(fold(granted).changedAtRevision).toBe(2);
    expect(fold([...granted, attached, review('overpaid'), delivered]).changedAtRevision).toBe(2);
    expect(fold([...granted, attached, observed(refund(1))]).changedAtRevision).toBe(4);
  });
});

describe('delivery', () => {
  test('counts no wait that was for the next instance, where its owner takes it again because the reply was lost', () => {
    const takenOver: OrderEvent = { type: 'DeliveryTakenOver', data: { sequence: 1 } };
    const silent = fold(granted, 'a');
    const once = evolve(silent, takenOver, 'b');
    expect(once.delivery).toMatchObject({ owner: 'b', failures: 1, waitMs: 1_000, spentMs: 31_000 });
    const again = evolve(once, takenOver, 'b');
    expect(again.delivery).toMatchObject({ owner: 'b', failures: 1, waitMs: 0, spentMs: 30_000 });
    expect(evolve(again, takenOver, 'b').delivery).toMatchObject({ waitMs: 0, spentMs: 30_000 });
  });

  const failed = (sequence: number): OrderEvent => ({
    type: 'DeliveryFailed',
    data: { sequence, waitMs: 500, spentMs: 700, reason: 'error' },
  });
  const abandoned: OrderEvent = { type: 'DeliveryAbandoned', data: { sequence: 1 } };

  test('the instance that decided owns it', () => {
    const order = fold(granted, 'instance-a');
    expect(order.delivery).toEqual({
      settled: 0,
      owner: 'instance-a',
      underWay: true,
      failures: 0,
      waitMs: 0,
      spentMs: 0,
      abandoned: false,
      raised: false,
      revision: 2,
    });
    expect(isPending(order)).toBe(true);
  });
  test('settled: everything up to it, and never back', () => {
    const twice = [...granted, decision('MembershipRevoked', 2)];
    const settled = fold([
      ...twice,
      { type: 'MembershipDelivered', data: { sequence: 2 } },
      { type: 'MembershipDelivered', data: { sequence: 1 } },
    ]);
    expect(settled.delivery.settled).toBe(2);
    expect(isPending(settled)).toBe(false);
    expect(isPending(fold([...twice, { type: 'MembershipDelivered', data: { sequence: 1 } }]))).toBe(true);
  });
  test('a failure counts, and waits', () => {
    expect(fold([...granted, failed(1), failed(1)]).delivery).toMatchObject({ failures: 2, waitMs: 500, spentMs: 700, revision: 4 });
  });
  test('taken over from an owner that fell silent: that is a failure, and the next one waits for longer', () => {
    const taken = { type: 'DeliveryTakenOver', data: { sequence: 1 } } as const;
    const once = evolve(fold(granted, 'instance-a'), taken, 'instance-b');
    expect(once.delivery).toMatchObject({ owner: 'instance-b', failures: 1, waitMs: 1_000, spentMs: 31_000 });
    const twice = evolve(once, taken, 'instance-c');
    expect(twice.delivery).toMatchObject({ owner: 'instance-c', failures: 2, waitMs: 2_000, spentMs: 63_000 });
  });
  test('taken over from an owner that had told of its failure: it may only have been restarted while it waited', () => {
    const before = fold([...granted, failed(1)], 'instance-a');
    const after = evolve(before, { type: 'DeliveryTakenOver', data: { sequence: 1 } }, 'instance-b');
    expect(after.delivery).toMatchObject({ owner: 'instance-b', failures: 1, waitMs: 0, spentMs: 700 });
    expect(evolve(after, { type: 'DeliveryTakenOver', data: { sequence: 1 } }, 'instance-c').delivery.failures).toBe(2);
  });
  test.each(['', 'instance-b'])('taken over from "%s" by instance-b: nobody has failed', (owner) => {
    const after = evolve(fold(granted, owner), { type: 'DeliveryTakenOver', data: { sequence: 1 } }, 'instance-b');
    expect(after.delivery).toMatchObject({ owner: 'instance-b', failures: 0, waitMs: 0, spentMs: 0 });
  });
  test('asked for by a person, a decision that was settled is told again, and what was settled before it is not', () => {
    const delivered: OrderEvent = { type: 'MembershipDelivered', data: { sequence: 2 } };
    const settled = fold([...granted, decision('MembershipRevoked', 2), delivered], 'instance-a');
    const after = evolve(settled, { type: 'DeliveryTakenOver', data: { sequence: 2, by: support } }, 'instance-b');
    expect(after.delivery).toMatchObject({ settled: 1, owner: 'instance-b', underWay: true });
    const unsettled = fold([...granted, decision('MembershipRevoked', 2)], 'instance-a');
    expect(evolve(unsettled, { type: 'DeliveryTakenOver', data: { sequence: 2, by: support } }, 'b').delivery.settled).toBe(0);
  });
  test('asked for by a person, it begins anew, also once it was abandoned', () => {
    const given_up = fold([...granted, failed(1), abandoned], 'instance-a');
    expect(isPending(given_up)).toBe(false);
    const after = evolve(given_up, { type: 'DeliveryTakenOver', data: { sequence: 1, by: support } }, 'instance-b');
    expect(after.delivery).toMatchObject({ owner: 'instance-b', failures: 0, waitMs: 0, spentMs: 0, abandoned: false });
    expect(isPending(after)).toBe(true);
  });
  test('a newer decision begins anew; what is reported about the older one changes nothing', () => {
    const newer = fold([...granted, failed(1), abandoned, decision('MembershipRevoked', 2)], 'instance-a');
    expect(newer.delivery).toMatchObject({ failures: 0, abandoned: false, revision: 5 });
    expect(fold([...granted, decision('MembershipRevoked', 2), failed(1), abandoned], 'instance-a').delivery).toMatchObject({
      failures: 0,
      abandoned: false,
      revision: 3,
    });
  });
});

test('the state is plain JSON: a read model can keep it', () => {
  const order = fold([...granted, observed(paid(900), { aliases: ['cs_1'] }), review('conflicting_evidence')], 'instance-a');
  expect(JSON.parse(JSON.stringify(order))).toEqual(order);
});
