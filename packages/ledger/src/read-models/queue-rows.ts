// The lists that orders wait in, with the time since when. A row of an order leads to its rows here, so they are compared with
// what the order had before, and only what changed is written.
import type { Queue } from '../console-reads.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** The lists that are kept in `queued`. The others are tables of their own. */
export type OrderQueue = Extract<Queue, 'undelivered' | 'awaiting' | 'suspended'>;

/** One order in one list. */
export interface QueuedRow {
  readonly queue: OrderQueue;
  /** ISO 8601 UTC; empty: the log does not say. */
  readonly since: string;
  /** The order leaves the list at this time by itself, ISO 8601 UTC. Null: it does not. */
  readonly until: string | null;
}

/** The columns of an order that say where it waits. */
export interface WaitingColumns {
  readonly status: string;
  /** When the newest decision was made. */
  readonly since: string | null;
  readonly placedAt: string | null;
  readonly awaitedUntil: string | null;
  readonly isUndelivered: boolean;
}

/** Where an order waits. */
export function queuedIn({ status, since, placedAt, awaitedUntil, isUndelivered }: WaitingColumns): readonly QueuedRow[] {
  const rows: QueuedRow[] = [];
  if (isUndelivered) rows.push({ queue: 'undelivered', since: since ?? '', until: null });
  if (status === 'suspended') rows.push({ queue: 'suspended', since: since ?? '', until: null });
  if (awaitedUntil !== null) rows.push({ queue: 'awaiting', since: placedAt ?? '', until: awaitedUntil });
  return rows;
}

/** How many wait in a list, and since when the first. */
export interface QueueCount {
  readonly count: number;
  readonly oldestSince?: string;
}

export interface QueueRows {
  /** Call it in the transaction that saves the order. */
  move(orderId: string, before: readonly QueuedRow[], after: readonly QueuedRow[]): void;
  counts(now: string): Readonly<Record<Queue, QueueCount>>;
}

export function openQueueRows({ db }: ReadModelFile): QueueRows {
  const add = db.prepare('insert into queued values (?, ?, ?, ?)');
  const remove = db.prepare('delete from queued where queue = ? and since = ? and order_id = ?');
  const change = db.prepare('update queued set until = ? where queue = ? and since = ? and order_id = ?');
  const counts = db.prepare(`
    select queue, count(*) as waiting, min(since) as oldest from queued where until is null or until > ? group by queue
    union all select 'reviews', count(*), min(json_extract(review, '$.openedAt')) from reviews
    union all select 'held', count(*), min(since) from held
    union all select 'unreadable', count(*), min(since) from unreadable where read_since is null`);

  return {
    move: (orderId, before, after) => {
      for (const { queue, since, until } of before) {
        const still = after.find((row) => row.queue === queue && row.since === since);
        if (still === undefined) remove.run(queue, since, orderId);
        else if (still.until !== until) change.run(still.until, queue, since, orderId);
      }
      for (const { queue, since, until } of after) {
        if (!before.some((row) => row.queue === queue && row.since === since)) add.run(queue, since, orderId, until);
      }
    },
    counts: (now) => {
      const rows = new Map(counts.all(now).map((row) => [row['queue'], row]));
      const counted = (queue: Queue): QueueCount => {
        const { waiting, oldest } = rows.get(queue) ?? {};
        return { count: Number(waiting ?? 0), ...(typeof oldest === 'string' ? { oldestSince: oldest } : {}) };
      };
      return {
        reviews: counted('reviews'),
        undelivered: counted('undelivered'),
        awaiting: counted('awaiting'),
        held: counted('held'),
        suspended: counted('suspended'),
        unreadable: counted('unreadable'),
      };
    },
  };
}
