// What of a log waits for a person: open reviews, and decisions that the shop does not have. Folded from the log itself, so that it
// needs no read models.

import { LedgerError } from '../errors.ts';
import type { Position, StoredEvent } from '../event-store/event-store.ts';
import type { OrderState } from '../order/order.ts';
import { type OrderView, openReviews, type Review, type UndeliveredDecision, undeliveredIn, viewOf } from '../order/view.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { LogReader } from './log/log-reader.ts';
import { type LogRow, storedEvent } from './log/log-row.ts';
import { withSqliteLog } from './log/sqlite-copy.ts';

/** What waits. */
export interface Waiting {
  /** The oldest first. */
  readonly reviews: readonly Review[];
  /** By order id. */
  readonly undelivered: readonly UndeliveredDecision[];
  /** Orders that cannot be read, which may wait too. `verifyLog` says what is wrong with them. */
  readonly unreadable: readonly string[];
  /** How many events were read. */
  readonly events: number;
}

/** Which state of the log to look at. */
export interface WaitingOptions {
  /** Default: up to the end of the log. */
  readonly asOf?: Position;
  /** Called with the number of events read so far. */
  readonly onEvents?: (events: number) => void;
}

/** Returns what waits for a person. @throws LedgerError what the store throws. */
export function waitingIn(log: LogReader, { asOf, onEvents }: WaitingOptions = {}): Promise<Waiting> {
  return withSqliteLog(log, { asOf, onEvents }, async ({ log: file, upTo, copied }) => {
    const reviews: Review[] = [];
    const undelivered: UndeliveredDecision[] = [];
    const unreadable: string[] = [];
    let events = 0;
    for (const range of file.streamRanges(1_000)) {
      for (const { name, rows } of file.streams(range, upTo)) {
        events += rows.length;
        if (rows.length === 0 || !name?.startsWith(orderAggregate.stream(''))) continue;
        const orderId = name.slice(orderAggregate.stream('').length);
        const state = foldedOrUndefined(orderId, rows);
        if (state === undefined) unreadable.push(orderId);
        else {
          reviews.push(...openReviews(state));
          const decision = undeliveredIn(state);
          if (decision) undelivered.push(decision);
        }
      }
      onEvents?.(copied + events);
    }
    reviews.sort((a, b) => compare(a.openedAt, b.openedAt));
    undelivered.sort((a, b) => compare(a.orderId, b.orderId));
    return { reviews, undelivered, unreadable, events };
  });
}

/**
 * Returns one order as its stream leaves it. Undefined: it is not placed, or was not at `asOf`.
 * @throws LedgerError `corrupt`, `file_newer`: its stream cannot be read. Also what the store throws.
 */
export async function readOrder(log: LogReader, orderId: string, { asOf }: WaitingOptions = {}): Promise<OrderView | undefined> {
  const rows = (await log.stream(orderAggregate.stream(orderId))).filter(({ position }) => asOf === undefined || position <= asOf);
  return rows.length === 0 ? undefined : viewOf(folded(orderId, rows));
}

function foldedOrUndefined(orderId: string, rows: readonly LogRow[]): OrderState | undefined {
  try {
    return folded(orderId, rows);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function folded(orderId: string, rows: readonly LogRow[]): OrderState {
  return rows
    .map((row): StoredEvent => storedEvent(row))
    .reduce(
      (state, event) => orderAggregate.evolve(state, orderAggregate.read(event), event.metadata['instance'] ?? ''),
      orderAggregate.initial(orderId),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
