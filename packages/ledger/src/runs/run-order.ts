// What a bulk run does with one order. It delivers or rechecks, as a person would; it grants nothing by itself.
import type { Delivery } from '../delivery/delivery.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore, StoredEvent } from '../event-store/event-store.ts';
import type { ManualAction } from '../observation.ts';
import { type DeliveryFailed, isDecision } from '../order/events.ts';
import { undeliveredIn } from '../order/view.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { OrderStreams } from '../streams/order-streams.ts';
import type { Handled, RunStarted } from '../streams/run-streams.ts';

/** Reads an order from the provider again, in a payment adapter. */
export type RecheckOrder = (orderId: string, by: ManualAction) => Promise<unknown>;

export interface RunOrderParts {
  readonly store: EventStore;
  readonly orders: OrderStreams;
  /** Undefined: this process delivers nothing. */
  readonly delivery: Delivery | undefined;
  /** How this process rechecks. Empty: it cannot. */
  readonly rechecks: ReadonlySet<RecheckOrder>;
}

const done: Handled = { outcome: 'done' };
const skipped: Handled = { outcome: 'skipped' };

/** @throws LedgerError `closed`: this process is shutting down, so nothing came of the order. */
export async function runOrder(orderId: string, run: RunStarted, parts: RunOrderParts): Promise<Handled> {
  try {
    const order = await parts.orders.read(orderId);
    if (!order.placed) return { outcome: 'failed', error: 'order_unknown' };
    const waits = run.kind === 'redeliver' || run.selection.undelivered !== undefined;
    if (waits && (undeliveredIn(order) === undefined || (await isDecidedAfter(orderId, run.upTo, parts.store)))) return skipped;
    if (run.kind === 'redeliver') return await redeliver(orderId, order.revision, run.by, parts);
    for (const recheck of parts.rechecks) await recheck(orderId, run.by);
    return done;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'closed') throw error;
    return { outcome: 'failed', error: error instanceof LedgerError ? error.code : 'error' };
  }
}

/** True if its newest decision is none that the person saw waiting: it is delivered as every decision is. */
async function isDecidedAfter(orderId: string, upTo: string, store: EventStore): Promise<boolean> {
  const events = await store.readStream(orderAggregate.stream(orderId));
  const decision = events.findLast((stored) => isDecision(orderAggregate.read(stored)));
  return decision !== undefined && decision.position > upTo;
}

async function redeliver(orderId: string, seenRevision: number, by: ManualAction, { delivery, store }: RunOrderParts): Promise<Handled> {
  const outcome = await delivery?.redeliver(orderId, by, seenRevision);
  if (outcome === 'delivered') return done;
  if (outcome !== 'failed') return skipped; // It was saved, or decided anew, since it was read.
  const events = await store.readStream(orderAggregate.stream(orderId), { afterRevision: seenRevision });
  return { outcome: 'failed', error: errorIn(events.findLast(({ type }) => type === 'DeliveryFailed')) };
}

/** As the lists of a console group failures: name and code, else the reason. */
function errorIn(stored: StoredEvent | undefined): string {
  const { error, reason = 'error' } = (stored?.data ?? {}) as Partial<DeliveryFailed>;
  if (error === undefined) return reason;
  return error.code === undefined ? error.name : `${error.name}/${error.code}`;
}
