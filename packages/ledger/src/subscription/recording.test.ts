// What of a batch is recorded: what is news, in an order that does not depend on how it was told, and what moves time over a bound.
import { describe, expect, test } from 'vitest';
import type { SubscriptionObserved } from './events.ts';
import type { SubscriptionFact } from './observation.ts';
import { byTime } from './recording.ts';
import { allocation, day, type How, lifecycle, line, month, observed, paid, policy1, Story, unpaid } from './story.test-support.ts';

const member = (): Story => Story.placed().tell(0, month('in_1', 0), lifecycle('active'));
const lookOn = (days: number, fact: SubscriptionFact = lifecycle('active'), how: How = {}): SubscriptionObserved =>
  observed(day(days), fact, { source: 'poll', look: day(days), ...how });
/** What is recorded of a batch. */
function recordedOf(story: Story, batch: readonly SubscriptionObserved[], policy = story.policy): readonly SubscriptionObserved[] {
  const before = story.events.length;
  story.run({ type: 'observe', observed: batch }, policy);
  return story.events.slice(before).flatMap((event) => (event.type === 'SubscriptionObserved' ? [event.data] : []));
}
const textOf = ({ fact, asOf }: SubscriptionObserved): string => `${fact.kind} ${'status' in fact ? fact.status : ''} ${asOf}`;

describe('of two statements the later one', () => {
  const [early, late] = [lookOn(40), lookOn(41, lifecycle('active'), { look: day(42) })];
  const word = observed(day(50), lifecycle('active'));
  test.each<[string, SubscriptionObserved, SubscriptionObserved]>([
    ['is that of the later look, whatever its own time', { ...late, asOf: day(30) }, early],
    ['is a look before any word', early, word],
    ['of one look, is that of the later time', { ...early, asOf: day(45) }, early],
    ['of none, is that of the later time', word, { ...word, asOf: day(49) }],
  ])('%s', (_, later, earlier) => {
    expect([earlier, later].sort(byTime)).toEqual([later, earlier]);
    expect([later, earlier].sort(byTime)).toEqual([later, earlier]);
  });
});

describe('what is news', () => {
  test('stands in the log in one order, however it was told: the states of the subscription last, the older one first', () => {
    const batch = [
      observed(day(31), lifecycle('active')),
      observed(day(30), lifecycle('past_due')),
      observed(day(30), allocation('inpay_1', 'in_1', 'pi_1')),
    ];
    for (const told of [batch, [...batch].reverse()]) {
      const story = Story.placed().tell(0, month('in_1', 0), lifecycle('trialing'));
      expect(recordedOf(story, told).map(textOf)).toEqual([
        `allocation paid ${day(30)}`,
        `lifecycle past_due ${day(30)}`,
        `lifecycle active ${day(31)}`,
      ]);
    }
  });
  test('contradicts what is known of an invoice where one is paid and the other void, whichever is told first', () => {
    expect(member().tell(1, unpaid('in_2', 'void')).tell(2, month('in_2', 30)).reviews).toEqual(['conflicting_evidence in_2']);
    expect(member().tell(1, month('in_2', 30)).tell(2, unpaid('in_2', 'void')).reviews).toEqual(['conflicting_evidence in_2']);
  });
  test.each(['open', 'uncollectible'] as const)('contradicts nothing where an invoice was %s before or after it was paid', (status) => {
    expect(member().tell(1, unpaid('in_2', status)).tell(2, month('in_2', 30)).reviews).toEqual([]);
    expect(member().tell(1, month('in_2', 30)).tell(2, unpaid('in_2', status)).reviews).toEqual([]);
  });
});

describe('what is known is recorded where its time leads over a bound', () => {
  test('by the one alone that moves it furthest, wherever it stands', () => {
    for (const days of [
      [33, 40],
      [40, 33],
    ]) {
      const story = member();
      expect(
        recordedOf(
          story,
          days.map((each) => lookOn(each)),
        ).map(({ look }) => look),
      ).toEqual([day(40)]);
      expect(story.row.at(-1)).toBe('ended expired 33');
    }
  });
  test('of one time, by what is no state of the subscription, whichever was told first', () => {
    for (const facts of [
      [month('in_1', 0), lifecycle('active')],
      [lifecycle('active'), month('in_1', 0)],
    ]) {
      const story = member().tellAs({ source: 'poll' }, 1, month('in_1', 0));
      expect(
        recordedOf(
          story,
          facts.map((fact) => lookOn(33, fact)),
        ).map(textOf),
      ).toEqual([`invoice paid ${day(33)}`]);
    }
  });
  test('and not where a later one leads back: nothing has changed by then', () => {
    const gold = paid('in_2', [line(30, 60, { price: 'price_gold' })]);
    const story = Story.placed().tell(0, month('in_1', 0), gold, month('in_3', 60));
    expect(recordedOf(story, [observed(day(31), month('in_1', 0)), observed(day(61), gold)])).toEqual([]);
    expect(story.state.decided?.plan).toBe('silver');
    expect(recordedOf(story, [observed(day(31), month('in_1', 0))]).length).toBe(1);
    expect(story.state.decided?.plan).toBe('gold');
  });
  test('also before it is placed, and where no plan names a price', () => {
    const story = new Story({ plans: {} }).tell(0, month('in_1', 0), lifecycle('active'));
    expect(recordedOf(story, [lookOn(20)])).toEqual([]);
    expect(recordedOf(story, [lookOn(33)]).length).toBe(1);
  });
});

describe('where another policy decides otherwise', () => {
  const odd = paid('in_1', [line(0, 30, { price: 'price_new' })]);
  const policy = { ...policy1, plans: { silver: ['price_new'] } };
  const waiting = (): Story =>
    Story.placed()
      .tellAs({ source: 'poll', look: day(0) }, 0, odd, lifecycle('active'))
      .tellAs({ source: 'manual' }, 0, odd);
  test('the latest of what a look told is recorded, though it is known', () => {
    const story = waiting();
    expect(recordedOf(story, [lookOn(1), lookOn(2, odd)], policy).map(textOf)).toEqual([`invoice paid ${day(2)}`]);
    expect(story.row).toEqual(['granted paid 33']);
  });
  test.each<[string, How]>([
    ['a word', { source: 'poll' }],
    ['what a person says', { source: 'manual', look: day(1) }],
    ['the look of a doubtful clock', { source: 'poll', look: day(1), doubtful: true }],
  ])('%s that is known is not', (_, how) => {
    const story = waiting();
    expect(recordedOf(story, [observed(day(1), odd, how)], policy)).toEqual([]);
    expect(story.row).toEqual([]);
  });
});
