// When a tier looks: pure, and what of it the clock and the budget decide.
import type { AccountOrders } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { ReadBudget } from './read-budget.ts';
import { appliesTo, defaultIntervalMs, intervalMsOf, type SweepTier } from './schedule.ts';

const now = new Date('2027-01-15T08:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
const nobody: AccountOrders = {
  account: 'acct_1',
  livemode: true,
  firstPlacedAt: minutesAgo(9_999),
  everPaid: false,
  paidIn30Days: 0,
  hasUnsettled: false,
};
const awaiting = (minutes: number): AccountOrders => ({
  ...nobody,
  awaited: { oldestPlacedAt: minutesAgo(5_000), newestPlacedAt: minutesAgo(minutes) },
});

describe('what a tier is for', () => {
  // biome-ignore format: a table
  test.each<[string, AccountOrders, SweepTier[]]>([
    ['nothing', nobody, []],
    ['an order that may be paid', awaiting(1), ['events', 'objects', 'money']],
    ['a payment under way', { ...nobody, hasUnsettled: true }, ['events', 'objects']],
    ['orders that are all paid', { ...nobody, everPaid: true }, ['events', 'money']],
    ['all of it', { ...awaiting(1), everPaid: true, hasUnsettled: true }, ['events', 'objects', 'money']],
  ])('%s', (_, orders, tiers) => {
    expect((['events', 'objects', 'money'] as const).filter((tier) => appliesTo(tier, orders))).toEqual(tiers);
  });
});

describe('how often', () => {
  const minutes = (tier: SweepTier, orders: AccountOrders, budgetLeft: number) =>
    intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders, budgetLeft, now }) / 60_000;

  test('objects are looked at hourly, money daily, whatever is left of the budget', () => {
    for (const left of [5_000, 0, -900]) {
      expect([minutes('objects', awaiting(1), left), minutes('money', awaiting(1), left)]).toEqual([60, 24 * 60]);
    }
  });

  // biome-ignore format: a table
  test.each<[string, AccountOrders, number, number]>([
    ['an order of 59 minutes', awaiting(59), 5_000, 5],
    ['an order of 60 minutes: as the budget allows', awaiting(60), 5_000, 8.64],
    ['no order', nobody, 5_000, 8.64],
    ['half the budget is spent', nobody, 2_500, 17.28],
    ['hardly anything is left', nobody, 100, 60],
    ['nothing is left, and an order is young', awaiting(1), 0, 60],
    ['more was spent than there was', awaiting(1), -10, 60],
    ['a budget without an end', nobody, 10_000_000, 5],
  ])('events, where there is %s', (_, orders, left, every) => expect(minutes('events', orders, left)).toBeCloseTo(every));
});

describe('the budget', () => {
  test('counts what the rounds of 30 days have read, and what this process has read beside them', () => {
    const budget = new ReadBudget(1_000);
    const spent = [
      [
        { day: '2026-12-16', reads: 500 }, // The day that has just fallen out.
        { day: '2026-12-17', reads: 100 },
        { day: '2027-01-15', reads: 20 },
      ],
      [{ day: '2027-01-14', reads: 3 }],
    ];
    expect(budget.left(spent, now)).toBe(877);
    budget.note();
    budget.note();
    expect(budget.left(spent, now)).toBe(875);
    budget.recorded(2);
    expect(budget.left(spent, now)).toBe(877);
  });
});
