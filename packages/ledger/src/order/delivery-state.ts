// The state of delivering an order's newest decision, and how each delivery event changes it. Pure.
import type { OrderEvent } from './events.ts';

export interface DeliveryState {
  /** Every decision up to this sequence is settled at the shop; 0: none is. */
  readonly settled: number;
  /** The instance that owns the newest decision; empty: any instance may take it over at once. */
  readonly owner: string;
  /** True while an attempt may be running: the owner has recorded no outcome yet. */
  readonly underWay: boolean;
  /** Failed attempts at the newest decision so far, counting each owner that fell silent in an attempt. */
  readonly failures: number;
  /** Milliseconds since the last event that the next attempt waits. Others take over `leastSilenceMs` after that, or later. */
  readonly waitMs: number;
  /** Milliseconds that attempts, waits and silences of the newest decision have taken so far, `waitMs` included. */
  readonly spentMs: number;
  /** True: no instance tries the newest decision again, until a person calls `redeliver`. */
  readonly abandoned: boolean;
  /**
   * True: the newest decision follows a `ShopAhead`. It raises no further one, until a person calls `redeliver`: a shop whose
   * answer is always ahead would make the stream grow without end.
   */
  readonly raised: boolean;
  /** Revision of the last event about the newest decision: the decision itself, or a delivery event of it. −1: none. */
  readonly revision: number;
}

/** The delivery of an order for which nothing was decided. */
export const noDelivery: DeliveryState = {
  settled: 0,
  owner: '',
  underWay: false,
  failures: 0,
  waitMs: 0,
  spentMs: 0,
  abandoned: false,
  raised: false,
  revision: -1,
};

/**
 * The delivery of a decision that was just appended: its instance attempts it at once.
 * @param raised whether the decision follows a `ShopAhead`. @param revision the decision's.
 */
export function deliveryOfDecision({ settled }: DeliveryState, raised: boolean, instance: string, revision: number): DeliveryState {
  return { ...noDelivery, settled, owner: instance, underWay: true, raised, revision };
}

/** An order or a subscription, as delivery sees it. */
export interface Deliverable {
  /** −1: no events yet. */
  readonly revision: number;
  /** The sequence of the newest decision; 0: none yet. */
  readonly sequence: number;
  readonly delivery: DeliveryState;
}

/** True if the newest decision is neither delivered nor abandoned. */
export function isPending({ sequence, delivery }: Pick<Deliverable, 'sequence' | 'delivery'>): boolean {
  return sequence > delivery.settled && !delivery.abandoned;
}

/** The events that delivery appends: the same in the stream of an order and of a subscription. */
export type DeliveryEvent = Extract<
  OrderEvent,
  { type: 'MembershipDelivered' | 'DeliveryFailed' | 'DeliveryTakenOver' | 'DeliveryAbandoned' }
>;
type AttemptEvent = Exclude<DeliveryEvent, { type: 'MembershipDelivered' }>;

const isDelivery: Readonly<Record<DeliveryEvent['type'], true>> = {
  MembershipDelivered: true,
  DeliveryFailed: true,
  DeliveryTakenOver: true,
  DeliveryAbandoned: true,
};

export function isDeliveryEvent(event: { readonly type: string; readonly data: object }): event is DeliveryEvent {
  return Object.hasOwn(isDelivery, event.type);
}

const firstWaitMs = 1_000;
const longestWaitMs = 3_600_000;
/** After so much time for one decision it is abandoned. */
export const deliveryHorizonMs: number = 72 * 3_600_000;
/** Milliseconds that an owner must have been silent, at least, before another instance takes over. */
export const leastSilenceMs = 30_000;

/** Milliseconds to wait after a failure: 1 s after the first, doubled each time, at most 1 h. `failures`: how many came before. */
export function backOffMs(failures: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** failures);
}

/** @param instance the instance that appended the event. */
export function deliveryAfter(delivery: DeliveryState, event: AttemptEvent, instance: string): DeliveryState {
  switch (event.type) {
    case 'DeliveryFailed':
      return { ...delivery, underWay: false, failures: delivery.failures + 1, waitMs: event.data.waitMs, spentMs: event.data.spentMs };
    case 'DeliveryTakenOver':
      // A person's request starts the count of failures and the time spent anew, also of a decision that was settled: the shop
      // has lost it.
      return event.data.by
        ? {
            ...delivery,
            settled: Math.min(delivery.settled, event.data.sequence - 1),
            owner: instance,
            underWay: true,
            failures: 0,
            waitMs: 0,
            spentMs: 0,
            abandoned: false,
            raised: false,
          }
        : takenOver(delivery, instance);
    case 'DeliveryAbandoned':
      return { ...delivery, abandoned: true };
  }
}

/**
 * Counts an owner that fell silent in an attempt as a failure: where `deliver` ends its process, nobody is left to record
 * one. An owner that fell silent after it recorded a failure is not counted: it may have been restarted while it waited.
 * The new owner tries at once; `waitMs` is for the next instance, which waits longer before it takes over.
 */
function takenOver(delivery: DeliveryState, instance: string): DeliveryState {
  const takenOver = { ...delivery, owner: instance, underWay: true };
  // Renewed in its own attempt, since the reply to the append was lost: the wait was for the next instance, and nobody waited.
  if (delivery.owner === instance && delivery.underWay) return { ...takenOver, waitMs: 0, spentMs: delivery.spentMs - delivery.waitMs };
  if (delivery.owner === '' || !delivery.underWay) return { ...takenOver, waitMs: 0 };
  const waitMs = backOffMs(delivery.failures);
  const spentMs = delivery.spentMs + leastSilenceMs + waitMs;
  return { ...takenOver, failures: delivery.failures + 1, waitMs, spentMs };
}
