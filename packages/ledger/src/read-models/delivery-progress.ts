// How far the delivery of a newest decision is, of an order or of a subscription: the times are those at which the events were
// recorded.
import { type DeliveryEvent, type DeliveryState, deliveryHorizonMs } from '../order/delivery-state.ts';

/** All times are ISO 8601 UTC; null: it has not happened, or the log does not say when. */
export interface DeliveryProgress {
  /** Since when the newest decision is tried: since it was made, or since a person asked for it again. Null: it is saved, or abandoned. */
  readonly pendingSince: string | null;
  /** Why the last attempt at the newest decision failed, as `errorOf`. Null: none failed. */
  readonly lastError: string | null;
  /** Null: no process tries the newest decision any more. */
  readonly nextTryAt: string | null;
  readonly givesUpAt: string | null;
}

/** Nothing is to be delivered. */
export const noDelivery: DeliveryProgress = { pendingSince: null, lastError: null, nextTryAt: null, givesUpAt: null };

/** A decision was just made, or a person asked for it again. */
export function triedFrom(at: string | null): DeliveryProgress {
  return { pendingSince: at, lastError: null, nextTryAt: at, givesUpAt: later(at, deliveryHorizonMs) };
}

/** What an event of a delivery changes. @param after the state with the event in it. */
export function deliveryChanges(
  event: DeliveryEvent,
  { sequence, delivery }: { readonly sequence: number; readonly delivery: DeliveryState },
  at: string | null,
): Partial<DeliveryProgress> {
  if (event.type === 'MembershipDelivered') return delivery.settled < sequence ? {} : noDelivery;
  if (event.data.sequence < sequence) return {}; // It concerns a decision that a newer one has replaced.
  const givesUpAt = later(at, deliveryHorizonMs - (delivery.spentMs - delivery.waitMs));
  switch (event.type) {
    case 'DeliveryFailed':
      return { lastError: errorOf(event.data), nextTryAt: later(at, delivery.waitMs), givesUpAt };
    case 'DeliveryAbandoned':
      return { pendingSince: null, nextTryAt: null, givesUpAt: at };
    case 'DeliveryTakenOver':
      return event.data.by ? triedFrom(at) : { nextTryAt: at, givesUpAt };
  }
}

/** Milliseconds are not whole in all logs. */
function later(at: string | null, ms: number): string | null {
  return at === null ? null : new Date(Date.parse(at) + Math.round(ms)).toISOString();
}

/** Why an attempt failed: the name of the error, and its code behind a slash; `timeout`; `error`, where the log does not say more. */
function errorOf({ reason, ...data }: { readonly reason: 'error' | 'timeout'; readonly error?: unknown }): string {
  if (reason === 'timeout') return 'timeout';
  const { name, code } = (data.error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  if (typeof name !== 'string' || name === '') return 'error';
  return typeof code === 'string' && code !== '' ? `${name}/${code}` : name;
}
