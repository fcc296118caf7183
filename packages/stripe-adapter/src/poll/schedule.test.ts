// When a tier looks: pure, and what of it the clock and the budget decide.
import type { AccountOrders, AccountSubscriptions } from '@paidonce/ledger/adapter';
import { describe, expect, test } from 'vitest';
import type { AccountTarget } from '../stripe/account-targets.ts';
import { readsFor } from '../stripe/read-allowance.ts';
import { appliesTo, defaultIntervalMs, intervalMsOf, isThrottled, type SweepTier, sweepTiers } from './schedule.ts';
import { allReads, type Share, sharesOf } from './shares.ts';

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

const club = (subscriptions: Partial<AccountSubscriptions>): AccountTarget => ({
  ...nobody,
  subscriptions: {
    ...{ account: 'acct_1', livemode: true, firstPlacedAt: minutesAgo(9_999) },
    begun: 0,
    living: 0,
    due: 0,
    withOpenInvoices: 0,
    ...subscriptions,
  },
});

describe('what a tier of subscriptions is for', () => {
  // biome-ignore format: a table
  test.each<[string, AccountTarget, SweepTier[]]>([
    ['orders alone', awaiting(1), ['events', 'objects', 'money']],
    ['nothing that began', club({}), []],
    ['a checkout that is open', club({ newestWaitingAt: minutesAgo(5) }), ['events-billing', 'invoices', 'subscriptions']],
    ['one that lives', club({ begun: 1, living: 1 }), ['events', 'events-billing', 'invoices', 'money', 'subscriptions']],
    ['one that ended, with an open invoice', club({ begun: 1, withOpenInvoices: 1 }), ['events', 'events-billing', 'invoices', 'money']],
    ['one that ended, and is paid for on', club({ begun: 1, due: 1 }), ['events', 'money', 'due']],
    ['ones that are over: money may go back', club({ begun: 3 }), ['events', 'money']],
  ])('%s', (_, target, tiers) => expect(sweepTiers.filter((tier) => appliesTo(tier, target))).toEqual(tiers));
});

describe('how often a tier of subscriptions comes', () => {
  const minutesOf = (tier: SweepTier, target: AccountTarget, spent = 0) =>
    intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders: target, share: shareOf(target, { spent }), now }) / 60_000;

  // biome-ignore format: a table
  test.each<[SweepTier, AccountTarget, number, number]>([
    ['events-billing', club({ begun: 9, living: 9 }), 0, 60],
    ['events-billing', club({ newestWaitingAt: minutesAgo(59) }), 0, 5],
    ['events-billing', club({ newestWaitingAt: minutesAgo(60) }), 0, 60],
    ['events', club({ begun: 9, living: 9 }), 0, 60],
    ['invoices', club({ begun: 9, living: 9 }), 0, 60],
    ['due', club({ begun: 9, living: 9, due: 2 }), 0, 15],
    ['subscriptions', club({ begun: 1_000, living: 900 }), 0, 24 * 60],
    ['subscriptions', club({ begun: 1_001, living: 900 }), 0, 48 * 60],
    ['due', club({ begun: 9, living: 9, due: 2 }), 4_000, 23.04],
    ['invoices', club({ begun: 9, living: 9 }), 4_000, 60],
  ])('%s of %j where %i reads are spent: every %d minutes', (tier, target, spent, every) => expect(minutesOf(tier, target, spent)).toBeCloseTo(every));

  test('and what they cost is allowed for: a plan is paid once a year at least', () => {
    expect(readsFor([club({ begun: 10_000, living: 9_600 })])).toBe(200_000);
  });
});

const dayMs = 24 * 3_600_000;
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs).toISOString();

/** The share of an account that is alone, or one of `many` that are all alike. */
function shareOf(orders: AccountTarget, { allowance = 5_000, spent = 0, many = 1 } = {}): Share {
  const days = [{ day: '2027-01-10', reads: spent }];
  const [share] = sharesOf(
    Array.from({ length: many }, () => ({ orders, spent: days })),
    allowance,
    now,
  );
  return share!;
}

describe('how often, on the only account', () => {
  const minutes = (tier: SweepTier, orders: AccountOrders, spent: number) =>
    intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders, share: shareOf(orders, { spent }), now }) / 60_000;

  test('objects are looked at hourly, money daily, whatever is spent', () => {
    for (const spent of [0, 3_750, 9_000]) {
      expect([minutes('objects', awaiting(1), spent), minutes('money', awaiting(1), spent)]).toEqual([60, 24 * 60]);
    }
  });

  // biome-ignore format: a table
  test.each<[string, AccountOrders, number, number]>([
    ['an order of 59 minutes', awaiting(59), 0, 5],
    ['an order of 60 minutes: as the budget allows', awaiting(60), 0, 11.52],
    ['no order', nobody, 0, 11.52],
    ['half the budget is spent', nobody, 1_875, 23.04],
    ['hardly anything is left', nobody, 3_700, 60],
    ['nothing is left, and an order is young', awaiting(1), 3_750, 60],
    ['more was spent than there was', awaiting(1), 3_760, 60],
  ])('events, where there is %s', (_, orders, spent, every) => expect(minutes('events', orders, spent)).toBeCloseTo(every));

  test('events, with a budget without an end', () => {
    const share = shareOf(nobody, { allowance: 10_000_000 });
    expect(intervalMsOf('events', { intervalMs: defaultIntervalMs, orders: nobody, share, now })).toBe(defaultIntervalMs);
  });

  test('no budget at all stops no tier', () => {
    const share = shareOf(awaiting(1), { allowance: 0 });
    const hours = (['events', 'objects', 'money'] as const).map(
      (tier) => intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders: awaiting(1), share, now }) / 3_600_000,
    );
    expect(hours).toEqual([1, 1, 24]);
  });
});

describe('how often, on a platform', () => {
  const resting = (days: number): AccountOrders => ({
    ...nobody,
    firstPlacedAt: daysAgo(400),
    newestPaidAt: daysAgo(days),
    everPaid: true,
  });
  const hours = (tier: SweepTier, orders: AccountOrders, share: Share) =>
    intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders, share, now }) / 3_600_000;

  test('a hundred accounts at rest share what one would have', () => {
    const share = shareOf(resting(60), { many: 100 });
    expect(share.reads).toBeCloseTo(37.5);
    expect(hours('money', resting(60), share)).toBeCloseTo(38.4);
    expect(hours('events', resting(60), share)).toBeGreaterThan(19);
  });

  test('a thousand are read weekly each, and no less', () => {
    const share = shareOf(resting(60), { many: 1_000 });
    expect([hours('events', resting(60), share), hours('money', resting(60), share)]).toEqual([7 * 24, 7 * 24]);
  });

  test('the share ages with the newest payment, and an order that waits makes it young again', () => {
    const waiting: AccountOrders = { ...resting(60), awaited: { oldestPlacedAt: minutesAgo(2), newestPlacedAt: minutesAgo(2) } };
    const accounts = [resting(60), resting(10), resting(1), waiting].map((orders) => ({ orders, spent: [] }));
    const reads = sharesOf(accounts, 5_000, now).map((share) => share.reads);
    expect(reads.map((share) => Math.round(share / reads[0]!))).toEqual([1, 3, 30, 30]);
  });

  test('a busy account gets what its rounds cost, and leaves the rest to the others', () => {
    const busy: AccountOrders = { ...resting(0), paidIn30Days: 10_000 };
    const accounts = [busy, ...Array.from({ length: 100 }, () => resting(60))].map((orders) => ({ orders, spent: [] }));
    const [first, second] = sharesOf(accounts, readsFor([busy]), now);
    expect(first!.reads).toBeGreaterThan(1_000_000);
    expect(hours('events', resting(60), second!)).toBeLessThan(1);
  });

  test('what one account has spent, no other one lacks', () => {
    const young = awaiting(1);
    const spent = [{ day: '2027-01-10', reads: 4_000 }];
    const [spender, other] = sharesOf(
      [
        { orders: young, spent },
        { orders: young, spent: [] },
      ],
      5_000,
      now,
    );
    expect(hours('events', young, other!) * 60).toBe(5);
    expect(hours('events', young, spender!) * 60).toBe(60);
  });

  test('where all is spent, an order that waits is looked for daily at least', () => {
    const share = shareOf(awaiting(1), { many: 1_000, spent: 100 });
    expect((['events', 'objects'] as const).map((tier) => hours(tier, awaiting(1), share))).toEqual([24, 24]);
  });
});

describe('a tier is throttled', () => {
  // biome-ignore format: a table
  test.each<[string, AccountOrders, Parameters<typeof shareOf>[1], SweepTier[]]>([
    ['not while the share lasts', awaiting(1), {}, []],
    ['where a young order waits, and the share is spent', awaiting(1), { spent: 4_000 }, ['events']],
    ['where an older one waits too', awaiting(90), { spent: 4_000 }, ['events']],
    ['not while a little is left', awaiting(90), { spent: 3_700 }, []],
    ['not where nobody waits', { ...nobody, everPaid: true }, { spent: 4_000 }, []],
    ['where the account shares with many, objects too', awaiting(1), { many: 1_000, spent: 100 }, ['events', 'objects']],
    ['where there is no budget', awaiting(1), { allowance: 0 }, ['events']],
  ])('%s', (_, orders, how, tiers) => {
    const situation = { intervalMs: defaultIntervalMs, orders, share: shareOf(orders, how), now };
    expect((['events', 'objects', 'money'] as const).filter((tier) => isThrottled(tier, situation))).toEqual(tiers);
  });
});

describe('the allowance', () => {
  test.each([
    [[0], 5_000],
    [[20], 5_000],
    [[21], 5_250],
    [[1_000, 500], 375_000],
  ])('of accounts with %j payments in 30 days is %i reads', (payments, reads) => {
    expect(readsFor(payments.map((paidIn30Days) => ({ paidIn30Days })))).toBe(reads);
  });
});

describe('what was spent', () => {
  const spent = [
    { day: '2026-12-16', reads: 500 }, // The day that has just fallen out.
    { day: '2026-12-17', reads: 100 },
    { day: '2027-01-15', reads: 20, others: 15 },
    { day: '2027-01-14', reads: 3 },
  ];

  test('is what was read in 30 days', () => expect(allReads(spent, now)).toBe(123));

  test('of a share is what its rounds have read: looks of customers never starve them', () => {
    const [share] = sharesOf([{ orders: nobody, spent }], 1_000, now);
    expect([share!.reads, share!.left]).toEqual([750, 642]);
  });
});
