// When each tier runs, and whether it has anything to look for: pure, but for the clock that the caller reads.
import type { AccountOrders, AccountSubscriptions } from '@paidonce/ledger/adapter';
import type { AccountTarget } from '../stripe/account-targets.ts';
import { monthMs, type Share } from './shares.ts';

/**
 * A tier of the poll. `events`: one call finds sessions, refunds and disputes, as long as Stripe created the event.
 * `objects`: the completed sessions themselves. `money`: every movement of the balance, including disputes, and refunds
 * that fail late; where subscriptions are sold, credit notes as well. Of subscriptions: `events-billing` is to them what `events` is to orders, `invoices` lists those that were paid,
 * `subscriptions` lists all that there are, and `due` looks at each whose access is about to end.
 */
export type SweepTier = 'events' | 'events-billing' | 'objects' | 'invoices' | 'money' | 'subscriptions' | 'due';
const ofSubscriptions: readonly SweepTier[] = ['events-billing', 'invoices', 'subscriptions', 'due'];
/** Cheapest first: what an early tier finds costs the later ones nothing. */
export const sweepTiers: readonly SweepTier[] = ['events', 'events-billing', 'objects', 'invoices', 'money', 'subscriptions', 'due'];
/** They list what has just happened, so each has its turn within a long round. */
export const quickTiers: readonly SweepTier[] = ['events', 'events-billing'];

/** The tiers that an account has. Those of subscriptions: none, where it has no subscription. */
export function tiersOf({ subscriptions }: AccountTarget): readonly SweepTier[] {
  return subscriptions ? sweepTiers : sweepTiers.filter((tier) => !ofSubscriptions.includes(tier));
}

/** The tier's name in its `sweep-…` stream. */
export function nameOf(tier: SweepTier, { account, livemode }: Pick<AccountOrders, 'account' | 'livemode'>): string {
  return `${tier}-${account}-${livemode ? 'live' : 'test'}`;
}

export const defaultIntervalMs: number = 5 * 60_000;
/** Multiples of the `events` tier's interval: a quarter of an hour, an hour, a day and a week at the default of five minutes. */
const quarter = 3;
const hour = 12;
const day = 24 * hour;
const week = 7 * day;
const youngMs = 3_600_000;
/** A turn over so many takes a day: ten calls. */
const subscriptionsADay = 1_000;

/** A tier with nothing to look for makes no call. */
export function appliesTo(tier: SweepTier, { awaited, hasUnsettled, everPaid, subscriptions }: AccountTarget): boolean {
  const hasBegun = subscriptions !== undefined && subscriptions.begun > 0;
  switch (tier) {
    case 'events': // Refunds and disputes come late.
      return awaited !== undefined || hasUnsettled || everPaid || hasBegun;
    case 'objects':
      return awaited !== undefined || hasUnsettled;
    case 'money': // A payment intent that the shop made itself is in no list of sessions: if its event is lost, only its money shows.
      return everPaid || awaited !== undefined || hasBegun;
    case 'events-billing':
    case 'invoices': // What is open may be paid when the subscription has ended.
      return subscriptions !== undefined && (mayRenew(subscriptions) || subscriptions.withOpenInvoices > 0);
    case 'subscriptions':
      return subscriptions !== undefined && mayRenew(subscriptions);
    case 'due':
      return subscriptions !== undefined && subscriptions.due > 0;
  }
}

export interface Situation {
  readonly intervalMs: number;
  readonly orders: AccountTarget;
  readonly share: Share;
  readonly now: Date;
}

/**
 * Milliseconds between rounds. No tier ever stops. `events` slows down as the share shrinks; `objects` once it is spent; the
 * accounts that share with many others are read more rarely, but each one daily while an order waits, and weekly at rest. The
 * tiers of subscriptions slow down once the share is spent, and none of them beyond a day but the turn over all.
 */
export function intervalMsOf(tier: SweepTier, situation: Situation): number {
  const { intervalMs, orders, share } = situation;
  const { left, slowestMs } = share;
  const atLeast = (least: number, most: number): number => between(intervalMs * least, slowestMs, intervalMs * most);
  switch (tier) {
    case 'money':
      return atLeast(day, week);
    case 'objects':
    case 'invoices':
      return left > 0 ? intervalMs * hour : atLeast(hour, day);
    case 'subscriptions':
      return Math.max(turnDays(orders.subscriptions) * intervalMs * day, left > 0 ? 0 : atLeast(day, week));
    case 'due':
      return left > 0 ? intervalMs * quarter : atLeast(quarter, hour);
    case 'events':
    case 'events-billing':
      return ofEvents(tier, situation);
  }
}

function ofEvents(tier: 'events' | 'events-billing', { intervalMs, orders, share, now }: Situation): number {
  const { left, slowestMs } = share;
  const isWaiting = waits(orders) || tier === 'events-billing';
  const slowest = between(intervalMs * hour, slowestMs, intervalMs * (isWaiting ? day : week));
  if (left <= 0) return slowest;
  if (isYoung(tier === 'events' ? orders.awaited?.newestPlacedAt : orders.subscriptions?.newestWaitingAt, now)) return intervalMs;
  // Nobody waits for a renewal: what was paid lasts for days beyond it.
  const isOfRenewals = tier === 'events-billing' || (orders.subscriptions !== undefined && !orders.everPaid && !waits(orders));
  const least = isOfRenewals ? intervalMs * hour : intervalMs;
  return between(least, monthMs / left, slowest);
}

/** Whether a customer may wait for longer than he should, because the share is spent. */
export function isThrottled(tier: SweepTier, situation: Situation): boolean {
  const { orders, share } = situation;
  if (share.left > 0 || !waits(orders) || ofSubscriptions.includes(tier) || !appliesTo(tier, orders)) return false;
  const unspent = { ...share, left: share.reads };
  return share.reads <= 0
    ? tier === 'events' && isYoung(orders.awaited?.newestPlacedAt, situation.now)
    : intervalMsOf(tier, situation) > intervalMsOf(tier, { ...situation, share: unspent });
}

function waits({ awaited, hasUnsettled }: AccountOrders): boolean {
  return awaited !== undefined || hasUnsettled;
}

/** One lives, or a checkout may begin one. */
function mayRenew({ living, newestWaitingAt }: AccountSubscriptions): boolean {
  return living > 0 || newestWaitingAt !== undefined;
}

/** How long a turn over all of them may take. */
function turnDays(subscriptions: AccountSubscriptions | undefined): number {
  return Math.max(1, Math.ceil((subscriptions?.begun ?? 0) / subscriptionsADay));
}

function isYoung(placedAt: string | undefined, now: Date): boolean {
  return placedAt !== undefined && now.getTime() - Date.parse(placedAt) < youngMs;
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
