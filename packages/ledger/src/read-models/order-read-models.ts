// Read models of the orders: open orders, open reviews, pending deliveries, memberships by member. Each row
// holds the folded order, so a page is applied without reading streams.
import { invariant } from '../errors.ts';
import type { Position, StoredEvent } from '../event-store/event-store.ts';
import { initialState, isPending, type OrderState } from '../order/order.ts';
import { awaitedUntil, type OrderView, openReviews, type Review, viewOf } from '../order/view.ts';
import { isDecision, orderAggregate } from '../order-streams.ts';
import type { Membership } from '../payment-ledger.ts';
import type { ReadModelFile } from './read-model-file.ts';

export interface OrderReadModels {
  readonly cursor: Position;
  /** Idempotent: events that were applied before are passed over. */
  apply(events: readonly StoredEvent[], next: Position): Promise<void>;
  memberships(memberId: string): readonly Membership[];
  openOrders(now: string, after: string, limit: number): readonly OrderView[];
  reviews(after: string, limit: number): readonly Review[];
  /** Orders whose newest decision the shop does not know yet. */
  pendingDeliveries(): readonly OrderState[];
}

const name = 'orders';

export function openOrderReadModels(file: ReadModelFile): OrderReadModels {
  const { db } = file;
  const select = db.prepare('select state, since from orders where order_id = ?');
  const upsert = db.prepare('insert or replace into orders values (?, ?, ?, ?, ?, ?, ?, ?)');
  const dropReviews = db.prepare('delete from reviews where order_id = ?');
  const addReview = db.prepare('insert into reviews values (?, ?, ?)');
  const byMember = db.prepare(
    "select order_id, plan, status, since from orders where member_id = ? and status <> 'none' order by order_id",
  );
  const awaited = db.prepare(
    'select state from orders where awaited_until is not null and awaited_until > ? and order_id > ? order by order_id limit ?',
  );
  const openReviewsAfter = db.prepare(
    'select review from reviews where (order_id, review_id) > (?, ?) order by order_id, review_id limit ?',
  );
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
    dropReviews.run(orderId);
    for (const [reviewId, review] of reviews) addReview.run(orderId, reviewId, review);
  }

  function applyPage(events: readonly StoredEvent[], from: Position): void {
    const changed = new Map<string, FoldedOrder>();
    for (const event of events) {
      if (event.position <= from) continue;
      const orderId = event.stream.slice(orderAggregate.stream('').length);
      const row = changed.get(orderId) ?? load(orderId);
      invariant(event.revision === row.state.revision + 1, `${event.stream}: revision ${event.revision} follows ${row.state.revision}`);
      foldInto(row, event);
      changed.set(orderId, row);
    }
    for (const row of changed.values()) save(row);
  }

  const states = (rows: readonly Record<string, unknown>[]): OrderState[] =>
    rows.map((row) => JSON.parse(String(row['state'])) as OrderState);

  return {
    cursor: file.cursor(name),
    apply: (events, next) => file.advance(name, { events, next }, (from) => applyPage(events, from)),
    memberships: (memberId) =>
      byMember.all(memberId).map((row) => ({
        membershipId: String(row['order_id']),
        plan: String(row['plan']),
        status: row['status'] as Membership['status'],
        since: String(row['since']),
      })),
    openOrders: (now, after, limit) => states(awaited.all(now, after, limit)).flatMap((state) => viewOf(state) ?? []),
    reviews: (after, limit) => openReviewsAfter.all(...reviewKey(after), limit).map((row) => JSON.parse(String(row['review'])) as Review),
    pendingDeliveries: () => states(pending.all()),
  };
}

/** An order as its row keeps it. */
export interface FoldedOrder {
  state: OrderState;
  /** When the newest decision was recorded. */
  since: string | null;
}

/** Of the table `orders`, in the order of its columns. */
type OrderColumns = [
  orderId: string,
  state: string,
  memberId: string | null,
  plan: string | null,
  status: string,
  since: string | null,
  awaitedUntil: string | null,
  pending: number,
];

/** One fold for the live rows and for a replay of them. */
export function foldInto(order: FoldedOrder, event: StoredEvent): void {
  const read = orderAggregate.read(event);
  order.state = orderAggregate.evolve(order.state, read, event.metadata['instance'] ?? '');
  if (isDecision(read)) order.since = event.metadata['recordedAt'] ?? null;
}

/** What the tables hold of an order: its columns, and its open reviews by id. */
export function rowsOf({ state, since }: FoldedOrder): {
  readonly columns: OrderColumns;
  readonly reviews: readonly (readonly [reviewId: string, review: string])[];
} {
  const { orderId, placed, membership } = state;
  return {
    columns: [
      orderId,
      JSON.stringify(state),
      placed?.memberId ?? null,
      placed?.plan ?? null,
      membership,
      since,
      awaitedUntil(state) ?? null,
      isPending(state) ? 1 : 0,
    ],
    reviews: openReviews(state).map((review) => [review.reviewId, JSON.stringify(review)] as const),
  };
}

/** Reviews are paged by `{order}/{review}`; an order id holds no slash. */
export function pageKey({ orderId, reviewId }: Review): string {
  return `${orderId}/${reviewId}`;
}

function reviewKey(after: string): [string, string] {
  const [orderId = '', reviewId = ''] = after.split('/');
  return [orderId, reviewId];
}
