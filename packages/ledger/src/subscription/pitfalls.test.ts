// What an earlier design of subscriptions got wrong, one test each: the law or the rule that holds now is named beside it.
import { expect, test } from 'vitest';
import { allocation, day, lifecycle, line, month, paid, placed1, refund, Story, unpaid } from './story.test-support.ts';

const member = (): Story => Story.placed().tell(0, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'), lifecycle('active'));
const observations = ({ events }: Story): number => events.filter(({ type }) => type === 'SubscriptionObserved').length;

test('S2: one clock, moved by any word, ended a member whose renewal was lost', () => {
  const story = member().tell(100, lifecycle('active', { endsAt: day(200) }));
  expect(story.row).toEqual(['granted paid 33']);
  expect(story.look(100, lifecycle('active', { endsAt: day(200) }), month('in_4', 90)).row.slice(1)).toEqual(['extended paid 123']);
});

test('a lifecycle goes round: what was told before is news again', () => {
  const story = member();
  story.tell(30, lifecycle('past_due')).tell(31, lifecycle('active')).tell(60, lifecycle('past_due')).tell(61, lifecycle('active'));
  expect(story.state.facts.lifecycle?.fact.status).toBe('active');
});

test('an old statement that loses is not recorded again at each repetition', () => {
  const story = member().tell(30, lifecycle('past_due'));
  const before = observations(story);
  for (let times = 0; times < 5; times += 1) story.tell(10, lifecycle('active', { endsAt: day(30) }));
  expect(observations(story)).toBe(before);
});

test('a confirmation that was not written leaves room for an old event; a look mends it', () => {
  const story = member().tell(40, lifecycle('active')).tell(35, lifecycle('past_due'));
  expect(story.state.facts.lifecycle?.fact.status).toBe('past_due');
  story.look(41, lifecycle('active'), month('in_2', 30));
  expect(story.state.facts.lifecycle?.fact.status).toBe('active');
  expect(story.row.at(-1)).toBe('extended paid 63');
});

test('a repetition is recorded where its time crosses a boundary, and nowhere else', () => {
  const story = member();
  const before = observations(story);
  for (const days of [1, 10, 32]) story.look(days, lifecycle('active'));
  expect(observations(story)).toBe(before);
  expect(story.look(33, lifecycle('active')).row.at(-1)).toBe('ended expired 33');
  expect(observations(story)).toBe(before + 1);
});

test('S3: who upgrades while he owes a month pays a few cents, and has not paid that month', () => {
  const story = member().tell(30, lifecycle('past_due'), unpaid('in_2'));
  const upgrade = [
    line(40, 60, { role: 'credit', credits: 'in_2' }),
    line(40, 60, { role: 'proration', price: 'price_gold', netMinor: 530 }),
  ];
  story.tell(40, paid('in_3', upgrade, { reason: 'update' }));
  expect(story.state.decided).toMatchObject({ plan: 'gold', paidThrough: day(30), validUntil: day(46) });
});

test('S11: money that went back needs no look', () => {
  expect(member().tell(10, refund('pi_1')).row).toEqual(['granted paid 33', 'revoked refunded 30']);
});

test('a batch is one decision: a backfill grants nothing that ended years ago', () => {
  const ended = lifecycle('canceled', { endedAt: day(60) });
  expect(Story.placed().tell(400, month('in_1', 0), month('in_2', 30), ended).row).toEqual([]);
});

test('S3, S10: credits cut, lines and not totals say what was paid, and a trial stays one', () => {
  const year = paid('in_1', [line(0, 360, { price: 'price_year', netMinor: 10_000 })]);
  const toMonth = paid('in_2', [line(40, 360, { role: 'credit', price: 'price_year', netMinor: -8_800 }), line(40, 70)], {
    reason: 'update',
  });
  expect(Story.placed().tell(0, year).tell(40, toMonth).state.decided?.paidThrough).toBe(day(70));
  const withFee = paid('in_1', [line(0, 14, { netMinor: 0 })], { totalMinor: 500 });
  expect(Story.placed().tell(0, withFee, lifecycle('trialing', { trialEnd: day(14) })).row).toEqual([]);
  const endedEarly = lifecycle('active', { trialEnd: day(2) });
  expect(
    Story.placed()
      .tell(0, lifecycle('trialing', { trialEnd: day(14) }))
      .tell(2, endedEarly, { ...withFee, totalMinor: 0 }).row,
  ).toEqual([]);
});

test('S4, S6: a refund within the grace of the month before leaves none; what was paid ahead comes back without extending', () => {
  const story = member()
    .tell(31, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'))
    .tell(31.5, refund('pi_2'));
  expect(story.row.slice(1)).toEqual(['extended paid 63', 'revoked refunded 30']);
  const ahead = member().tell(5, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'));
  ahead.tell(6, refund('pi_2')).tell(7, refund('pi_2', 1_000, 'failed'));
  expect(ahead.row).toEqual(['granted paid 33', 'extended paid 63', 'adjusted paid 30', 'adjusted paid 63']);
});

test('a look at what waits to be placed is kept: what was over by then is not granted as it is placed', () => {
  const waiting = new Story().tell(0, month('in_1', 0), lifecycle('active')).look(90, lifecycle('active'));
  expect(waiting.run({ type: 'place', subscription: placed1 }).row).toEqual([]);
  const paidMeanwhile = new Story().tell(0, month('in_1', 0), lifecycle('active')).look(40, lifecycle('active'), month('in_2', 30));
  expect(paidMeanwhile.run({ type: 'place', subscription: placed1 }).row).toEqual(['granted paid 63']);
});

test('a state of equal content is no news to a person, also where it is another object', () => {
  const waiting = new Story().tell(0, month('in_1', 0), lifecycle('active'));
  const { newsAtRevision, revision } = waiting.state;
  waiting.look(90, lifecycle('active'));
  expect(waiting.state).toMatchObject({ revision: revision + 1, newsAtRevision });
});
