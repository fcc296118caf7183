// What a source is answered: which events its observation has added to the order.
import { isDecision, type OrderEvent, outcomeOf } from '../order/events.ts';
import type { OrderState } from '../order/order.ts';
import type { ObserveResult } from '../payment-ledger.ts';
import type { StaleAction } from '../seen.ts';

/** True if the result is a decision about this order. */
export function isDecided(result: ObserveResult, orderId: string): boolean {
  return (
    'membership' in result &&
    'orderId' in result &&
    result.orderId === orderId &&
    result.outcome !== 'recorded' &&
    result.outcome !== 'review'
  );
}

/** What followed from an observation: a decision, else a review, else that it was recorded or known. */
export function resultOf({ orderId, membership }: OrderState, events: readonly OrderEvent[]): ObserveResult {
  const decision = events.find(isDecision);
  if (decision) return { outcome: outcomeOf[decision.type], orderId, membership };
  if (events.some(({ type }) => type === 'ReviewOpened')) return { outcome: 'review', orderId, membership };
  return events.length > 0 ? { outcome: 'recorded', orderId, membership } : { outcome: 'duplicate', orderId };
}

/** What a person is answered whose order has news that he did not see. */
export function stale({ orderId, revision }: OrderState): StaleAction {
  return { outcome: 'stale', orderId, revision };
}
