import { describe, expect, test } from 'vitest';
import { subscriptionChangeOf } from './change.ts';
import {
  allocation,
  day,
  dispute,
  lifecycle,
  line,
  month,
  paid,
  reference1,
  refund,
  Story,
  support,
  unpaid,
} from './story.test-support.ts';
import { evolve } from './subscription.ts';
import { subscriptionViewOf, undeliveredSubscriptionIn } from './view.ts';

const viewOf = ({ state, policy }: Story) => subscriptionViewOf(state, policy);

describe('the view', () => {
  test('there is none until it is placed', () => expect(viewOf(new Story().tell(0, month('in_1', 0)))).toBeUndefined());
  test('of one that was placed and has nothing', () => {
    expect(viewOf(Story.placed())).toMatchObject({ status: 'none', plan: 'silver', quantity: 1, periods: [], sequence: 0, inGrace: false });
  });
  test('has no key of what is not known', () => {
    const view = {
      subscriptionId: 'sub-1',
      revision: 0,
      memberId: 'member-1',
      plan: 'silver',
      quantity: 1,
      kind: 'membership',
      account: 'acct_1',
      livemode: true,
      checkouts: [],
      status: 'none',
      trial: false,
      inGrace: false,
      collectionPaused: false,
      periods: [],
      sequence: 0,
      delivered: 0,
      openReviews: [],
    };
    expect(viewOf(Story.placed())).toStrictEqual(view);
    const free = { policy: { trial: 'grant' } as const, trial: lifecycle('trialing', { trialEnd: day(14) }) };
    const trial = Story.placed(free.policy).tell(0, paid('in_1', [line(0, 14, { netMinor: 0 })], { reason: 'create' }), free.trial);
    expect(viewOf(trial)).toMatchObject({ trial: true, inGrace: false, reference: reference1, collectionPaused: false });
  });
  test('grace is only of a member: not before what is paid has ended, and not after all of it has', () => {
    const story = Story.placed().tell(0, month('in_1', 0), lifecycle('active'));
    expect(viewOf(story)?.inGrace).toBe(false);
    expect(viewOf(story.look(40, lifecycle('active')))).toMatchObject({ status: 'revoked', inGrace: false });
  });
  test('periods stand by their beginning, whatever their ids are; what has none comes last', () => {
    const two = [line(30, 60, { id: 'il_a' }), line(60, 90, { id: 'il_c' }), line(0, 30, { id: 'il_d' })];
    const story = Story.placed().tell(0, month('in_1', 90), paid('in_9', two), unpaid('in_8'), unpaid('in_7'), month('in_6', 90));
    story.tell(1, unpaid('in_99', 'open', { dueAt: day(140), from: day(120) }));
    expect(viewOf(story)?.periods.map(({ invoice, from, to }) => [invoice, from, to])).toEqual([
      ['in_9', day(0), day(90)],
      ['in_1', day(90), day(120)],
      ['in_6', day(90), day(120)],
      ['in_99', day(120), undefined],
      ['in_7', undefined, undefined],
      ['in_8', undefined, undefined],
    ]);
  });
  test('an invoice that pays for no period has none: of prorations alone, or one that does not count', () => {
    const change = [line(10, 30, { role: 'credit', netMinor: -600 }), line(10, 30, { role: 'proration', price: 'price_gold' })];
    const proration = paid('in_2', change, { reason: 'update' });
    const story = Story.placed()
      .tell(0, month('in_1', 0))
      .tell(10, proration, month('in_3', 30, { currency: 'eur' }));
    expect(viewOf(story)?.periods.map(({ invoice }) => invoice)).toEqual(['in_1']);
  });
  test('periods as paid, held, given back and open; what happens next and when', () => {
    const story = Story.placed().tell(0, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'));
    story.tell(30, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'), month('in_3', 60));
    story.tell(31, refund('pi_1'), dispute('pi_2', 'open'), unpaid('in_4', 'open', { dueAt: day(120), from: day(90) }), unpaid('in_5'));
    story.tell(32, lifecycle('active', { endsAt: day(90), collectionPaused: {} }));
    const view = viewOf(story);
    expect(view?.periods).toEqual([
      { invoice: 'in_1', state: 'given_back', from: day(0), to: day(30), totalMinor: 1_000, currency: 'usd' },
      { invoice: 'in_2', state: 'held', from: day(30), to: day(60), totalMinor: 1_000, currency: 'usd' },
      { invoice: 'in_3', state: 'paid', from: day(60), to: day(90), totalMinor: 1_000, currency: 'usd' },
      { invoice: 'in_4', state: 'open', from: day(90) },
      { invoice: 'in_5', state: 'open' },
    ]);
    expect(view).toMatchObject({ paidThrough: day(90), endsAt: day(90), collectionPaused: true, status: 'active' });
  });
  test('in grace, and looked at', () => {
    const story = Story.placed().tell(0, month('in_1', 0)).look(30, lifecycle('past_due'));
    expect(viewOf(story)).toMatchObject({ inGrace: true, lookedAt: day(30), validUntil: day(46), dueAt: day(46) });
  });
  test('open reviews with their subscription', () => {
    const story = Story.placed().tell(0, month('in_1', 0), unpaid('in_1', 'void'));
    expect(viewOf(story)?.openReviews).toMatchObject([{ subscriptionId: 'sub-1', kind: 'conflicting_evidence', invoice: 'in_1' }]);
    const { revision } = story.state;
    story.run({ type: 'resolve', reviewId: 'r1', resolution: 'dismiss', seenRevision: revision, by: support, at: day(1) });
    expect(viewOf(story)?.openReviews).toEqual([]);
  });
});

describe('the newest decision that the shop lacks', () => {
  test('is what it should store, with what its delivery has come to', () => {
    const { state } = Story.placed().tell(0, month('in_1', 0));
    const failed = evolve(state, { type: 'DeliveryFailed', data: { sequence: 1, waitMs: 1_000, spentMs: 1_500, reason: 'error' } });
    const subject = { subscriptionId: 'sub-1', memberId: 'member-1', status: 'active', sequence: 1 };
    expect(undeliveredSubscriptionIn(failed)).toEqual({ ...subject, failures: 1, abandoned: false });
    const abandoned = evolve(failed, { type: 'DeliveryAbandoned', data: { sequence: 1 } });
    expect(undeliveredSubscriptionIn(abandoned)).toEqual({ ...subject, failures: 1, abandoned: true });
    expect(undeliveredSubscriptionIn(evolve(state, { type: 'MembershipDelivered', data: { sequence: 1 } }))).toBeUndefined();
    expect(undeliveredSubscriptionIn(Story.placed().state)).toBeUndefined();
  });
});

describe('what the shop is told', () => {
  test('nothing before the first decision', () => expect(subscriptionChangeOf(Story.placed().state)).toBeUndefined());
  test('the whole state, with a key of its own', () => {
    const story = Story.placed().tell(0, month('in_1', 0));
    expect(subscriptionChangeOf(story.state)).toStrictEqual({
      type: 'subscription',
      membershipId: 'sub-1',
      memberId: 'member-1',
      plan: 'silver',
      quantity: 1,
      change: 'granted',
      status: 'active',
      sequence: 1,
      trial: false,
      paidThrough: day(30),
      validUntil: day(33),
      cause: 'paid',
      paidAt: day(0),
      idempotencyKey: 'subscription/sub-1:1',
    });
  });
  test('nothing of what is paid, where all of it was given back', () => {
    const story = Story.placed()
      .tell(0, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'))
      .tell(1, refund('pi_1'));
    const change = subscriptionChangeOf(story.state);
    expect(change).toMatchObject({ change: 'revoked', status: 'revoked' });
    expect(change).not.toHaveProperty('paidThrough');
  });
  test('an end is revoked with the change `ended`; a longer grace is still active', () => {
    const late = Story.placed().tell(0, month('in_1', 0)).tell(30, lifecycle('past_due'));
    expect(subscriptionChangeOf(late.state)).toMatchObject({ change: 'adjusted', status: 'active', validUntil: day(46) });
    late.look(46, lifecycle('past_due'));
    expect(subscriptionChangeOf(late.state)).toMatchObject({ change: 'ended', status: 'revoked', cause: 'unpaid' });
  });
});
