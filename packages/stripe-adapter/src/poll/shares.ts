// How the accounts of a platform share the reads of the poll: pure. An account that sells gets what its rounds cost; one that
// rests gets less with each day since its newest payment. What one account spends, no other one lacks.
import type { DayOfReads } from '@paidonce/ledger/adapter';
import { type AccountTarget, paymentsOf } from '../stripe/account-targets.ts';
import { allowanceDays, leastReads, pollPart } from '../stripe/read-allowance.ts';

/** What the poll may spend on one account. */
export interface Share {
  /** Reads in 30 days. */
  readonly reads: number;
  /** What is left of them. Below zero: more was spent. */
  readonly left: number;
  /** The longest time between two rounds of a tier: half of the least share is always paid for. */
  readonly slowestMs: number;
}

/** An account, and the days of all its tiers. */
export interface Spender {
  readonly orders: AccountTarget;
  readonly spent: readonly DayOfReads[];
}

const dayMs = 24 * 3_600_000;
export const monthMs: number = allowanceDays * dayMs;
/** So many payments a month pay for a round each five minutes. Beyond that only the lists grow, with their pages. */
const paymentsForAllRounds = 50;
const paymentsPerPage = 500;

/** The share of each, in the same order. @param allowance all reads of 30 days, of which the poll has its part. */
export function sharesOf(spenders: readonly Spender[], allowance: number, now: Date): readonly Share[] {
  const weights = spenders.map(({ orders }) => weightOf(orders, now));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return spenders.map(({ spent }, place) => {
    const part = (pollPart * (weights[place] ?? 0)) / all;
    const reads = allowance * part;
    return { reads, left: reads - readsOfRounds(spent, now), slowestMs: (2 * monthMs) / (Math.max(allowance, leastReads) * part) };
  });
}

/**
 * A payment of the last month weighs one, and so does an account that is in use today, as where somebody renews; after a month of
 * rest a thirtieth is left.
 */
function weightOf(orders: AccountTarget, now: Date): number {
  const payments = paymentsOf(orders);
  const days = restMs(orders, now) / dayMs;
  return Math.min(payments, paymentsForAllRounds) + payments / paymentsPerPage + 1 / Math.min(Math.max(days, 1), allowanceDays);
}

/** Since the newest payment, or the newest order that may still be paid. */
function restMs({ newestPaidAt, awaited, firstPlacedAt, subscriptions }: AccountTarget, now: Date): number {
  if (subscriptions !== undefined && subscriptions.living > 0) return 0;
  const newest = [newestPaidAt, awaited?.newestPlacedAt, firstPlacedAt].flatMap((time) => (time === undefined ? [] : Date.parse(time)));
  return now.getTime() - Math.max(...newest);
}

/** What rounds have read within 30 days. What customers and webhooks have read is not the poll's. */
function readsOfRounds(spent: Spender['spent'], now: Date): number {
  return sumOf(spent, now, ({ reads, others = 0 }) => reads - others);
}

/** What was read within 30 days, by whomever. */
export function allReads(spent: Spender['spent'], now: Date): number {
  return sumOf(spent, now, ({ reads }) => reads);
}

function sumOf(spent: Spender['spent'], now: Date, readsOf: (day: DayOfReads) => number): number {
  const oldest = new Date(now.getTime() - monthMs).toISOString().slice(0, 10);
  let sum = 0;
  for (const each of spent) if (each.day > oldest) sum += readsOf(each);
  return sum;
}
