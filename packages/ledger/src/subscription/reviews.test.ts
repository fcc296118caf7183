// Which questions the facts of a subscription ask of a person, and which they do not.
import { describe, expect, test } from 'vitest';
import { accessOf } from './access.ts';
import { judgeInvoices, type Rulings } from './invoices.ts';
import type { CoverLine, SubscriptionFact } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { questionsOf } from './reviews.ts';
import { allocation, day, dispute, lifecycle, line, month, paid, placed1, Story } from './story.test-support.ts';

const member = (): Story => Story.placed().tell(0, month('in_1', 0), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1'));
const odd = (from: number, to: number, differs: Partial<CoverLine> = {}): CoverLine => line(from, to, { price: 'price_odd', ...differs });
const gold = (from: number, to: number, differs: Partial<CoverLine> = {}): CoverLine => line(from, to, { price: 'price_gold', ...differs });
const items = (...prices: readonly string[]) => ({ items: prices.map((price) => ({ price, quantity: 1 })) });

describe('unknown_price: paid for time at a price that no plan names', () => {
  test.each<[string, readonly CoverLine[], readonly string[]]>([
    ['a period is asked about, also one that costs nothing', [odd(30, 60, { netMinor: 0 })], ['unknown_price in_2']],
    ['a change that costs something is asked about', [odd(30, 60, { role: 'proration' })], ['unknown_price in_2']],
    ['a change that costs nothing is not', [odd(30, 60, { role: 'proration', netMinor: 0 })], []],
    ['a credit is not, whatever its amount', [odd(30, 60, { role: 'credit', netMinor: 1 })], []],
    ['what stands beside a period of a plan is not', [odd(30, 60), line(30, 60)], []],
    [
      'what stands beside a change of a plan is',
      [odd(30, 60), gold(30, 60, { role: 'proration' }), line(30, 60, { role: 'credit' })],
      ['unknown_price in_2'],
    ],
    [
      'a change within a plan is not, though its time is not paid for yet',
      [gold(30, 60, { role: 'proration' }), line(30, 60, { role: 'credit' })],
      [],
    ],
    ['what begins before the plan runs out is not', [odd(29, 59)], []],
    ['what begins as the plan runs out is', [odd(30, 60)], ['unknown_price in_2']],
  ])('%s', (_, lines, reviews) => {
    expect(member().tell(30, paid('in_2', lines, { reason: 'update' })).reviews).toEqual(reviews);
  });
  test('what stands beside a period of a plan is not asked about either where that does not stand', () => {
    const story = member().tell(30, paid('in_2', [odd(30, 60), line(30, 60)], { currency: 'eur' }));
    expect(story.reviews).toEqual(['currency in_2']);
  });
  test('an add-on is none beside a plan that is one of several items, or that names a product', () => {
    const addOn = paid('in_2', [line(10, 40, { price: 'price_addon' })]);
    expect(
      member()
        .tell(9, lifecycle('active', items('price_addon', 'price_month')))
        .tell(10, addOn).reviews,
    ).toEqual([]);
    const ofProduct = paid('in_1', [line(0, 30, { price: 'price_x', product: 'prod_gold' })]);
    const story = Story.placed({ plans: { gold: ['prod_gold'] } }).tell(0, ofProduct, lifecycle('active', items('price_x')));
    expect(story.tell(10, addOn).reviews).toEqual([]);
  });
  test('nobody is asked about what he has ruled on, also where another policy names its price no more', () => {
    const { state, policy } = member().tell(30, month('in_2', 30));
    const asked = (rulings: Rulings, differs: Partial<SubscriptionPolicy>) => {
      const [next, ruled] = [
        { ...policy, ...differs },
        { ...state, rulings },
      ];
      return questionsOf(ruled, judgeInvoices({ ...ruled, placed: placed1 }, next), accessOf(ruled, next), next);
    };
    const dropped = { plans: { gold: ['price_gold'] } };
    expect(asked({}, dropped).map(({ invoice }) => invoice)).toEqual(['in_1', 'in_2']);
    expect(asked({ in_1: 'rejected', in_2: 'rejected' }, dropped)).toEqual([]);
  });
});

describe('paid_after_end', () => {
  const ended = (...facts: readonly SubscriptionFact[]): readonly string[] =>
    member()
      .tell(10, lifecycle('canceled', { endedAt: day(10) }))
      .tell(...([11, ...facts] as const)).reviews;
  test('is asked of what was paid after the end, and not of what was paid as it ended', () => {
    expect(ended(month('in_2', 30))).toEqual(['paid_after_end in_2']);
    const atTheEnd = member().tell(10, lifecycle('canceled', { endedAt: day(10) }), month('in_2', 30));
    expect(atTheEnd.reviews).toEqual([]);
  });
  test('is not asked of what cost nothing', () => {
    expect(ended(paid('in_2', [line(30, 60, { netMinor: 0 })]))).toEqual([]);
  });
});

describe('paid_for_the_past', () => {
  const running = (): Story => member().tell(30, month('in_2', 30)).tell(31, month('in_3', 60));
  test.each<[string, SubscriptionFact, readonly string[]]>([
    ['is asked of a month that is over, beside one that runs', month('in_9', -30), ['paid_for_the_past in_9']],
    ['is asked of a month that ends as it is paid', month('in_9', 10), ['paid_for_the_past in_9']],
    ['is not asked where some of its time is to come', paid('in_9', [line(0, 10), line(50, 60)]), []],
    ['is not asked of what cost nothing', paid('in_9', [line(-30, 0, { netMinor: 0 })]), []],
    ['is not asked of what does not stand', month('in_9', 0, { currency: 'eur' }), ['currency in_9']],
  ])('%s', (_, fact, reviews) => {
    expect(running().tell(40, fact).reviews).toEqual(reviews);
  });
  test('is not asked of the month that access rests on in its grace', () => {
    expect(Story.placed().tell(31, month('in_1', 0)).reviews).toEqual([]);
  });
  test('is asked where nobody is in: the month is over, and its grace too', () => {
    expect(Story.placed().look(40, month('in_1', 0), lifecycle('active')).reviews).toEqual(['paid_for_the_past in_1']);
  });
});

describe('dispute_past_period', () => {
  const lost = dispute('pi_1', 'lost');
  test.each<[string, number, SubscriptionFact, readonly string[]]>([
    ['is asked of a dispute that is lost as the month ends', 30, lost, ['dispute_past_period in_1']],
    ['is not asked while the month runs', 29, lost, []],
    ['is not asked of a dispute that was won', 30, dispute('pi_1', 'won'), []],
  ])('%s', (_, days, fact, reviews) => {
    expect(member().tell(days, fact).reviews).toEqual(reviews);
  });
  test('is not asked while some of the time of the invoice is to come', () => {
    const both = paid('in_1', [line(0, 30), line(30, 60)]);
    expect(
      Story.placed()
        .tell(0, both, allocation('inpay_1', 'in_1', 'pi_1'))
        .tell(40, lost).reviews,
    ).toEqual([]);
  });
  test('is not asked of what paid for no plan', () => {
    const other = paid('in_1', [odd(0, 30)]);
    const story = Story.placed()
      .tell(0, other, allocation('inpay_1', 'in_1', 'pi_1'))
      .tell(40, lost);
    expect(story.reviews).toEqual(['unknown_price in_1']);
  });
  test('is not asked where a person alone has told of it: he moves no time', () => {
    const story = Story.placed().tellAs({ source: 'manual' }, 40, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'), lost);
    expect(story.reviews).not.toContain('dispute_past_period in_1');
  });
});

describe('two_plans', () => {
  test('is asked where the periods of one invoice are of two plans, and not where a change to another one is', () => {
    expect(Story.placed().tell(0, paid('in_1', [line(0, 30), gold(0, 30)])).reviews).toEqual(['two_plans']);
    const change = [line(10, 30, { role: 'credit' }), gold(10, 30, { role: 'proration' }), line(30, 60)];
    expect(member().tell(30, paid('in_2', change)).reviews).toEqual([]);
  });
});
