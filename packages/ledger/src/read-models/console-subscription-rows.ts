// The lists of a console about subscriptions, each read from an index.

import type { SubscriptionCount, SubscriptionReads, SubscriptionSummary } from '../console-subscriptions.ts';
import { defined } from '../defined.ts';
import { openReviews, type SubscriptionReview, undeliveredSubscriptionIn } from '../subscription/view.ts';
import type { UndeliveredGroup } from '../undelivered-group.ts';
import type { TimeKey } from './console-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';
import { type FoldedSubscription, foldedSubscriptionIn } from './subscription-rows.ts';
import { openUndeliveredGroups } from './undelivered-groups.ts';

type Rows<List extends 'newest' | 'ofMember' | 'due' | 'inDunning' | 'reviews' | 'undelivered'> = Awaited<
  ReturnType<SubscriptionReads[List]>
>['items'];

/** `now`: ISO 8601 UTC. Lists give at most `limit` rows, behind `after`. */
export interface ConsoleSubscriptionRows {
  beginningWith(text: string, limit: number): Rows<'ofMember'>;
  newest(after: TimeKey, limit: number): Rows<'newest'>;
  ofMember(memberId: string, after: TimeKey, limit: number): Rows<'ofMember'>;
  due(now: string, after: TimeKey, limit: number): Rows<'due'>;
  inDunning(after: TimeKey, limit: number): Rows<'inDunning'>;
  reviews(after: TimeKey & { readonly reviewId: string }, limit: number): Rows<'reviews'>;
  undelivered(after: TimeKey, limit: number): Rows<'undelivered'>;
  undeliveredByError(): readonly UndeliveredGroup[];
  counts(now: string): Omit<Awaited<ReturnType<SubscriptionReads['counts']>>, 'lagMs'>;
}

/** Sorts behind every time, and every id. */
const behindAll = '~';

export function openConsoleSubscriptionRows(file: ReadModelFile): ConsoleSubscriptionRows {
  return {
    ...openLists(file),
    ...openQueues(file),
    undeliveredByError: openUndeliveredGroups(file, 'subscriptions'),
    counts: openCounts(file),
  };
}

/** Undefined: it is not placed. @param dueAt absent: not known. */
export function subscriptionSummaryOf({ state, dunningSince }: FoldedSubscription, dueAt?: string): SubscriptionSummary | undefined {
  const { placed, decided, facts, reference, membership } = state;
  if (placed === undefined) return undefined;
  const { subscriptionId, memberId, account, livemode, placedAt } = placed;
  return {
    subscriptionId,
    memberId,
    plan: decided?.plan ?? placed.plan,
    quantity: decided?.quantity ?? 1,
    status: membership,
    account,
    livemode,
    placedAt,
    ...defined({
      reference: reference?.id,
      lifecycle: facts.lifecycle?.fact.status,
      paidThrough: decided?.paidThrough,
      validUntil: decided?.validUntil,
      dueAt,
      lookedAt: facts.looked,
      dunningSince: dunningSince ?? undefined,
    }),
    isUndelivered: undeliveredSubscriptionIn(state) !== undefined,
    openReviews: openReviews(state).length,
  };
}

type Row = Readonly<Record<string, unknown>>;

function summariesIn(rows: readonly Row[]): readonly SubscriptionSummary[] {
  return rows.flatMap((row) => {
    const dueAt = row['due_at'];
    return subscriptionSummaryOf(foldedSubscriptionIn(row), typeof dueAt === 'string' ? dueAt : undefined) ?? [];
  });
}

function openLists({ db }: ReadModelFile): Pick<ConsoleSubscriptionRows, 'beginningWith' | 'newest' | 'ofMember' | 'due' | 'inDunning'> {
  const byId = db.prepare(
    'select * from subscriptions where subscription_id >= ?1 and subscription_id < ?2 order by subscription_id limit ?3',
  );
  const byMember = db.prepare(
    'select * from subscriptions where member_id is not null and member_id >= ?1 and member_id < ?2 order by member_id, subscription_id limit ?3',
  );
  const newest = db.prepare(`
    select * from subscriptions where placed_at is not null and (placed_at, subscription_id) < (?1, ?2)
    order by placed_at desc, subscription_id desc limit ?3`);
  const ofMember = db.prepare(`
    select * from subscriptions where member_id = ?1 and (placed_at, subscription_id) < (?2, ?3)
    order by placed_at desc, subscription_id desc limit ?4`);
  const due = db.prepare(`
    select * from subscriptions
    where due_at is not null and due_at <= ?1 and (due_at, subscription_id) > (?2, ?3) and sub is not null and placed_at is not null
    order by due_at, subscription_id limit ?4`);
  const dunning = db.prepare(`
    select * from subscriptions where dunning_since is not null and (dunning_since, subscription_id) > (?1, ?2) and placed_at is not null
    order by dunning_since, subscription_id limit ?3`);

  return {
    beginningWith: (text, limit) => {
      const range = [text, `${text}\u{10ffff}`, limit] as const;
      const found = [...summariesIn(byId.all(...range)), ...summariesIn(byMember.all(...range))];
      return [...new Map(found.map((each) => [each.subscriptionId, each])).values()].slice(0, limit);
    },
    newest: (after, limit) => summariesIn(newest.all(...backwards(after), limit)),
    ofMember: (memberId, after, limit) => summariesIn(ofMember.all(memberId, ...backwards(after), limit)),
    due: (now, { time, id }, limit) =>
      summariesIn(due.all(now, time, id, limit)).flatMap(({ dueAt, ...row }) => (dueAt ? [{ ...row, dueAt }] : [])),
    inDunning: ({ time, id }, limit) =>
      summariesIn(dunning.all(time, id, limit)).flatMap(({ dunningSince, ...row }) => (dunningSince ? [{ ...row, dunningSince }] : [])),
  };
}

function backwards({ time, id }: TimeKey): [string, string] {
  return time === '' ? [behindAll, behindAll] : [time, id];
}

function openQueues({ db }: ReadModelFile): Pick<ConsoleSubscriptionRows, 'reviews' | 'undelivered'> {
  const openedAt = "json_extract(review, '$.openedAt')";
  const reviews = db.prepare(`
    select review, subscriptions.* from subscription_reviews join subscriptions using (subscription_id)
    where (${openedAt}, subscription_id, review_id) > (?1, ?2, ?3) and placed_at is not null
    order by ${openedAt}, subscription_id, review_id limit ?4`);
  const undelivered = db.prepare(`
    select * from subscriptions where pending + abandoned > 0 and (coalesce(decided_at, ''), subscription_id) > (?1, ?2)
    order by coalesce(decided_at, ''), subscription_id limit ?3`);
  return {
    reviews: ({ time, id, reviewId }, limit) =>
      reviews.all(time, id, reviewId, limit).flatMap((row) => {
        const review = JSON.parse(String(row['review'])) as SubscriptionReview;
        return summariesIn([row]).map(({ memberId, plan, status }) => ({ ...review, memberId, plan, status }));
      }),
    undelivered: ({ time, id }, limit) =>
      undelivered.all(time, id, limit).flatMap((row) => {
        const { state, decidedAt } = foldedSubscriptionIn(row);
        const found = undeliveredSubscriptionIn(state);
        return found && state.decided ? [{ ...found, plan: state.decided.plan, decidedAt: decidedAt ?? '' }] : [];
      }),
  };
}

function openCounts({ db }: ReadModelFile): ConsoleSubscriptionRows['counts'] {
  const counts = db.prepare(`
    select 'reviews' as list, count(*) as waiting, min(json_extract(review, '$.openedAt')) as oldest from subscription_reviews
    union all select 'undelivered', count(*), min(decided_at) from subscriptions where pending + abandoned > 0
    union all select 'due', count(*), min(due_at) from subscriptions where due_at is not null and due_at <= ?1 and sub is not null
    union all select 'dunning', count(*), min(dunning_since) from subscriptions where dunning_since is not null
    union all select 'pending', count(*), min(decided_at) from subscriptions where pending + abandoned > 0 and pending = 1
    union all select 'inGrace', count(*), null from subscriptions where status = 'active' and paid_through <= ?1`);
  return (now) => {
    const rows = new Map(counts.all(now).map((row) => [row['list'], row]));
    const counted = (list: string): SubscriptionCount => {
      const { waiting, oldest } = rows.get(list) ?? {};
      return { count: Number(waiting ?? 0), ...(typeof oldest === 'string' ? { oldestSince: oldest } : {}) };
    };
    return {
      reviews: counted('reviews'),
      undelivered: counted('undelivered'),
      due: counted('due'),
      dunning: counted('dunning'),
      inGrace: counted('inGrace').count,
      ...defined({ pendingSince: counted('pending').oldestSince }),
    };
  };
}
