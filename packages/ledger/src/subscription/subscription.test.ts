// What a stream may hold: an event that breaks a law is refused when it is read, whoever wrote it.
import { describe, expect, test } from 'vitest';
import type { SubscriptionDecided, SubscriptionDecisionType, SubscriptionEvent } from './events.ts';
import { day, lifecycle, month, placed1, reference1, Story, support, unpaid } from './story.test-support.ts';
import { evolve, noSubscription } from './subscription.ts';

const member = (): Story => Story.placed().tell(0, month('in_1', 0), lifecycle('active'));

function decision(
  type: Exclude<SubscriptionDecisionType, 'SubscriptionChanged'>,
  sequence: number,
  differs: Partial<SubscriptionDecided> = {},
): SubscriptionEvent {
  const data: SubscriptionDecided = {
    membershipId: 'sub-1',
    memberId: 'member-1',
    plan: 'silver',
    quantity: 1,
    sequence,
    validUntil: day(33),
    cause: 'paid',
    trial: false,
    paidAt: day(0),
    source: 'webhook',
    ...differs,
  };
  return { type, data };
}

describe('evolve refuses', () => {
  test.each<[string, () => Story, SubscriptionEvent, RegExp]>([
    ['a second grant', member, decision('SubscriptionGranted', 2), /S4: subscription sub-1 is granted twice/],
    [
      'an invoice that extends twice',
      member,
      decision('SubscriptionExtended', 2, { invoice: 'in_1' }),
      /S4: invoice in_1 extends .* twice/,
    ],
    ['an extension by no invoice', member, decision('SubscriptionExtended', 2), /extended by no invoice/],
    ['an end before any grant', () => Story.placed(), decision('SubscriptionEnded', 1), /before any grant/],
    ['a sequence that jumps', member, decision('SubscriptionEnded', 3), /sequence 3 follows 1/],
    ['a second placement', member, { type: 'SubscriptionPlaced', data: placed1 }, /placed twice/],
    [
      'the placement of another one',
      () => new Story(),
      { type: 'SubscriptionPlaced', data: { ...placed1, subscriptionId: 'sub-2' } },
      /stream of sub-1/,
    ],
    ['a delivery of what was not decided', member, { type: 'MembershipDelivered', data: { sequence: 2 } }, /delivered 2, decided 1/],
    ['a shop that is ahead of nothing', () => Story.placed(), { type: 'ShopAhead', data: { sequence: 1 } }, /nothing was decided/],
    [
      'a review out of turn',
      member,
      { type: 'SubscriptionReviewOpened', data: { reviewId: 'r2', kind: 'currency', openedAt: day(1) } },
      /out of turn/,
    ],
    [
      'the answer to a review that is not open',
      member,
      { type: 'SubscriptionReviewResolved', data: { reviewId: 'r1', resolution: 'grant', seenRevision: 1, by: support } },
      /not open/,
    ],
  ])('%s', (_, storyOf, event, message) => {
    expect(() => evolve(storyOf().state, event)).toThrow(message);
  });
});

test('the state is plain JSON, and has no key of what is not known', () => {
  const { state } = member();
  const more = member()
    .tell(1, lifecycle('trialing', { trialEnd: day(5) }), unpaid('in_2'))
    .look(2, lifecycle('active')).state;
  const byHand = Story.placed().tellAs({ source: 'manual' }, 0, month('in_1', 0)).state;
  for (const each of [noSubscription('sub-1'), Story.placed().state, state, more, byHand])
    expect(JSON.parse(JSON.stringify(each))).toStrictEqual(each);
});

describe('the delivery of the newest decision', () => {
  test('is owned by the instance that decided, and settled by what the shop has stored', () => {
    const { state } = member();
    const decided = evolve(state, decision('SubscriptionExtended', 2, { invoice: 'in_2' }), 'instance-1');
    expect(decided.delivery).toMatchObject({ owner: 'instance-1', underWay: true, settled: 0 });
    const failed = evolve(decided, { type: 'DeliveryFailed', data: { sequence: 2, waitMs: 1_000, spentMs: 1_500, reason: 'error' } });
    expect(failed.delivery).toMatchObject({ failures: 1, underWay: false });
    expect(evolve(failed, { type: 'MembershipDelivered', data: { sequence: 2 } }).delivery.settled).toBe(2);
  });
  test('what concerns a decision that a newer one has replaced changes nothing', () => {
    const decided = evolve(member().state, decision('SubscriptionExtended', 2, { invoice: 'in_2' }), 'instance-1');
    expect(evolve(decided, { type: 'DeliveryAbandoned', data: { sequence: 1 } }).delivery).toEqual(decided.delivery);
  });
});

describe('news to a person', () => {
  test('is what changes what is known or decided; a confirmation, a delivery and a checkout are none', () => {
    const story = member();
    const { newsAtRevision } = story.state;
    story
      .tellAs({ source: 'poll' }, 1, month('in_1', 0))
      .run({ type: 'attach', checkout: { payment: { ...reference1, id: 'cs_1' }, attachedAt: day(1) } });
    expect(evolve(story.state, { type: 'MembershipDelivered', data: { sequence: 1 } }).newsAtRevision).toBe(newsAtRevision);
    expect(story.tell(2, unpaid('in_2')).state.newsAtRevision).toBe(story.state.revision);
  });
});
