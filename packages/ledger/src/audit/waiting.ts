// What of a log waits for a person: open reviews, and decisions that the shop does not have. Folded from the log itself, so that it
// needs no read models.

import { LedgerError } from '../errors.ts';
import type { Position, StoredEvent } from '../event-store/event-store.ts';
import { type OrderView, openReviews, type Review, type UndeliveredDecision, undeliveredIn, viewOf } from '../order/view.ts';
import type { Aggregate, Typed } from '../streams/aggregate.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { Revised } from '../streams/state-cache.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import {
  openReviews as openSubscriptionReviews,
  type SubscriptionReview,
  type UndeliveredSubscription,
  undeliveredSubscriptionIn,
} from '../subscription/view.ts';
import type { LogReader } from './log/log-reader.ts';
import { type LogRow, storedEvent } from './log/log-row.ts';
import { withSqliteLog } from './log/sqlite-copy.ts';

/** What waits. */
export interface Waiting {
  /** The oldest first. */
  readonly reviews: readonly Review[];
  /** By order id. */
  readonly undelivered: readonly UndeliveredDecision[];
  /** The same of subscriptions. */
  readonly subscriptionReviews: readonly SubscriptionReview[];
  readonly undeliveredSubscriptions: readonly UndeliveredSubscription[];
  /** Orders and subscriptions that cannot be read, which may wait too. `verifyLog` says what is wrong with them. */
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
    const subscriptionReviews: SubscriptionReview[] = [];
    const undeliveredSubscriptions: UndeliveredSubscription[] = [];
    const unreadable: string[] = [];
    let events = 0;
    const take = (name: string, rows: readonly LogRow[]): void => {
      const order = stateOf(orderAggregate, name, rows, unreadable);
      const subscription = stateOf(subscriptionAggregate, name, rows, unreadable);
      if (order) {
        reviews.push(...openReviews(order));
        undelivered.push(...listed(undeliveredIn(order)));
      } else if (subscription) {
        subscriptionReviews.push(...openSubscriptionReviews(subscription));
        undeliveredSubscriptions.push(...listed(undeliveredSubscriptionIn(subscription)));
      }
    };
    for (const range of file.streamRanges(1_000)) {
      for (const { name, rows } of file.streams(range, upTo)) {
        events += rows.length;
        if (rows.length > 0 && name !== null) take(name, rows);
      }
      onEvents?.(copied + events);
    }
    reviews.sort((a, b) => compare(a.openedAt, b.openedAt));
    undelivered.sort((a, b) => compare(a.orderId, b.orderId));
    subscriptionReviews.sort((a, b) => compare(a.openedAt, b.openedAt));
    undeliveredSubscriptions.sort((a, b) => compare(a.subscriptionId, b.subscriptionId));
    return { reviews, undelivered, subscriptionReviews, undeliveredSubscriptions, unreadable, events };
  });
}

/**
 * Returns one order as its stream leaves it. Undefined: it is not placed, or was not at `asOf`.
 * @throws LedgerError `corrupt`, `file_newer`: its stream cannot be read. Also what the store throws.
 */
export async function readOrder(log: LogReader, orderId: string, { asOf }: WaitingOptions = {}): Promise<OrderView | undefined> {
  const rows = (await log.stream(orderAggregate.stream(orderId))).filter(({ position }) => asOf === undefined || position <= asOf);
  return rows.length === 0 ? undefined : viewOf(folded(orderAggregate, orderId, rows));
}

/** Undefined: the stream is of another kind, or cannot be read. @param unreadable gets the id then. */
function stateOf<State extends Revised, Event extends Typed>(
  aggregate: Aggregate<State, Event>,
  name: string,
  rows: readonly LogRow[],
  unreadable: string[],
): State | undefined {
  if (!name.startsWith(aggregate.stream(''))) return undefined;
  const id = name.slice(aggregate.stream('').length);
  try {
    return folded(aggregate, id, rows);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    unreadable.push(id);
    return undefined;
  }
}

function folded<State extends Revised, Event extends Typed>(
  aggregate: Aggregate<State, Event>,
  id: string,
  rows: readonly LogRow[],
): State {
  return rows
    .map((row): StoredEvent => storedEvent(row))
    .reduce((state, event) => aggregate.evolve(state, aggregate.read(event), event.metadata['instance'] ?? ''), aggregate.initial(id));
}

function listed<T>(found: T | undefined): readonly T[] {
  return found === undefined ? [] : [found];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
