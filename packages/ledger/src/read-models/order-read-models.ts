// Read models of the orders: open orders, open reviews, undelivered decisions, memberships by member. Each row
// holds the folded order, so a page is applied without reading streams. Beside them, where the sweeps stand.

import type { AccountOrders, AccountUnsettledOrder } from '../adapter-ledger.ts';
import { invariant } from '../errors.ts';
import type { Position, StoredEvent } from '../event-store/event-store.ts';
import { initialState, type OrderState } from '../order/order.ts';
import { type OrderView, type Review, type UndeliveredDecision, undeliveredIn, viewOf } from '../order/view.ts';
import type { Backlog, Membership } from '../payment-ledger.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { FoldedSweep } from '../streams/sweep-streams.ts';
import { openAccountRows } from './account-rows.ts';
import { type FoldedOrder, foldInto, orderColumns, rowsOf } from './order-rows.ts';
import { type ReadModelFile, readModelCursor } from './read-model-file.ts';
import { isOfSweep, openSweepRows } from './sweep-rows.ts';

export interface OrderReadModels {
  readonly cursor: Position;
  /** Idempotent: events that were applied before are passed over. */
  apply(events: readonly StoredEvent[], next: Position): Promise<void>;
  memberships(memberId: string): readonly Membership[];
  openOrders(now: string, after: string, limit: number): readonly OrderView[];
  reviews(after: string, limit: number): readonly Review[];
  accounts(awaitedAt: string): readonly AccountOrders[];
  unsettled(after: string, limit: number): readonly AccountUnsettledOrder[];
  undelivered(after: string, limit: number): readonly UndeliveredDecision[];
  backlog(now: string): Omit<Backlog, 'lagMs'>;
  /** Orders whose newest decision is on its way to the shop. */
  pendingDeliveries(): readonly OrderState[];
  /** Undefined: nothing is known of the tier. */
  sweep(tier: string): FoldedSweep | undefined;
}

export function openOrderReadModels(file: ReadModelFile): OrderReadModels {
  const { db } = file;
  const accountRows = openAccountRows(file);
  const sweepRows = openSweepRows(file);
  const select = db.prepare('select state, since from orders where order_id = ?');
  // In its place: a row that is replaced would move to the end of the table.
  const upsert = db.prepare(
    `insert into orders values (${orderColumns.map(() => '?').join(', ')})
     on conflict (order_id) do update set ${orderColumns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  );
  const dropReviews = db.prepare('delete from reviews where order_id = ?');
  const addReview = db.prepare('insert into reviews values (?, ?, ?)');
  const byMember = db.prepare(
    "select order_id, plan, status, since from orders where member_id = ? and status <> 'none' order by order_id",
  );
  // Chosen by the index alone: the rows of orders whose time is over are not read.
  const awaited = db.prepare(`
    select state from orders where order_id in (
      select order_id from orders where awaited_until is not null and awaited_until > ? and order_id > ? order by order_id limit ?
    ) order by order_id`);
  const openReviewsAfter = db.prepare(
    'select review from reviews where (order_id, review_id) > (?, ?) order by order_id, review_id limit ?',
  );
  const undelivered = db.prepare('select state from orders where pending + abandoned > 0 and order_id > ? order by order_id limit ?');
  const pending = db.prepare('select state from orders where pending = 1 order by order_id');

  function load(orderId: string): FoldedOrder {
    const row = select.get(orderId);
    if (!row) return { state: initialState(orderId), since: null };
    return { state: JSON.parse(String(row['state'])) as OrderState, since: row['since'] as string | null };
  }

  function save(order: FoldedOrder): void {
    const { orderId } = order.state;
    const { columns, reviews } = rowsOf(order);
    upsert.run(...columns);
    accountRows.note(order);
    dropReviews.run(orderId);
    for (const [reviewId, review] of reviews) addReview.run(orderId, reviewId, review);
  }

  function applyPage(events: readonly StoredEvent[], from: Position): void {
    const changed = new Map<string, FoldedOrder>();
    for (const event of events) {
      if (event.position <= from || isOfSweep(event.stream)) continue;
      const orderId = event.stream.slice(orderAggregate.stream('').length);
      const row = changed.get(orderId) ?? load(orderId);
      invariant(event.revision === row.state.revision + 1, `${event.stream}: revision ${event.revision} follows ${row.state.revision}`);
      foldInto(row, event);
      changed.set(orderId, row);
    }
    for (const row of changed.values()) save(row);
    sweepRows.apply(events);
  }

  const states = (rows: readonly Record<string, unknown>[]): OrderState[] =>
    rows.map((row) => JSON.parse(String(row['state'])) as OrderState);

  return {
    cursor: file.cursor(readModelCursor),
    apply: (events, next) => file.advance(readModelCursor, { events, next }, (from) => applyPage(events, from)),
    memberships: (memberId) =>
      byMember.all(memberId).map((row) => ({
        membershipId: String(row['order_id']),
        plan: String(row['plan']),
        status: row['status'] as Membership['status'],
        since: String(row['since']),
      })),
    openOrders: (now, after, limit) => states(awaited.all(now, after, limit)).flatMap((state) => viewOf(state) ?? []),
    reviews: (after, limit) => openReviewsAfter.all(...reviewKey(after), limit).map((row) => JSON.parse(String(row['review'])) as Review),
    accounts: accountRows.accounts,
    unsettled: accountRows.unsettled,
    undelivered: (after, limit) => states(undelivered.all(after, limit)).flatMap((state) => undeliveredIn(state) ?? []),
    backlog: openBacklog(file),
    pendingDeliveries: () => states(pending.all()),
    sweep: sweepRows.folded,
  };
}

function openBacklog({ db }: ReadModelFile): OrderReadModels['backlog'] {
  // Each counts in an index that holds nothing else; of the undelivered, which are few, the rows are read.
  const counts = db.prepare(`
    select (select count(*) from orders where awaited_until is not null and awaited_until > ?) as openOrders,
      (select count(*) from reviews) as openReviews, count(*) as undelivered, total(abandoned) as abandoned
      from orders where pending + abandoned > 0`);
  return (now) => {
    const row = counts.get(now) ?? {};
    const counted = (name: string): number => Number(row[name]);
    return {
      openOrders: counted('openOrders'),
      openReviews: counted('openReviews'),
      undelivered: counted('undelivered'),
      abandoned: counted('abandoned'),
    };
  };
}

/** Orders are paged by their id. */
export function orderKey({ orderId }: { readonly orderId: string }): string {
  return orderId;
}

/** Reviews are paged by `{order}/{review}`; an order id holds no slash. */
export function pageKey({ orderId, reviewId }: Review): string {
  return `${orderId}/${reviewId}`;
}

function reviewKey(after: string): [string, string] {
  const [orderId = '', reviewId = ''] = after.split('/');
  return [orderId, reviewId];
}
