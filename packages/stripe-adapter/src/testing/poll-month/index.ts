// What the poll costs in a month: the real shares, intervals and bucket on a virtual clock, over accounts whose orders, lists and
// looks are modelled. No call is made. For benchmarks; it is not published.
import type { AccountOrders, DayOfReads } from '@paidonce/ledger/adapter';
import { LookBucket } from '../../checkout/look-bucket.ts';
import { appliesTo, defaultIntervalMs, intervalMsOf } from '../../poll/schedule.ts';
import { type Share, sharesOf } from '../../poll/shares.ts';
import { readsFor } from '../../stripe/read-allowance.ts';

/** The tiers of a shop that sells no subscriptions. */
const sweepTiers = ['events', 'objects', 'money'] as const;
type SweepTier = (typeof sweepTiers)[number];

export interface PollMonthOptions {
  readonly accounts: number;
  /** Payments of each account in 30 days, evenly spread. 0: the last one came two months before the month begins. */
  readonly payments: number;
  /** Orders that nobody pays, for each payment. */
  readonly unpaidOrders: number;
  /** Looks of the success page that ask Stripe, for each order. */
  readonly looks: number;
  /** How often a pass of the poll comes. Default: 5 minutes. */
  readonly passEveryMs?: number;
}

export interface PollMonth {
  /** Reads in 30 days. */
  readonly reads: Readonly<Record<SweepTier | 'looks', number>>;
  /** The default allowance. */
  readonly allowance: number;
  /** What Stripe grants: 500 reads for each payment, at least 10,000. */
  readonly granted: number;
}

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;
const pageSize = 100;
/** Session, intent, charge and balance have their events; an order that nobody pays has its expiry. */
const eventsPerPayment = 3;
const startMs = Date.UTC(2027, 0, 1);
const warmUpDays = 30;
const days = 60;

interface Account {
  readonly number: number;
  readonly roundAtMs: Record<SweepTier, number>;
  readonly spent: Map<string, number>;
}

/** Runs two months, and counts the second: by then a month of reads and payments lies behind. */
export function simulatePollMonth(options: PollMonthOptions): PollMonth {
  const accounts = Array.from({ length: options.accounts }, (_, number): Account => {
    const never = Number.NEGATIVE_INFINITY;
    return { number, roundAtMs: { events: never, objects: never, money: never }, spent: new Map() };
  });
  const reads = { events: 0, objects: 0, money: 0, looks: 0 };
  const { passEveryMs = defaultIntervalMs } = options;
  let [nowMs, allowance] = [startMs, 0];
  const bucket = new LookBucket({ monotonicNowMs: () => nowMs });
  for (; nowMs < startMs + days * dayMs; nowMs += passEveryMs) {
    const now = new Date(nowMs);
    const counts = nowMs >= startMs + warmUpDays * dayMs;
    const orders = accounts.map((account) => ordersOf(account, options, nowMs));
    allowance = readsFor(orders);
    const spenders = accounts.map(({ spent }, place) => ({ orders: orders[place] as AccountOrders, spent: daysOf(spent) }));
    for (const [place, share] of sharesOf(spenders, allowance, now).entries()) {
      const account = accounts[place] as Account;
      const spent = pass(account, orders[place] as AccountOrders, share, options, now);
      for (const tier of sweepTiers) if (counts) reads[tier] += spent[tier];
    }
    for (let look = looksUntil(options, nowMs) - looksUntil(options, nowMs - passEveryMs); look > 0; look--)
      if (bucket.take(allowance) && counts) reads.looks += 1;
  }
  return { reads, allowance, granted: Math.max(10_000, 500 * options.payments * options.accounts) };
}

function pass(account: Account, orders: AccountOrders, share: Share, options: PollMonthOptions, now: Date): Record<SweepTier, number> {
  const spent = { events: 0, objects: 0, money: 0 };
  const nowMs = now.getTime();
  for (const tier of sweepTiers) {
    const wait = intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders, share, now });
    const sinceMs = nowMs - account.roundAtMs[tier];
    if (!appliesTo(tier, orders) || sinceMs < wait) continue;
    spent[tier] = callsOf(tier, orders, options, Math.min(sinceMs, 30 * dayMs), nowMs);
    account.roundAtMs[tier] = nowMs;
    const day = now.toISOString().slice(0, 10);
    account.spent.set(day, (account.spent.get(day) ?? 0) + spent[tier]);
  }
  return spent;
}

/** Pages of the tier's list, as `event-tier.ts`, `object-tier.ts` and `money-tier.ts` read it. */
function callsOf(tier: SweepTier, { awaited }: AccountOrders, options: PollMonthOptions, sinceMs: number, nowMs: number): number {
  const paymentsIn = (ms: number): number => (options.payments * ms) / (30 * dayMs);
  switch (tier) {
    case 'events':
      return pages(paymentsIn(sinceMs + 600_000) * (eventsPerPayment + options.unpaidOrders));
    case 'objects':
      return awaited === undefined ? 0 : pages(paymentsIn(nowMs - Date.parse(awaited.oldestPlacedAt) + hourMs));
    case 'money':
      return pages(paymentsIn(sinceMs + dayMs));
  }
}

function pages(objects: number): number {
  return Math.max(1, Math.ceil(objects / pageSize));
}

/** Orders come evenly, each account at its own offset. An unpaid one waits for a day. */
function ordersOf({ number }: Account, { payments, unpaidOrders }: PollMonthOptions, nowMs: number): AccountOrders {
  const firstPlacedAt = iso(startMs - 60 * dayMs);
  const base = { account: `acct_${number}`, livemode: true, firstPlacedAt, everPaid: true, hasUnsettled: false };
  if (payments === 0) return { ...base, newestPaidAt: firstPlacedAt, paidIn30Days: 0 };
  const everyMs = (30 * dayMs) / payments;
  const newestMs = nowMs - ((nowMs - startMs + number * 7_919_000) % everyMs);
  const waiting = unpaidOrders > 0 && nowMs - newestMs < dayMs;
  const oldestMs = newestMs - Math.floor((dayMs - (nowMs - newestMs)) / everyMs) * everyMs;
  return {
    ...base,
    newestPaidAt: iso(newestMs),
    paidIn30Days: payments,
    ...(waiting ? { awaited: { oldestPlacedAt: iso(oldestMs), newestPlacedAt: iso(newestMs) } } : {}),
  };
}

function looksUntil({ accounts, payments, unpaidOrders, looks }: PollMonthOptions, ms: number): number {
  return Math.floor((accounts * payments * (1 + unpaidOrders) * looks * (ms - startMs)) / (30 * dayMs));
}

function daysOf(spent: ReadonlyMap<string, number>): readonly DayOfReads[] {
  return [...spent].slice(-31).map(([day, reads]) => ({ day, reads }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
