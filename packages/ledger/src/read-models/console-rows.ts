// The lists of a console, from the rows of orders and from those that lead to them. Every list is read from an index, and bounded.
import type { ConsoleReads, OrderSummary, SuspendedOrder, UndeliveredDetails } from '../console-reads.ts';
import { defined } from '../defined.ts';
import { paymentKey } from '../observation.ts';
import type { ReviewKind } from '../order/events.ts';
import type { MembershipStatus } from '../order/order.ts';
import { awaitedUntil, type Review } from '../order/view.ts';
import type { UndeliveredGroup } from '../undelivered-group.ts';
import { type FoldedOrder, foldedIn } from './order-rows.ts';
import { amountsOf, summaryOf, suspendedBecause, undeliveredDetails } from './order-summary.ts';
import type { OrderQueue } from './queue-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';
import { openUndeliveredGroups } from './undelivered-groups.ts';

export type ReviewRow = Awaited<ReturnType<ConsoleReads['reviews']>>['items'][number];
export type AwaitingRow = OrderSummary & { readonly until: string };

/** The place of a row in a list that is sorted by a time, then by an id. Empty texts: before all, or where a list runs backwards, behind all. */
export interface TimeKey {
  readonly time: string;
  readonly id: string;
}

export interface OrderFilter {
  readonly status?: MembershipStatus | undefined;
  readonly plan?: string | undefined;
  readonly account?: string | undefined;
}

/** `now`: ISO 8601 UTC. Lists give at most `limit` rows, behind `after`. */
export interface ConsoleRows {
  /** The rows of these orders, as far as they are placed, in the order of the ids. */
  summaries(orderIds: readonly string[], now: string): readonly OrderSummary[];
  /** Newest first. */
  orders(filter: OrderFilter, now: string, after: TimeKey, limit: number): readonly OrderSummary[];
  memberOrders(memberId: string, now: string, after: TimeKey, limit: number): readonly OrderSummary[];
  /** How many orders a member has placed, and the newest of them. Undefined: none. */
  member(memberId: string, now: string): { readonly orders: number; readonly newest: OrderSummary } | undefined;
  reviews(kind: ReviewKind | undefined, after: TimeKey & { readonly reviewId: string }, limit: number): readonly ReviewRow[];
  /** Oldest decision first. */
  undelivered(errors: ErrorFilter, now: string, after: TimeKey, limit: number): readonly UndeliveredDetails[];
  undeliveredByError(): readonly UndeliveredGroup[];
  awaiting(now: string, after: TimeKey, limit: number): readonly AwaitingRow[];
  suspended(now: string, after: TimeKey, limit: number): readonly SuspendedOrder[];
}

/** `only`: decisions with this error. `except`: all but those with these. */
export type ErrorFilter = { readonly only?: string; readonly except?: readonly string[] };

/** Sorts behind every time, and every id. */
const behindAll = '~';

export function openConsoleRows(file: ReadModelFile): ConsoleRows {
  const { db } = file;
  const one = db.prepare('select * from orders where order_id = ?');
  // The inner query is answered from the index alone.
  const newest = db.prepare(`
    select * from orders where order_id in (
      select order_id from orders
      where placed_at is not null and (placed_at, order_id) < (?1, ?2)
        and (?3 is null or status = ?3) and (?4 is null or plan = ?4) and (?5 is null or account = ?5)
      order by placed_at desc, order_id desc limit ?6
    ) order by placed_at desc, order_id desc`);
  const ofMember = db.prepare(`
    select * from orders where member_id = ?1 collate nocase and member_id = ?1 and (placed_at, order_id) < (?2, ?3)
    order by placed_at desc, order_id desc limit ?4`);
  const countOfMember = db.prepare('select count(*) as orders from orders where member_id = ?1 collate nocase and member_id = ?1');
  const openedAt = "json_extract(review, '$.openedAt')";
  const reviews = db.prepare(`
    select review from reviews where (${openedAt}, order_id, review_id) > (?1, ?2, ?3)
      and (?4 is null or json_extract(review, '$.kind') = ?4)
    order by ${openedAt}, order_id, review_id limit ?5`);
  const otherOrder = db.prepare('select order_id from names where id = ? and kind = 1 and order_id <> ? order by order_id limit 1');
  const waiting = db.prepare(`
    select orders.* from queued join orders on orders.order_id = queued.order_id
    where queue = ?1 and (queued.since, queued.order_id) > (?2, ?3) and (until is null or until > ?4)
      and (?5 is null or coalesce(last_error, 'none') = ?5) and coalesce(last_error, 'none') not in (select value from json_each(?6))
    order by queued.since, queued.order_id limit ?7`);

  const read = (orderId: string): FoldedOrder | undefined => {
    const row = one.get(orderId);
    return row && foldedIn(row);
  };
  const inQueue = (queue: OrderQueue, now: string, { time, id }: TimeKey, limit: number, { only, except = [] }: ErrorFilter = {}) =>
    waiting.all(queue, time, id, now, only ?? null, JSON.stringify(except), limit).map(foldedIn);
  const otherOrderOf = ({ kind, payment }: Review, { state, progress }: FoldedOrder): string | undefined => {
    if (kind !== 'claimed_by_two') return undefined;
    const key = paymentKey(payment);
    const named = progress.claims?.[key];
    if (named !== undefined) return named;
    // Its metadata named no other order: then one of its names belongs to another one.
    for (const id of [payment.id, ...(state.payments[key]?.aliases ?? [])]) {
      const other = otherOrder.get(id, state.orderId)?.['order_id'];
      if (typeof other === 'string') return other;
    }
    return undefined;
  };
  const backwards = ({ time, id }: TimeKey): [string, string] => (time === '' ? [behindAll, behindAll] : [time, id]);

  const summariesIn = (rows: readonly Record<string, unknown>[], now: string): readonly OrderSummary[] =>
    rows.flatMap((row) => summaryOf(foldedIn(row), now) ?? []);

  return {
    summaries: (orderIds, now) =>
      orderIds.flatMap((orderId) => {
        const order = read(orderId);
        return (order && summaryOf(order, now)) ?? [];
      }),
    orders: ({ status, plan, account }, now, after, limit) =>
      summariesIn(newest.all(...backwards(after), status ?? null, plan ?? null, account ?? null, limit), now),
    memberOrders: (memberId, now, after, limit) => summariesIn(ofMember.all(memberId, ...backwards(after), limit), now),
    member: (memberId, now) => {
      const [first] = summariesIn(ofMember.all(memberId, behindAll, behindAll, 1), now);
      return first && { orders: Number(countOfMember.get(memberId)?.['orders']), newest: first };
    },
    reviews: (kind, { time, id, reviewId }, limit) =>
      reviews.all(time, id, reviewId, kind ?? null, limit).flatMap(({ review: text }) => {
        const review = JSON.parse(String(text)) as Review;
        const order = read(review.orderId);
        const amounts = order && amountsOf(order.state, review.payment);
        if (amounts === undefined || order?.state.placed === undefined) return [];
        const { memberId, plan } = order.state.placed;
        return [{ ...review, ...amounts, memberId, plan, ...defined({ otherOrderId: otherOrderOf(review, order) }) }];
      }),
    undelivered: (errors, now, after, limit) =>
      inQueue('undelivered', now, after, limit, errors).flatMap((order) => undeliveredDetails(order) ?? []),
    undeliveredByError: openUndeliveredGroups(file, 'orders'),
    awaiting: (now, after, limit) =>
      inQueue('awaiting', now, after, limit).flatMap((order) => {
        const [summary, until] = [summaryOf(order, now), awaitedUntil(order.state)];
        return summary && until !== undefined ? [{ ...summary, until }] : [];
      }),
    suspended: (now, after, limit) =>
      inQueue('suspended', now, after, limit).flatMap((order) => {
        const [summary, because] = [summaryOf(order, now), suspendedBecause(order.state)];
        return summary && because ? [{ ...summary, because, since: order.since ?? '' }] : [];
      }),
  };
}
