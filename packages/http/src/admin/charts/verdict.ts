// What the share of rescued grants means, as a pure function: whether webhooks are failing, have failed, or all is as usual.
import type { Statistics } from '@paidonce/ledger';

type Day = Statistics['days'][number];

export type Verdict =
  /** Too few grants to say anything. */
  | { readonly kind: 'too_few' }
  /** The last hours have rescued grants, and no webhook. */
  | { readonly kind: 'failing_now' }
  /** On these days (`2026-11-20`, oldest first); `count` of the rescued fall on them. `since`: the days after the last of them. */
  | { readonly kind: 'failed'; readonly days: readonly string[]; readonly count: number; readonly since?: Recent }
  | ({ readonly kind: 'quiet' } & Recent);

export interface Recent {
  /** The first day that is counted. */
  readonly from: string;
  /** The rescued among the grants since then. */
  readonly share: number;
  /** Undefined: too few grants before to know what is usual. */
  readonly isUsual: boolean | undefined;
}

const fewestGrants = 20;
/** A day on which webhooks failed: at least so many rescued, and a larger share than this. */
const failingRescued = 5;
const failingShare = 0.25;
/** Usual is up to twice the median of the weeks before; a shop that never rescues may have one in fifty. */
const usualFactor = 2;
const usualAtLeast = 0.02;

export function rescuedIn({ rescued }: Day): number {
  return rescued.poll + rescued.status_query;
}
export function grantsIn({ grants }: Day): number {
  return grants.webhook + grants.poll + grants.status_query + grants.manual;
}

/**
 * @param days of the picture, oldest first.
 * @param before the four weeks before them.
 * @param lastHours the last three hours of all accounts. Undefined: not known.
 */
export function verdictOf(
  days: readonly Day[],
  before: readonly Day[],
  lastHours?: { readonly webhooks: number; readonly missed: number },
): Verdict {
  if (lastHours !== undefined && lastHours.missed > 0 && lastHours.webhooks === 0) return { kind: 'failing_now' };
  if (sum(days, grantsIn) < fewestGrants) return { kind: 'too_few' };
  const failed = days.filter(isFailing);
  const lastFailed = failed.at(-1);
  const after = lastFailed === undefined ? days.slice(-7) : days.slice(days.indexOf(lastFailed) + 1);
  const recent = recentOf(after, before);
  if (lastFailed !== undefined)
    return { kind: 'failed', days: failed.map(({ day }) => day), count: sum(failed, rescuedIn), ...(recent ? { since: recent } : {}) };
  return recent ? { kind: 'quiet', ...recent } : { kind: 'too_few' };
}

function isFailing(day: Day): boolean {
  return rescuedIn(day) >= failingRescued && rescuedIn(day) > failingShare * grantsIn(day);
}

/** Undefined: nothing was granted on these days. */
function recentOf(days: readonly Day[], before: readonly Day[]): Recent | undefined {
  const [first] = days;
  const grants = sum(days, grantsIn);
  if (first === undefined || grants === 0) return undefined;
  const share = sum(days, rescuedIn) / grants;
  const usual = usualShare(before);
  return { from: first.day, share, isUsual: usual === undefined ? undefined : share <= Math.max(usualAtLeast, usualFactor * usual) };
}

/** The median of the weeks, so that one bad week does not make bad weeks usual. */
function usualShare(before: readonly Day[]): number | undefined {
  if (sum(before, grantsIn) < fewestGrants) return undefined;
  const shares: number[] = [];
  for (let at = 0; at < before.length; at += 7) {
    const week = before.slice(at, at + 7);
    if (sum(week, grantsIn) > 0) shares.push(sum(week, rescuedIn) / sum(week, grantsIn));
  }
  shares.sort((a, b) => a - b);
  const middle = shares.length / 2;
  return shares.length % 2 === 1 ? shares[Math.floor(middle)] : ((shares[middle - 1] ?? 0) + (shares[middle] ?? 0)) / 2;
}

function sum(days: readonly Day[], of: (day: Day) => number): number {
  return days.reduce((total, day) => total + of(day), 0);
}
