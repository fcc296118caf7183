// What a stream may hold: an event that breaks a law is refused when it is read, whoever wrote it.
import { describe, expect, test } from 'vitest';
import type { Resolution } from '../order/events.ts';
import type { SubscriptionDecided, SubscriptionDecisionType, SubscriptionEvent } from './events.ts';
import type { SubscriptionReference } from './observation.ts';
import {
  allocation,
  day,
  lifecycle,
  line,
  month,
  paid,
  placed1,
  reference1,
  refund,
  Story,
  support,
  unpaid,
} from './story.test-support.ts';
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

const answer = (resolution: Resolution): SubscriptionEvent => ({
  type: 'SubscriptionReviewResolved',
  data: { reviewId: 'r1', resolution, seenRevision: 1, by: support },
});
/** A member who was asked about, of whom in_2 was told as void and in_9 never, and what a person answered. */
function answered(resolution: Resolution, invoice?: string): Pick<Story, 'state'> {
  const about = invoice === undefined ? {} : { invoice };
  const { state } = member()
    .tell(1, unpaid('in_2', 'void'))
    .run({ type: 'review', kind: 'shared_payment', at: day(1), ...about });
  return { state: evolve(state, answer(resolution)) };
}

describe('evolve refuses', () => {
  test.each<[string, () => Pick<Story, 'state'>, SubscriptionEvent, RegExp]>([
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
    [
      'a shop that is ahead with less than was decided',
      () => member().tell(30, month('in_2', 30)),
      { type: 'ShopAhead', data: { sequence: 1 } },
      /with 1, decided 2/,
    ],
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
    ['a second answer to a review', () => answered('dismiss'), answer('grant'), /not open/],
  ])('%s', (_, storyOf, event, message) => {
    expect(() => evolve(storyOf().state, event)).toThrow(message);
  });
});

describe('what a person answered', () => {
  test('rules on the invoice that it is about, and on none where it is about none', () => {
    expect(answered('grant', 'in_1').state.rulings).toEqual({ in_1: 'accepted' });
    const asked = member().run({ type: 'review', kind: 'shared_payment', at: day(1) });
    expect(evolve(asked.state, answer('revoke')).rulings).toEqual({});
  });
  test.each(['in_2', 'in_9'])(
    'rejects what is not paid too, and accepts nothing of it: the answer ends the review all the same',
    (invoice) => {
      expect(answered('revoke', invoice).state.rulings).toEqual({ [invoice]: 'rejected' });
      const { rulings, reviews } = answered('grant', invoice).state;
      expect([rulings, reviews]).toMatchObject([{}, [{ invoice, resolution: 'grant' }]]);
      expect(Object.keys(rulings)).toEqual([]);
    },
  );
});

describe('what was told', () => {
  const other = { ...reference1, id: 'sub_2' };
  test('is reported by its sources, but for the lifecycle, which goes round', () => {
    expect(member().state.reports).toMatchObject([{ sources: ['webhook'] }]);
  });
  test('of an invoice counts, though it names another subscription of the provider', () => {
    expect(member().tellAs({ subscription: other }, 30, month('in_2', 30)).row.at(-1)).toBe('extended paid 63');
  });
  test('of the state of others is known of each by itself', () => {
    const story = member();
    const count = (subscription: SubscriptionReference): number =>
      story.tellAs({ subscription }, 1, lifecycle('active')).events.filter(({ type }) => type === 'SubscriptionObserved').length;
    expect([other, other, { ...other, id: 'sub_3' }].map(count)).toEqual([3, 3, 4]);
  });
});

describe('what a decision names', () => {
  test('is used where it grants, extends or restores, and not where it changes the plan, takes back or ends', () => {
    const gold = paid('in_2', [line(10, 30, { role: 'credit' }), line(10, 30, { role: 'proration', price: 'price_gold' })], {
      reason: 'update',
    });
    const story = member().tell(10, gold);
    expect(story.state).toMatchObject({ decided: { outcome: 'plan_changed', invoice: 'in_2' }, usedInvoices: ['in_1'] });
    story.tell(11, allocation('inpay_1', 'in_1', 'pi_1'), refund('pi_1'));
    expect(story.state).toMatchObject({ decided: { outcome: 'revoked', invoice: 'in_1' }, usedInvoices: ['in_1'] });
    story.tell(20, month('in_3', 20));
    expect(story.state).toMatchObject({ decided: { outcome: 'restored', invoice: 'in_3' }, usedInvoices: ['in_1', 'in_3'] });
    story.tell(50, month('in_4', 50)).look(99, lifecycle('active'));
    expect(story.state.decided?.outcome).toBe('ended');
    expect(story.state.usedInvoices).toEqual(['in_1', 'in_3', 'in_4']);
  });
  test('the source of the grant stays, whoever tells what follows', () => {
    expect(Story.placed().state.grantedBy).toBeUndefined();
    expect(member().tellAs({ source: 'poll' }, 30, month('in_2', 30)).state.grantedBy).toBe('webhook');
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
  test('is taken over by another instance, and without a name by any', () => {
    const { state } = member();
    expect(state.delivery.owner).toBe('');
    const taken = evolve(state, { type: 'DeliveryTakenOver', data: { sequence: 1 } }, 'instance-2');
    expect(taken.delivery).toMatchObject({ owner: 'instance-2', underWay: true, revision: state.revision + 1 });
  });
  test('is raised where it follows a shop that was ahead, which has all up to there', () => {
    const story = member().tell(30, month('in_2', 30));
    expect([member().state.delivery.raised, story.state.delivery.raised]).toEqual([false, false]);
    const { delivery } = story.state;
    expect(evolve(story.state, { type: 'ShopAhead', data: { sequence: 7 } }).delivery).toEqual({ ...delivery, settled: 7 });
    expect(story.run({ type: 'shop_ahead', sequence: 7 }).state.delivery).toMatchObject({ raised: true, settled: 7 });
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
  test('is a state of the subscription that changes, though nothing is decided', () => {
    const story = member().tell(1, lifecycle('active', { endsAt: day(30) }));
    expect(story.state).toMatchObject({ sequence: 1, newsAtRevision: story.state.revision });
  });
  test('is what is decided', () => {
    const { state } = member();
    const ended = evolve(state, decision('SubscriptionEnded', 2));
    expect(ended.newsAtRevision).toBe(state.revision + 1);
  });
  test.each<SubscriptionEvent>([
    { type: 'DeliveryFailed', data: { sequence: 1, waitMs: 1_000, spentMs: 1_500, reason: 'error' } },
    { type: 'DeliveryTakenOver', data: { sequence: 1 } },
    { type: 'DeliveryAbandoned', data: { sequence: 1 } },
    { type: 'StripeRechecked', data: { by: support, recheckedAt: day(1), looked: 1, recorded: 0 } },
  ])('is no $type', (event) => {
    const { state } = member();
    expect(evolve(state, event).newsAtRevision).toBe(state.newsAtRevision);
  });
  test('there is none where nothing but a checkout is known', () => {
    const attached: SubscriptionEvent = { type: 'CheckoutAttached', data: { payment: { ...reference1, id: 'cs_1' }, attachedAt: day(0) } };
    expect(evolve(noSubscription('sub-1'), attached).newsAtRevision).toBe(-1);
  });
});
