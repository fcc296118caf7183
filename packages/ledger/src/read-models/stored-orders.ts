// The rows of orders as a page of the log changes them: of what hangs on an order, only what changed is written.
import { LRUCache } from 'lru-cache';
import { hasPaidPayment, openReviews } from '../order/view.ts';
import type { AccountRows } from './account-rows.ts';
import { emptyOrder, type FoldedOrder, foldedIn, type OrderColumns, orderColumns, queuedByRow, rowsOf } from './order-rows.ts';
import type { QueuedRow, QueueRows } from './queue-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** An order while its events are applied, and its rows as they are stored. */
export interface StoredOrder extends FoldedOrder {
  /** Undefined: it has no row yet. */
  stored: OrderColumns | undefined;
  queued: readonly QueuedRow[];
  hasReviews: boolean;
  wasPaid: boolean;
}

export interface StoredOrders {
  /**
   * Begins a page. Orders that the newest pages before it changed need not be read again.
   * @param follows true: the rows are as this process left them after the page before.
   */
  begin(follows: boolean): void;
  load(orderId: string): StoredOrder;
  save(order: StoredOrder): void;
}

/** The columns that no index has. To write another one rewrites the entry of each index that has it, also where it is the same. */
const unindexed: readonly number[] = (
  [
    'state',
    'since',
    'newest_at',
    'granted_at',
    'grant_unsaved',
    'rescued',
    'saved_at',
    'last_error',
    'next_try_at',
    'gives_up_at',
    'action',
    'claims',
  ] as const
).map((column) => orderColumns.indexOf(column));
const idPlace = orderColumns.indexOf('order_id');
const accountPlace = orderColumns.indexOf('account');
const indexed: readonly number[] = orderColumns.map((_, place) => place).filter((place) => place !== idPlace && !unindexed.includes(place));

export function openStoredOrders({ db }: ReadModelFile, accountRows: AccountRows, queues: QueueRows): StoredOrders {
  const select = db.prepare('select * from orders where order_id = ?');
  const insert = db.prepare(`insert into orders values (${orderColumns.map(() => '?').join(', ')})`);
  // Updated in its place: `insert or replace` would move the row to the end of the table.
  const update = (places: readonly number[]) =>
    db.prepare(`update orders set ${places.map((place) => `${orderColumns[place]} = ?`).join(', ')} where order_id = ?`);
  const [updateAll, updateUnindexed] = [update([...unindexed, ...indexed]), update(unindexed)];
  const dropReviews = db.prepare('delete from reviews where order_id = ?');
  const addReview = db.prepare('insert into reviews values (?, ?, ?)');

  /** The orders that were saved last, bounded also by the length of their states. Written by `begin` and `save`. */
  const kept = new LRUCache<string, StoredOrder>({ max: 2_000, maxSize: 4 * 1_024 * 1_024, sizeCalculation: lengthOf });

  function read(orderId: string): StoredOrder {
    const row = select.get(orderId);
    if (!row) return { ...emptyOrder(orderId), stored: undefined, queued: [], hasReviews: false, wasPaid: false };
    const folded = foldedIn(row);
    const { state } = folded;
    const stored = orderColumns.map((column) => row[column]) as OrderColumns;
    return { ...folded, stored, queued: queuedByRow(row), hasReviews: openReviews(state).length > 0, wasPaid: hasPaidPayment(state) };
  }

  function write(stored: OrderColumns | undefined, columns: OrderColumns): void {
    if (stored === undefined) {
      insert.run(...columns);
      return;
    }
    const of = (places: readonly number[]) => places.map((place) => columns[place] ?? null);
    if (indexed.every((place) => stored[place] === columns[place])) updateUnindexed.run(...of(unindexed), columns[0]);
    else updateAll.run(...of(unindexed), ...of(indexed), columns[0]);
  }

  return {
    begin: (follows) => {
      if (!follows) kept.clear();
    },
    load: (orderId) => kept.get(orderId) ?? read(orderId),
    save: (order) => {
      const { orderId, placed } = order.state;
      const { columns, reviews, queued } = rowsOf(order);
      write(order.stored, columns);
      queues.move(orderId, order.queued, queued);
      const isPaid = hasPaidPayment(order.state);
      if (placed !== undefined && (order.stored?.[accountPlace] == null || isPaid !== order.wasPaid)) accountRows.note(order);
      if (order.hasReviews) dropReviews.run(orderId);
      for (const [reviewId, review] of reviews) addReview.run(orderId, reviewId, review);
      Object.assign(order, { stored: columns, queued, hasReviews: reviews.length > 0, wasPaid: isPaid });
      kept.set(orderId, order);
    },
  };
}

function lengthOf({ stored }: StoredOrder): number {
  return stored?.[1].length ?? 1;
}
