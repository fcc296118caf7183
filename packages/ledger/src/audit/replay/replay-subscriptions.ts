// Rebuilds the rows of subscriptions with the code that makes the live ones, and compares them.
import type { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../errors.ts';
import type { Position } from '../../event-store/event-store.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { ActionsTaken } from '../../read-models/action-fold.ts';
import {
  type AdoptedPolicies,
  emptySubscription,
  foldSubscription,
  noPolicies,
  subscriptionColumns,
  subscriptionIdOf,
  subscriptionRowOf,
  withPolicy,
} from '../../read-models/subscription-rows.ts';
import { policyAggregate } from '../../streams/policy-stream.ts';
import { subscriptionAggregate } from '../../streams/subscription-aggregate.ts';
import type { ScannedStream, SqliteLog } from '../log/sqlite-log.ts';
import { parseRow } from '../verify/read-stream.ts';
import { type Difference, isSameJson } from './difference.ts';

/** The rows of subscriptions in the live file. */
export interface LiveSubscriptions {
  row(subscriptionId: string): Readonly<Record<string, unknown>> | undefined;
  /** The open reviews, as JSON. Key: the review's id. */
  reviews(subscriptionId: string): ReadonlyMap<string, string>;
  ids(): readonly string[];
  /** The ids that have reviews, and no row of their own. */
  strayReviews(): readonly string[];
}

export function openLiveSubscriptions(db: DatabaseSync): LiveSubscriptions {
  const row = db.prepare('select * from subscriptions where subscription_id = ?');
  const reviews = db.prepare('select review_id, review from subscription_reviews where subscription_id = ?');
  const idsIn = (sql: string): readonly string[] =>
    db
      .prepare(sql)
      .all()
      .map(({ subscription_id }) => String(subscription_id));
  return {
    row: (subscriptionId) => row.get(subscriptionId),
    reviews: (subscriptionId) => new Map(reviews.all(subscriptionId).map(({ review_id, review }) => [String(review_id), String(review)])),
    ids: () => idsIn('select subscription_id from subscriptions'),
    strayReviews: () =>
      idsIn(
        'select distinct subscription_id from subscription_reviews where subscription_id not in (select subscription_id from subscriptions)',
      ),
  };
}

/** What is counted of subscriptions. */
export interface SubscriptionCounts {
  readonly status: MembershipStatus;
  readonly openReviews: number;
  readonly isPending: boolean;
}

/** The policies of subscriptions that the log adopted up to a position. */
export function subscriptionPoliciesIn(log: SqliteLog, upTo: number): AdoptedPolicies {
  let policies = noPolicies;
  for (const row of log.stream(policyAggregate.stream(''), upTo)) {
    const stored = parseRow(row, () => undefined);
    if (stored) policies = withPolicy(policies, stored.data, stored.metadata['recordedAt'] ?? '');
  }
  return policies;
}

export interface ReplayedInto {
  readonly taken: ActionsTaken;
  /** Converts a position that was replayed to one of the log that the live rows name. */
  originOf(position: Position): Position;
  differs(difference: Difference): void;
}

/**
 * Rebuilds the row of one subscription, and compares it. Undefined: it cannot be rebuilt, which is a difference; `verify` says why.
 * @param live undefined: nothing is compared.
 */
export function replaySubscription(
  { name, rows }: ScannedStream,
  policies: AdoptedPolicies,
  live: LiveSubscriptions | undefined,
  { taken, originOf, differs }: ReplayedInto,
): SubscriptionCounts | undefined {
  const subscriptionId = subscriptionIdOf(name ?? '');
  const subject = `subscription ${subscriptionId}`;
  const folded = emptySubscription(subscriptionId);
  try {
    for (const [at, row] of rows.entries()) {
      const stored = parseRow(row, ({ expected, found }) => {
        throw new LedgerError('corrupt', `${name}@${row.revision}: expected ${expected}, found ${found}`);
      });
      if (row.revision !== at) throw new LedgerError('corrupt', `${name}: revision ${row.revision} stands where ${at} belongs`);
      if (stored) foldSubscription(folded, stored, taken);
    }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const found = live?.row(subscriptionId) ? 'a row' : 'nothing';
    differs({ subject, place: 'log', replayed: `it cannot be replayed: ${error.message}`, live: found });
    return undefined;
  }
  const { action } = folded;
  if (action) folded.action = { ...action, position: originOf(action.position) };
  const { columns, reviews } = subscriptionRowOf(folded, policies);
  if (live) compare(subject, columns, new Map(reviews), live.row(subscriptionId), live.reviews(subscriptionId), differs);
  const { state } = folded;
  return { status: state.membership, openReviews: reviews.length, isPending: columns[subscriptionColumns.indexOf('pending')] === 1 };
}

function compare(
  subject: string,
  columns: readonly unknown[],
  reviews: ReadonlyMap<string, string>,
  row: Readonly<Record<string, unknown>> | undefined,
  liveReviews: ReadonlyMap<string, string>,
  differs: (difference: Difference) => void,
): void {
  if (row === undefined) {
    differs({ subject, place: 'subscriptions', replayed: 'a row', live: 'nothing' });
    return;
  }
  for (const [place, column] of subscriptionColumns.entries()) {
    const [replayed, found] = [columns[place], row[column]];
    if (replayed === found || (column === 'state' && isSameJson(replayed, found))) continue;
    differs({ subject, place: `subscriptions.${column}`, replayed: String(replayed), live: String(found) });
  }
  for (const reviewId of new Set([...reviews.keys(), ...liveReviews.keys()])) {
    const [replayed, found] = [reviews.get(reviewId), liveReviews.get(reviewId)];
    if (replayed === found || isSameJson(replayed, found)) continue;
    differs({ subject, place: `subscription_reviews.${reviewId}`, replayed: replayed ?? 'nothing', live: found ?? 'nothing' });
  }
}

/** Live rows that no stream of the log leads to. */
export function straySubscriptions(log: SqliteLog, live: LiveSubscriptions): readonly Difference[] {
  const strays = live.strayReviews().map((id) => ({
    subject: `subscription ${id}`,
    place: 'subscription_reviews',
    replayed: 'nothing',
    live: 'a review without a subscription',
  }));
  const unknown = live.ids().filter((id) => !log.has(subscriptionAggregate.stream(id)));
  return [
    ...strays,
    ...unknown.map((id) => ({
      subject: `subscription ${id}`,
      place: 'subscriptions',
      replayed: 'nothing: the log has no such subscription',
      live: 'a row',
    })),
  ];
}
