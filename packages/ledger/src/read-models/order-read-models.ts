// Read models of the orders: open orders, open reviews, undelivered decisions, memberships by member. Each row holds
// the folded order, so a page is applied without reading streams. The rows of accounts and sweeps are updated with them.

import type { AccountOrders, AccountUnsettledOrder } from '../adapter-ledger.ts';
import { invariant } from '../errors.ts';
import type { Position, StoredEvent } from '../event-store/event-store.ts';
import type { Membership } from '../member-access.ts';
import type { OrderState } from '../order/order.ts';
import { type OrderView, type Review, type UndeliveredDecision, undeliveredIn, viewOf } from '../order/view.ts';
import type { Backlog } from '../payment-ledger.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { FoldedSweep } from '../streams/sweep-streams.ts';
import { type AccountQuery, openAccountRows } from './account-rows.ts';
import { type ConsoleModels, openConsoleModels } from './console-models.ts';
import { type DuplicateRows, openDuplicateRows } from './duplicate-rows.ts';
import { type FoldedOrder, foldInto, isOfOrder, OrderNotes } from './order-rows.ts';
import { openQueueRows } from './queue-rows.ts';
import { type ReadModelFile, readModelCursor } from './read-model-file.ts';
import { openStoredOrders, type StoredOrder } from './stored-orders.ts';
import { openSubscriptionReadModels, type SubscriptionReadModels } from './subscription-read-models.ts';
import { openSweepRows } from './sweep-rows.ts';

export interface OrderReadModels extends Omit<DuplicateRows, 'note'> {
  /** How far the file had read the log when it was opened. */
  readonly cursor: Position;
  /**
   * Applies a page and moves the cursor to `next`, in one transaction. Idempotent: events that were applied before are skipped.
   * @throws LedgerError `corrupt`, `file_newer`: an event cannot be read or does not follow. Also as `ReadModelFile.advance`.
   */
  apply(events: readonly StoredEvent[], next: Position): Promise<void>;
  /** Those of orders and of subscriptions, sorted by id. */
  memberships(memberId: string): readonly Membership[];
  /** Lists take the key of the last row before the page (empty: from the start), and how many rows to give at most. `now`: ISO 8601 UTC. */
  openOrders(now: string, after: string, limit: number): readonly OrderView[];
  reviews(after: string, limit: number): readonly Review[];
  accounts(query: AccountQuery): readonly AccountOrders[];
  unsettled(after: string, limit: number): readonly AccountUnsettledOrder[];
  /** Withdrawn orders with a checkout on which a payment is still possible. */
  withdrawn(now: string, after: string, limit: number): readonly OrderView[];
  undelivered(after: string, limit: number): readonly UndeliveredDecision[];
  backlog(now: string): Omit<Backlog, 'lagMs' | 'shadowDiffers'>;
  readonly subscriptions: Omit<SubscriptionReadModels, 'apply'>;
  /** Orders whose newest decision is neither delivered nor abandoned. */
  pendingDeliveries(): readonly OrderState[];
  /** Undefined: there is no row for the tier, or it cannot be read. */
  sweep(tier: string): FoldedSweep | undefined;
  /** What a console lists, and by what it finds orders. */
  readonly console: Omit<ConsoleModels, 'apply'>;
}

/** @param duplicateWithinHours as the option of the ledger. */
export function openOrderReadModels(file: ReadModelFile, duplicateWithinHours: number): OrderReadModels {
  const { db } = file;
  const accountRows = openAccountRows(file);
  const queues = openQueueRows(file);
  const console = openConsoleModels(file, queues);
  const orders = openStoredOrders(file, accountRows, queues);
  const sweepRows = openSweepRows(file);
  const subscriptions = openSubscriptionReadModels(file);
  const { note: noteGranted, ...duplicates } = openDuplicateRows(file, duplicateWithinHours);
  // The inner query is answered from the index alone: rows of orders whose time is over are not read.
  const awaited = db.prepare(`
    select state from orders where order_id in (
      select order_id from orders where awaited_until is not null and awaited_until > ? and order_id > ? order by order_id limit ?
    ) order by order_id`);
  const openReviewsAfter = db.prepare(
    'select review from reviews where (order_id, review_id) > (?, ?) order by order_id, review_id limit ?',
  );
  const undelivered = db.prepare('select state from orders where pending + abandoned > 0 and order_id > ? order by order_id limit ?');
  const pending = db.prepare('select state from orders where pending = 1 order by order_id');

  /** How far the rows are as this process wrote them. Undefined: not known. Written by `applyPage` and `apply`. */
  let applied: Position | undefined;
  let isWorked = false; // Set by `applyPage`.

  function applyPage(all: readonly StoredEvent[], from: Position): void {
    const events = all.filter(({ position }) => position > from);
    const [changed, notes] = [new Map<string, StoredOrder>(), new OrderNotes()];
    orders.begin(from === applied);
    applied = undefined; // Until it is committed.
    isWorked = true;
    const granted: FoldedOrder[] = [];
    for (const event of events) {
      if (!isOfOrder(event.stream)) continue;
      const orderId = event.stream.slice(orderAggregate.stream('').length);
      const row = changed.get(orderId) ?? orders.load(orderId);
      invariant(event.revision === row.state.revision + 1, `${event.stream}: revision ${event.revision} follows ${row.state.revision}`);
      foldInto(row, event, notes);
      changed.set(orderId, row);
      if (event.type === 'MembershipGranted') granted.push(row);
    }
    for (const row of changed.values()) orders.save(row);
    noteGranted(granted);
    subscriptions.apply(events, notes.actions);
    console.apply(events, notes);
    sweepRows.apply(events);
  }

  const states = (rows: readonly Record<string, unknown>[]): OrderState[] =>
    rows.map((row) => JSON.parse(String(row['state'])) as OrderState);

  return {
    cursor: file.cursor(readModelCursor),
    apply: async (events, next) => {
      isWorked = false;
      await file.advance(readModelCursor, { events, next }, (from) => applyPage(events, from));
      applied = isWorked ? next : undefined; // Else another process has applied the page, and the rows are as it wrote them.
    },
    memberships: openMemberships(file, subscriptions),
    openOrders: (now, after, limit) => states(awaited.all(now, after, limit)).flatMap((state) => viewOf(state) ?? []),
    reviews: (after, limit) => openReviewsAfter.all(...reviewKey(after), limit).map((row) => JSON.parse(String(row['review'])) as Review),
    accounts: accountRows.accounts,
    unsettled: accountRows.unsettled,
    withdrawn: accountRows.withdrawn,
    ...duplicates,
    undelivered: (after, limit) => states(undelivered.all(after, limit)).flatMap((state) => undeliveredIn(state) ?? []),
    backlog: openBacklog(file, subscriptions),
    subscriptions,
    pendingDeliveries: () => states(pending.all()),
    sweep: sweepRows.folded,
    console,
  };
}

function openMemberships({ db }: ReadModelFile, subscriptions: SubscriptionReadModels): OrderReadModels['memberships'] {
  const byMember = db.prepare(
    "select order_id, plan, status, since from orders where member_id = ?1 collate nocase and member_id = ?1 and status <> 'none' order by order_id",
  );
  return (memberId) =>
    [
      ...byMember.all(memberId).map(
        (row): Membership => ({
          membershipId: String(row['order_id']),
          plan: String(row['plan']),
          status: row['status'] as Membership['status'],
          since: String(row['since']),
        }),
      ),
      ...subscriptions.memberships(memberId),
    ].sort((a, b) => (a.membershipId < b.membershipId ? -1 : a.membershipId > b.membershipId ? 1 : 0));
}

function openBacklog({ db }: ReadModelFile, subscriptions: SubscriptionReadModels): OrderReadModels['backlog'] {
  // Each count reads an index that holds nothing else. Only for the undelivered, which are few, rows are read.
  const counts = db.prepare(`
    select (select count(*) from orders where awaited_until is not null and awaited_until > ?) as openOrders,
      (select count(*) from reviews) as openReviews, count(*) as undelivered, total(abandoned) as abandoned
      from orders where pending + abandoned > 0`);
  return (now) => {
    const row = counts.get(now) ?? {};
    const counted = (name: string): number => Number(row[name]);
    const also = subscriptions.backlog(now);
    return {
      openOrders: counted('openOrders'),
      openReviews: counted('openReviews') + also.openReviews,
      undelivered: counted('undelivered') + also.undelivered,
      abandoned: counted('abandoned') + also.abandoned,
      due: also.due,
      doubtful: also.doubtful,
    };
  };
}

/** Key of an order in a paged list: its id. */
export function orderKey({ orderId }: { readonly orderId: string }): string {
  return orderId;
}

/** Key of a review in a paged list: `{order}/{review}`. An order id contains no slash. */
export function pageKey({ orderId, reviewId }: Review): string {
  return `${orderId}/${reviewId}`;
}

function reviewKey(after: string): [string, string] {
  const [orderId = '', reviewId = ''] = after.split('/');
  return [orderId, reviewId];
}
