// When each tier looks, and whether it has anything to look for.
import type { AccountOrders } from '@paidonce/ledger';
import { budgetDays } from './read-budget.ts';

/**
 * `events`: one call finds sessions, refunds and disputes, as long as Stripe made the event. `objects`: the completed
 * sessions themselves. `money`: every movement of the balance, refunds that fail late and disputes included.
 */
export type SweepTier = 'events' | 'objects' | 'money';
/** Cheapest first: what it finds costs the others nothing. */
export const sweepTiers: readonly SweepTier[] = ['events', 'objects', 'money'];

/** Of its sweeps in the log. */
export function nameOf(tier: SweepTier, { account, livemode }: AccountOrders): string {
  return `${tier}-${account}-${livemode ? 'live' : 'test'}`;
}

export const defaultIntervalMs: number = 5 * 60_000;
/** Hourly and daily, where the quick tier comes every five minutes. */
const objectsEvery = 12;
const moneyEvery = 288;
const youngMs = 3_600_000;

/** A tier with nothing to look for costs nothing. */
export function appliesTo(tier: SweepTier, { awaited, hasUnsettled, everPaid }: AccountOrders): boolean {
  switch (tier) {
    case 'events': // Refunds and disputes come late.
      return awaited !== undefined || hasUnsettled || everPaid;
    case 'objects':
      return awaited !== undefined || hasUnsettled;
    case 'money': // A payment intent that the shop made itself stands in no list of sessions: if its event is lost, only its money tells.
      return everPaid || awaited !== undefined;
  }
}

export interface Situation {
  readonly intervalMs: number;
  readonly orders: AccountOrders;
  readonly budgetLeft: number;
  readonly now: Date;
}

/** Only the quick tier is stretched to what the budget leaves: the others are the proof. */
export function intervalMsOf(tier: SweepTier, { intervalMs, orders, budgetLeft, now }: Situation): number {
  if (tier === 'objects') return intervalMs * objectsEvery;
  if (tier === 'money') return intervalMs * moneyEvery;
  const longest = intervalMs * objectsEvery;
  if (budgetLeft <= 0) return longest;
  const isYoung = orders.awaited !== undefined && now.getTime() - Date.parse(orders.awaited.newestPlacedAt) < youngMs;
  if (isYoung) return intervalMs;
  return Math.max(intervalMs, Math.min(longest, (budgetDays * 24 * 3_600_000) / budgetLeft));
}
