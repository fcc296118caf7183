// What each side of `npm run bench -- peers` does: it is told that payments are paid, keeps each on disk, and counts it once.

export interface Side {
  /** What a shop has before anybody pays, such as its orders. Not timed. */
  prepare(payments: readonly number[]): Promise<void>;
  /** Resolves when it is on disk that this payment is paid. Rejects: whoever told it tells it again, as Stripe does. */
  paid(payment: number): Promise<void>;
  /** Resolves when what follows the writes has caught up: it is timed with them. Absent: nothing follows them. */
  settle?(): Promise<void>;
  /** How often each payment has counted: grants, jobs or events of it, from what is stored. */
  counted(): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

/** Where a side keeps its data. Each has a place of its own. */
export interface Place {
  /** A folder that exists and is empty. */
  readonly folder: string;
  /** The URL of a PostgreSQL database that exists and is empty; for an embedded side it is empty text. */
  readonly url: string;
}

/** As many connections as there are callers, at most, for a side that uses a pool of PostgreSQL's. */
export const poolSize = 32;

/** What every side stores of a payment. */
export interface Paid {
  readonly payment: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly eventId: string;
  readonly at: string;
}

export function paidOf(payment: number): Paid {
  const at = '2026-01-01T00:00:00.000Z';
  return { payment: `pi_${payment}`, orderId: `o-${payment}`, amountMinor: 4_900, currency: 'usd', eventId: `evt_${payment}`, at };
}

/** @param ids `pi_7`, `o-7` or `order-o-7`, one for each time that a payment has counted. */
export function timesOf(ids: Iterable<string>): Map<number, number> {
  const times = new Map<number, number>();
  for (const id of ids) {
    const payment = Number(/\d+$/.exec(id)?.[0]);
    times.set(payment, (times.get(payment) ?? 0) + 1);
  }
  return times;
}
