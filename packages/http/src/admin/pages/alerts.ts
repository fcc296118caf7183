// Which alerts are open: those whose cause lasts, as far as the lists tell. Pure.
import type { AccountHealth, Queue, SubscriptionCount, UndeliveredGroup } from '@paidonce/ledger';
import type { PollHealth } from '@paidonce/stripe-adapter';
import type { QueueCounts } from '../page-context.ts';

/** Words of `AlertKind`. */
export type OpenAlert =
  | { readonly kind: 'delivery_failing' | 'delivery_abandoned'; readonly count: number; readonly since: string }
  | { readonly kind: 'review_opened' | 'object_not_understood'; readonly count: number; readonly since: string; readonly queue: Queue }
  | { readonly kind: 'webhook_missed'; readonly count: number; readonly since: string }
  | { readonly kind: 'poll_failing'; readonly lateMs: number; readonly since?: string }
  | { readonly kind: 'reads_throttled' }
  | { readonly kind: 'read_models_stuck'; readonly lagMs: number }
  | { readonly kind: 'expiry_blind'; readonly count: number; readonly since: string }
  | { readonly kind: 'clock_doubtful'; readonly count: number };

export interface AlertFacts {
  readonly queues: QueueCounts;
  readonly lagMs: number;
  readonly errors: readonly UndeliveredGroup[];
  readonly abandoned: number;
  /** Subscriptions to look at. */
  readonly due: SubscriptionCount;
  /** Subscriptions whose newest report came while the provider's clock was in doubt. */
  readonly doubtful: number;
  readonly accounts: readonly AccountHealth[];
  readonly poll?: PollHealth;
}

/** The alert `delivery_failing` begins at six failures, about half a minute; a decision that is younger is only on its way. */
const failingAfterMs = 30_000;
const staleLists = 60_000;
/** As of the alert `expiry_blind`: for so long nobody could look. */
const blindAfterMs = 72 * 3_600_000;

/** @param now in milliseconds. Most urgent first. */
export function openAlerts(facts: AlertFacts, now: number): readonly OpenAlert[] {
  const { queues, lagMs, errors, abandoned, due, doubtful, accounts, poll } = facts;
  const alerts: OpenAlert[] = [];
  const tried = errors.filter(({ error }) => error !== 'none');
  const failing = tried.filter(({ nextTryAt, firstAt }) => nextTryAt !== undefined && now - Date.parse(firstAt) >= failingAfterMs);
  if (failing.length > 0) alerts.push({ kind: 'delivery_failing', count: total(failing), since: firstOf(failing) });
  if (abandoned > 0) {
    const stopped = tried.filter(({ nextTryAt }) => nextTryAt === undefined);
    const since = stopped.length > 0 ? firstOf(stopped) : (queues.undelivered.oldestSince ?? new Date(now).toISOString());
    alerts.push({ kind: 'delivery_abandoned', count: abandoned, since });
  }
  if (due.oldestSince !== undefined && isBlind(due.oldestSince, poll, now))
    alerts.push({ kind: 'expiry_blind', count: due.count, since: due.oldestSince });
  const missed = accounts.reduce((sum, account) => sum + account.missed, 0);
  if (missed > 0) {
    const hours = accounts.flatMap((account) => account.hours).filter((hour) => hour.missed > 0);
    alerts.push({
      kind: 'webhook_missed',
      count: missed,
      since: hours.map(({ from }) => from).toSorted()[0] ?? new Date(now).toISOString(),
    });
  }
  const [latest] = (poll?.tiers ?? []).toSorted((a, b) => b.lateMs - a.lateMs);
  if (latest !== undefined && latest.lateMs > 0)
    alerts.push({ kind: 'poll_failing', lateMs: latest.lateMs, ...(latest.dueAt === undefined ? {} : { since: latest.dueAt }) });
  if (poll?.reads.left !== undefined && poll.reads.left <= 0) alerts.push({ kind: 'reads_throttled' });
  if (lagMs > staleLists) alerts.push({ kind: 'read_models_stuck', lagMs });
  if (doubtful > 0) alerts.push({ kind: 'clock_doubtful', count: doubtful });
  for (const [queue, kind] of [
    ['unreadable', 'object_not_understood'],
    ['reviews', 'review_opened'],
  ] as const) {
    const { count, oldestSince } = queues[queue];
    if (count > 0 && oldestSince !== undefined) alerts.push({ kind, count, since: oldestSince, queue });
  }
  return alerts;
}

/** What is due waits, and no round has looked for as long. Where the poll is not known, what waits says it alone. */
function isBlind(oldestSince: string, poll: PollHealth | undefined, now: number): boolean {
  const isOld = (at: string): boolean => now - Date.parse(at) >= blindAfterMs;
  const rounds = poll?.tiers.filter(({ tier, isNeeded }) => tier === 'due' && isNeeded) ?? [];
  return isOld(oldestSince) && (rounds.length === 0 || rounds.some(({ upTo }) => upTo === undefined || isOld(upTo)));
}

function total(groups: readonly UndeliveredGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
function firstOf(groups: readonly UndeliveredGroup[]): string {
  return groups.map(({ firstAt }) => firstAt).toSorted()[0] ?? '';
}
