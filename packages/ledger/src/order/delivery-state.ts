// Where the hand-over of an order's newest decision stands, and how each event of it changes that. Pure.
import type { OrderEvent } from './events.ts';

export interface DeliveryState {
  /** Every decision up to this one is settled at the shop. */
  readonly settled: number;
  /** The instance that owns the newest decision; empty: anyone may take it. */
  readonly owner: string;
  /** An attempt may be under way: its owner has not told what came of one. */
  readonly underWay: boolean;
  /** Failures of the newest decision so far, and owners that fell silent in an attempt at it. */
  readonly failures: number;
  /** Nobody takes over before so long, and the silence below, have passed since the last event about it. */
  readonly waitMs: number;
  readonly spentMs: number;
  readonly abandoned: boolean;
  /** Of the last event about the newest decision: that decision, a failure, a taking over. */
  readonly revision: number;
}

type DeliveryEvent = Extract<OrderEvent, { type: 'DeliveryFailed' | 'DeliveryTakenOver' | 'DeliveryAbandoned' }>;

const firstWaitMs = 1_000;
const longestWaitMs = 3_600_000;
/** An owner is silent for so long at least before another instance takes over. */
export const leastSilenceMs = 30_000;

/** Twice as long after each failure. */
export function backOffMs(failures: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** failures);
}

export function deliveryAfter(delivery: DeliveryState, event: DeliveryEvent, instance: string): DeliveryState {
  switch (event.type) {
    case 'DeliveryFailed':
      return { ...delivery, underWay: false, failures: delivery.failures + 1, waitMs: event.data.waitMs, spentMs: event.data.spentMs };
    case 'DeliveryTakenOver':
      // Where a person asked, the clock of failures starts again.
      return event.data.by
        ? { ...delivery, owner: instance, underWay: true, failures: 0, waitMs: 0, spentMs: 0, abandoned: false }
        : takenOver(delivery, instance);
    case 'DeliveryAbandoned':
      return { ...delivery, abandoned: true };
  }
}

/**
 * An owner that fell silent in an attempt has failed: where `deliver` ends its process, nobody is left to write that it
 * did. (One that fell silent after it told of a failure may only have been restarted while it waited.) The new owner tries
 * at once; whoever takes over from it waits longer than it did.
 */
function takenOver(delivery: DeliveryState, instance: string): DeliveryState {
  const taken = { ...delivery, owner: instance, underWay: true };
  if (delivery.owner === '' || delivery.owner === instance || !delivery.underWay) return { ...taken, waitMs: 0 };
  const waitMs = backOffMs(delivery.failures);
  const spentMs = delivery.spentMs + leastSilenceMs + waitMs;
  return { ...taken, failures: delivery.failures + 1, waitMs, spentMs };
}
