import { describe, expect, test } from 'vitest';
import { subscriptionChangeOf } from './change.ts';
import { allocation, day, dispute, lifecycle, month, refund, Story, unpaid } from './story.test-support.ts';
import { subscriptionViewOf } from './view.ts';

const viewOf = ({ state, policy }: Story) => subscriptionViewOf(state, policy);

describe('the view', () => {
  test('there is none until it is placed', () => expect(viewOf(new Story().tell(0, month('in_1', 0)))).toBeUndefined());
  test('of one that was placed and has nothing', () => {
    expect(viewOf(Story.placed())).toMatchObject({ status: 'none', plan: 'silver', quantity: 1, periods: [], sequence: 0, inGrace: false });
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
  });
});

describe('what the shop is told', () => {
  test('nothing before the first decision', () => expect(subscriptionChangeOf(Story.placed().state)).toBeUndefined());
  test('the whole state, with a key of its own', () => {
    const story = Story.placed().tell(0, month('in_1', 0));
    expect(subscriptionChangeOf(story.state)).toEqual({
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
  test('an end is revoked with the change `ended`; a longer grace is still active', () => {
    const late = Story.placed().tell(0, month('in_1', 0)).tell(30, lifecycle('past_due'));
    expect(subscriptionChangeOf(late.state)).toMatchObject({ change: 'adjusted', status: 'active', validUntil: day(46) });
    late.look(46, lifecycle('past_due'));
    expect(subscriptionChangeOf(late.state)).toMatchObject({ change: 'ended', status: 'revoked', cause: 'unpaid' });
  });
});
