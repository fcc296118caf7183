// A person has the order read from the provider again. It is recorded once for an order and a person in ten seconds, so that a
// button that is pressed again and again does not fill the stream.
import { LedgerError } from '../errors.ts';
import type { OrderEvent, StripeRechecked } from './events.ts';

/** Who had an order read again, and when. Our clock, ISO 8601 UTC. */
export interface Recheck {
  readonly actor: string;
  readonly at: string;
}

const onceInMs = 10_000;

/** The rechecks that still keep the same person from being recorded again. */
export function withRecheck(rechecks: readonly Recheck[] | undefined, { by, recheckedAt }: StripeRechecked): readonly Recheck[] {
  return [...(rechecks ?? []).filter(({ at }) => isNear(at, recheckedAt)), { actor: by.actor, at: recheckedAt }];
}

/** Adds nothing within ten seconds of the same person's last one. @throws LedgerError `order_unknown`: the order is not placed. */
export function decideRechecked(
  { orderId, placed, rechecks = [] }: { readonly orderId: string; readonly placed?: object; readonly rechecks?: readonly Recheck[] },
  { by, recheckedAt, looked, recorded }: StripeRechecked,
): readonly OrderEvent[] {
  if (placed === undefined) throw new LedgerError('order_unknown', `Order ${orderId} is not placed. Call placeOrder first`);
  if (rechecks.some(({ actor, at }) => actor === by.actor && isNear(at, recheckedAt))) return [];
  return [{ type: 'StripeRechecked', data: { by, recheckedAt, looked, recorded } }];
}

/** The clocks of two processes may differ, so the second may seem to be the first. */
function isNear(at: string, other: string): boolean {
  return Math.abs(Date.parse(at) - Date.parse(other)) < onceInMs;
}
