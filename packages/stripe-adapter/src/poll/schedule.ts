// When each tier runs, and whether it has anything to look for: pure, but for the clock that the caller reads.
import type { AccountOrders } from '@paidonce/ledger/adapter';
import { monthMs, type Share } from './shares.ts';

/**
 * A tier of the poll. `events`: one call finds sessions, refunds and disputes, as long as Stripe created the event.
 * `objects`: the completed sessions themselves. `money`: every movement of the balance, including disputes, and refunds
 * that fail late.
 */
export type SweepTier = 'events' | 'objects' | 'money';
/** Cheapest first: what an early tier finds costs the later ones nothing. */
export const sweepTiers: readonly SweepTier[] = ['events', 'objects', 'money'];

/** The tier's name in its `sweep-…` stream. */
export function nameOf(tier: SweepTier, { account, livemode }: Pick<AccountOrders, 'account' | 'livemode'>): string {
  return `${tier}-${account}-${livemode ? 'live' : 'test'}`;
}

export const defaultIntervalMs: number = 5 * 60_000;
/** Multiples of the `events` tier's interval: an hour, a day and a week at the default of five minutes. */
const hour = 12;
const day = 24 * hour;
const week = 7 * day;
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
  readonly share: Share;
  readonly now: Date;
}

/**
 * Milliseconds between rounds. No tier ever stops. `events` slows down as the share shrinks; `objects` once it is spent; the
 * accounts that share with many others are read more rarely, but each one daily while an order waits, and weekly at rest.
 */
export function intervalMsOf(tier: SweepTier, { intervalMs, orders, share, now }: Situation): number {
  const { left, slowestMs } = share;
  if (tier === 'money') return between(intervalMs * day, slowestMs, intervalMs * week);
  if (tier === 'objects') return left > 0 ? intervalMs * hour : between(intervalMs * hour, slowestMs, intervalMs * day);
  const slowest = between(intervalMs * hour, slowestMs, intervalMs * (waits(orders) ? day : week));
  if (left <= 0) return slowest;
  return isYoung(orders, now) ? intervalMs : between(intervalMs, monthMs / left, slowest);
}

/** Whether a customer may wait for longer than he should, because the share is spent. */
export function isThrottled(tier: SweepTier, situation: Situation): boolean {
  const { orders, share } = situation;
  if (share.left > 0 || !waits(orders) || !appliesTo(tier, orders)) return false;
  const unspent = { ...share, left: share.reads };
  return share.reads <= 0
    ? tier === 'events' && isYoung(orders, situation.now)
    : intervalMsOf(tier, situation) > intervalMsOf(tier, { ...situation, share: unspent });
}

function waits({ awaited, hasUnsettled }: AccountOrders): boolean {
  return awaited !== undefined || hasUnsettled;
}

function isYoung({ awaited }: AccountOrders, now: Date): boolean {
  return awaited !== undefined && now.getTime() - Date.parse(awaited.newestPlacedAt) < youngMs;
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
