// Of an invoice whose period is over for years, each part still decides something: so the state keeps all of them, and its length
// grows by what happens, a month at a time.
import { describe, expect, test } from 'vitest';
import { accessOf } from './access.ts';
import { allocation, day, dispute, lifecycle, line, month, paid, refund, Story } from './story.test-support.ts';

const later = 1_440; // Four years of 360 days.

/** Who was a member for a month, and is one again four years later. */
function returned(...also: readonly Parameters<Story['tell']>[1][]): Story {
  const story = Story.placed().tell(0, month('in_1', 0, { reason: 'create' }), allocation('inpay_1', 'in_1', 'pi_1'), ...also);
  return story.tell(later, month('in_9', later), allocation('inpay_9', 'in_9', 'pi_9'), lifecycle('active'));
}
const givenBack = (story: Story): Story => story.tell(later + 10, refund('pi_9'));

describe('an invoice of four years ago', () => {
  test('is known when another source tells it: nobody is asked, and nothing is decided', () => {
    const story = returned();
    const { length } = story.events;
    story.tellAs({ source: 'poll' }, later + 1, month('in_1', 0, { reason: 'create' }));
    expect(story.events.slice(length).map(({ type }) => type)).toEqual(['SubscriptionObserved']);
    expect(story.reviews).toEqual([]);
  });

  test('told with other content is a contradiction, and in either order the same content wins', () => {
    const [one, other] = [month('in_1', 0), month('in_1', 0, { taxMinor: 190 })];
    const orders = [
      [one, other],
      [other, one],
    ] as const;
    const left = orders.map(([first, second]) => {
      const story = Story.placed().tell(0, first).tell(later, month('in_9', later)).tell(later, second);
      expect(story.reviews).toContain('conflicting_evidence in_1');
      return story.state.facts.invoices[0];
    });
    expect(left[0]?.fact).toEqual(left[1]?.fact);
  });

  test('is what is paid for again, to its day, where all after it went back', () => {
    const story = givenBack(returned());
    expect(story.row.at(-1)).toMatch(/^revoked refunded/);
    expect(story.state.decided).toMatchObject({ paidThrough: day(30) });
  });

  test('ends where a credit cuts it that was told only now', () => {
    const credit = paid('in_2', [line(10, 30, { role: 'credit', credits: 'in_1' })], { reason: 'update' });
    expect(givenBack(returned().tell(later + 1, credit)).state.decided).toMatchObject({ paidThrough: day(10) });
  });

  test('pays for its plan once a policy names the price', () => {
    const story = givenBack(returned(paid('in_2', [line(30, 60, { price: 'price_new' })])));
    const plans = { ...story.policy.plans, gold: ['price_gold', 'price_new'] };
    expect(story.access).toMatchObject({ plan: 'silver', paidThrough: day(30) });
    expect(accessOf(story.state, { ...story.policy, plans })).toMatchObject({ plan: 'gold', paidThrough: day(60) });
  });

  test('is asked about where its payment is disputed, and nothing else of the subscription changes', () => {
    const story = returned();
    const { length } = story.row;
    story.tell(later + 1, dispute('pi_1', 'open'));
    expect(story.reviews).toEqual(['dispute_past_period in_1']);
    expect(story.row.length).toBe(length);
  });
});

test('a month adds as much to the state in the tenth year as in the first, at most a thousand characters', () => {
  const story = Story.placed();
  const lengths = [0];
  for (let turn = 0; turn < 120; turn += 1) {
    const facts = [month(`in_${1_000 + turn}`, 30 * turn), allocation(`inpay_${turn}`, `in_${1_000 + turn}`, `pi_${turn}`)];
    story.tell(30 * turn, ...facts, lifecycle('active')).tellAs({ source: 'poll' }, 30 * turn, ...facts);
    if ((turn + 1) % 12 === 0) lengths.push(JSON.stringify(story.state).length);
  }
  const ofYears = lengths.slice(1).map((length, year) => length - (lengths[year] ?? 0));
  for (const length of ofYears.slice(1)) expect(length).toBeLessThan(1.05 * (ofYears[1] ?? 0));
  expect((lengths.at(-1) ?? 0) / 120).toBeLessThan(1_000);
});
