// The read models of subscriptions: by member, by what is due, by what the shop does not have, and what waits for a person.
import type { AccountSubscriptions, DueSubscription, OpenInvoices, UnsettledSubscription } from '../adapter-subscriptions.ts';
import { defined } from '../defined.ts';
import { invariant } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import type { MemberPlan, Membership } from '../member-access.ts';
import type { Backlog } from '../payment-ledger.ts';
import { policyAggregate } from '../streams/policy-stream.ts';
import type { SubscriptionState } from '../subscription/subscription.ts';
import { type SubscriptionReview, type UndeliveredSubscription, undeliveredSubscriptionIn } from '../subscription/view.ts';
import type { ActionsTaken } from './action-fold.ts';
import type { ReadModelFile } from './read-model-file.ts';
import {
  type AdoptedPolicies,
  emptySubscription,
  type FoldedSubscription,
  foldedSubscriptionIn,
  foldSubscription,
  isOfSubscription,
  noPolicies,
  openInvoicesIn,
  subscriptionColumns,
  subscriptionIdOf,
  subscriptionRowOf,
  unsettledIn,
  withPolicy,
} from './subscription-rows.ts';

export interface SubscriptionReadModels {
  /** Applies a page's events, and notes what people did. Call it in the transaction that moves the cursor. @throws LedgerError `corrupt`, `file_newer`. */
  apply(events: readonly StoredEvent[], taken: ActionsTaken): void;
  memberships(memberId: string): readonly Membership[];
  /** What gives the member access now, as it was decided. */
  plans(memberId: string): readonly MemberPlan[];
  /** Lists take the key of the last row before the page (empty: from the start), and how many rows to give at most. */
  due(before: string, after: string, limit: number): readonly DueSubscription[];
  undelivered(after: string, limit: number): readonly UndeliveredSubscription[];
  openInvoices(after: string, limit: number): readonly OpenInvoices[];
  unsettled(after: string, limit: number): readonly UnsettledSubscription[];
  reviews(after: string, limit: number): readonly SubscriptionReview[];
  hasCustomer(customer: string): boolean;
  accounts(before: string): readonly AccountSubscriptions[];
  /** Subscriptions whose newest decision is neither delivered nor abandoned. */
  pendingDeliveries(): readonly SubscriptionState[];
  /** @param now ISO 8601 UTC. */
  backlog(now: string): Pick<Backlog, 'openReviews' | 'undelivered' | 'abandoned' | 'due' | 'doubtful'>;
}

/** Key of what is due in a paged list. No id contains a `/`. */
export function dueKey({ dueAt, subscriptionId }: DueSubscription): string {
  return `${dueAt}/${subscriptionId}`;
}

export function subscriptionReviewKey({ subscriptionId, reviewId }: SubscriptionReview): string {
  return `${subscriptionId}/${reviewId}`;
}

export function openSubscriptionReadModels(file: ReadModelFile): SubscriptionReadModels {
  return { apply: openStoredSubscriptions(file), ...openSubscriptionLists(file), ...openSubscriptionCounts(file) };
}

function openStoredSubscriptions({ db }: ReadModelFile): SubscriptionReadModels['apply'] {
  const select = db.prepare('select * from subscriptions where subscription_id = ?');
  const upsert = db.prepare(
    `insert into subscriptions values (${subscriptionColumns.map(() => '?').join(', ')}) on conflict do update set ${subscriptionColumns
      .map((column) => `${column} = excluded.${column}`)
      .join(', ')}`,
  );
  const dropReviews = db.prepare('delete from subscription_reviews where subscription_id = ?');
  const addReview = db.prepare('insert into subscription_reviews values (?, ?, ?)');
  const atUnknownPrice = db.prepare(
    "select distinct subscription_id from subscription_reviews where json_extract(review, '$.kind') = 'unknown_price'",
  );
  const policies = openPolicies(db);

  function load(subscriptionId: string): FoldedSubscription {
    const row = select.get(subscriptionId);
    return row ? foldedSubscriptionIn(row) : emptySubscription(subscriptionId);
  }

  return (events, taken) => {
    const isNewPolicy = policies.add(events);
    const changed = new Map<string, FoldedSubscription>();
    for (const event of events) {
      if (!isOfSubscription(event.stream)) continue;
      const subscriptionId = subscriptionIdOf(event.stream);
      const folded = changed.get(subscriptionId) ?? load(subscriptionId);
      const { revision } = folded.state;
      invariant(event.revision === revision + 1, `${event.stream}: revision ${event.revision} follows ${revision}`);
      foldSubscription(folded, event, taken);
      changed.set(subscriptionId, folded);
    }
    if (isNewPolicy) {
      for (const { subscription_id } of atUnknownPrice.all()) {
        const subscriptionId = String(subscription_id);
        if (!changed.has(subscriptionId)) changed.set(subscriptionId, load(subscriptionId));
      }
    }
    const known = policies.known();
    for (const [subscriptionId, folded] of changed) {
      const { columns, reviews } = subscriptionRowOf(folded, known);
      upsert.run(...columns);
      dropReviews.run(subscriptionId);
      for (const [reviewId, review] of reviews) addReview.run(subscriptionId, reviewId, review);
    }
  };
}

/** The policies of subscriptions, beside the rows that name them: what is due follows from both. */
function openPolicies(db: ReadModelFile['db']): {
  /** Answers whether one was adopted. */
  add(events: readonly StoredEvent[]): boolean;
  known(): AdoptedPolicies;
} {
  const all = db.prepare('select adopted, adopted_at from subscription_policies order by revision');
  const add = db.prepare('insert into subscription_policies values (?, ?, ?)');
  return {
    known: () =>
      all
        .all()
        .reduce<AdoptedPolicies>(
          (policies, row) => withPolicy(policies, JSON.parse(String(row['adopted'])) as object, String(row['adopted_at'])),
          noPolicies,
        ),
    add: (events) => {
      const adopted = events.filter(
        (event) =>
          event.stream === policyAggregate.stream('') && withPolicy(noPolicies, policyAggregate.read(event).data, '') !== noPolicies,
      );
      for (const { revision, data, metadata } of adopted) add.run(revision, JSON.stringify(data), metadata['recordedAt'] ?? '');
      return adopted.length > 0;
    },
  };
}

function openSubscriptionLists({ db }: ReadModelFile): Omit<SubscriptionReadModels, 'apply' | 'accounts' | 'backlog'> {
  const byMember = db.prepare(
    "select subscription_id, plan, quantity, status, since, valid_until from subscriptions where member_id = ? and status <> 'none' order by subscription_id",
  );
  const due = db.prepare(
    `select subscription_id, json_extract(state, '$.reference') as reference, customer, due_at, valid_until, looked_at from subscriptions
     where due_at is not null and due_at <= ? and (due_at, subscription_id) > (?, ?) and sub is not null
     order by due_at, subscription_id limit ?`,
  );
  const undelivered = db.prepare(
    'select state from subscriptions where pending + abandoned > 0 and subscription_id > ? order by subscription_id limit ?',
  );
  // Both conditions, so that the index of the undelivered finds them.
  const pending = db.prepare('select state from subscriptions where pending + abandoned > 0 and pending = 1 order by subscription_id');
  const open = db.prepare(
    'select state from subscriptions where open_invoices > 0 and sub is not null and subscription_id > ? order by subscription_id limit ?',
  );
  const unsettled = db.prepare(
    'select state from subscriptions where unsettled = 1 and sub is not null and subscription_id > ? order by subscription_id limit ?',
  );
  const reviews = db.prepare(
    'select review from subscription_reviews where (subscription_id, review_id) > (?, ?) order by subscription_id, review_id limit ?',
  );
  const ofCustomer = db.prepare('select 1 from subscriptions where customer = ? limit 1');
  const text = (cell: unknown): string | undefined => (cell === null ? undefined : String(cell));

  return {
    memberships: (memberId) =>
      byMember.all(memberId).map((row) => ({
        type: 'subscription' as const,
        membershipId: String(row['subscription_id']),
        plan: String(row['plan']),
        quantity: Number(row['quantity']),
        status: row['status'] as Membership['status'],
        since: String(row['since']),
        ...defined({ validUntil: text(row['valid_until']) }),
      })),
    plans: (memberId) =>
      byMember.all(memberId).flatMap((row) => {
        if (row['status'] !== 'active') return [];
        return [{ plan: String(row['plan']), quantity: Number(row['quantity']), ...defined({ validUntil: text(row['valid_until']) }) }];
      }),
    due: (before, after, limit) =>
      due.all(before, ...keyIn(after), limit).map((row) => ({
        subscriptionId: String(row['subscription_id']),
        reference: JSON.parse(String(row['reference'])) as DueSubscription['reference'],
        dueAt: String(row['due_at']),
        ...defined({
          customer: text(row['customer']),
          validUntil: text(row['valid_until']),
          lookedAt: text(row['looked_at']),
        }),
      })),
    undelivered: (after, limit) =>
      undelivered
        .all(after, limit)
        .flatMap((row) => undeliveredSubscriptionIn(JSON.parse(String(row['state'])) as SubscriptionState) ?? []),
    pendingDeliveries: () => pending.all().map((row) => JSON.parse(String(row['state'])) as SubscriptionState),
    openInvoices: (after, limit) =>
      open.all(after, limit).flatMap((row) => openInvoicesIn(JSON.parse(String(row['state'])) as SubscriptionState) ?? []),
    unsettled: (after, limit) =>
      unsettled.all(after, limit).flatMap((row) => unsettledIn(JSON.parse(String(row['state'])) as SubscriptionState) ?? []),
    hasCustomer: (customer) => ofCustomer.get(customer) !== undefined,
    reviews: (after, limit) => reviews.all(...keyIn(after), limit).map((row) => JSON.parse(String(row['review'])) as SubscriptionReview),
  };
}

function openSubscriptionCounts({ db }: ReadModelFile): Pick<SubscriptionReadModels, 'accounts' | 'backlog'> {
  const accounts = db.prepare(
    `select account, livemode, min(placed_at) as first, total(living) as living, total(due_at is not null and due_at <= ?) as due, min(due_at) as next,
      total(sub is not null) as begun, max(case when sub is null then placed_at end) as waiting, total(open_invoices > 0) as open from subscriptions where account is not null group by account, livemode`,
  );
  const counts = db.prepare(
    `select (select count(*) from subscription_reviews) as openReviews,
      (select count(*) from subscriptions where due_at is not null and due_at <= ? and sub is not null) as due,
      (select count(*) from subscriptions where doubtful = 1) as doubtful,
      count(*) as undelivered, total(abandoned) as abandoned from subscriptions where pending + abandoned > 0`,
  );
  return {
    accounts: (before) =>
      accounts.all(before).map((row) => ({
        account: String(row['account']),
        livemode: row['livemode'] === 1,
        firstPlacedAt: String(row['first']),
        begun: Number(row['begun']),
        living: Number(row['living']),
        due: Number(row['due']),
        ...(Number(row['due']) > 0 ? { oldestDueAt: String(row['next']) } : {}),
        withOpenInvoices: Number(row['open']),
        ...(typeof row['waiting'] === 'string' ? { newestWaitingAt: row['waiting'] } : {}),
      })),
    backlog: (now) => {
      const row = counts.get(now) ?? {};
      const counted = (name: string): number => Number(row[name]);
      return {
        openReviews: counted('openReviews'),
        undelivered: counted('undelivered'),
        abandoned: counted('abandoned'),
        due: counted('due'),
        doubtful: counted('doubtful'),
      };
    },
  };
}

function keyIn(after: string): [string, string] {
  const [first = '', second = ''] = after.split('/');
  return [first, second];
}
