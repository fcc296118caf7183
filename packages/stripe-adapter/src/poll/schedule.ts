// When each tier runs, and whether it has anything to look for.
import type { AccountOrders } from '@paidonce/ledger/adapter';
import { budgetDays } from './read-budget.ts';

/**
 * A tier of the poll. `events`: one call finds sessions, refunds and disputes, as long as Stripe created the event.
 * `objects`: the completed sessions themselves. `money`: every movement of the balance, including disputes, and refunds
 * that fail late.
 */
export type SweepTier = 'events' | 'objects' | 'money';
/** Cheapest first: what an early tier finds costs the later ones nothing. */
export const sweepTiers: readonly SweepTier[] = ['events', 'objects', 'money'];

/** The tier's name in its `sweep-…` stream. */
export function nameOf(tier: SweepTier, { account, livemode }: AccountOrders): string {
  return `${tier}-${account}-${livemode ? 'live' : 'test'}`;
}

export const defaultIntervalMs: number = 5 * 60_000;
/** Multiples of the `events` tier's interval: hourly and daily at the default of five minutes. */
const objectsEvery = 12;
const moneyEvery = 288;
const youngMs = 3_600_000;

/** A tier with nothing to look for makes no call. */
export function appliesTo(tier: SweepTier, { awaited, hasUnsettled, everPaid }: AccountOrders): boolean {
  switch (tier) {
    case 'events': // Refunds and disputes come late.
      return awaited !== undefined || hasUnsettled || everPaid;
    case 'objects':
      return awaited !== undefined || hasUnsettled;
    case 'money': // A payment intent that the shop made itself is in no list of sessions: if its event is lost, only its money shows.
      return everPaid || awaited !== undefined;
  }
}

export interface Situation {
  readonly intervalMs: number;
  readonly orders: AccountOrders;
  readonly budgetLeft: number;
  readonly now: Date;
}

/** Milliseconds between rounds. Only `events` slows down as the budget shrinks: the other tiers are the proof. */
export function intervalMsOf(tier: SweepTier, { intervalMs, orders, budgetLeft, now }: Situation): number {
  if (tier === 'objects') return intervalMs * objectsEvery;
  if (tier === 'money') return intervalMs * moneyEvery;
  const longest = intervalMs * objectsEvery;
  if (budgetLeft <= 0) return longest;
  const isYoung = orders.awaited !== undefined && now.getTime() - Date.parse(orders.awaited.newestPlacedAt) < youngMs;
  if (isYoung) return intervalMs;
  return Math.max(intervalMs, Math.min(longest, (budgetDays * 24 * 3_600_000) / budgetLeft));
}
