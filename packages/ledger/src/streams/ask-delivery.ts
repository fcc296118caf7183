// Asks for the delivery of an order's newest decision, in a process that delivers nothing: its instance is empty, so any
// process that delivers takes it at once.
import type { ManualAction } from '../observation.ts';
import { decide } from '../order/decide.ts';
import type { OrderStreams } from './order-streams.ts';

/** What the order must still be like, and what the shop has. */
export interface DeliveryWanted {
  /** The newest decision as it was compared: where a newer one was made since, that is delivered anyway. */
  readonly sequence: number;
  /** What the shop has stored, if that is not lower: the membership is decided again above it. */
  readonly stored?: number;
}

/**
 * @returns `asked`: it is delivered by the next process that delivers. `changed`: the order has a newer decision.
 * @throws LedgerError as `OrderStreams`.
 */
export async function askDelivery(
  orders: OrderStreams,
  orderId: string,
  { sequence, stored }: DeliveryWanted,
  by: ManualAction,
): Promise<'asked' | 'changed'> {
  const { answer } = await orders.append(orderId, 'compare', (order, policy) => {
    if (order.sequence !== sequence) return { events: [], answer: 'changed' as const };
    const events =
      stored === undefined
        ? [{ type: 'DeliveryTakenOver' as const, data: { sequence, by } }]
        : decide(order, { type: 'shop_ahead', sequence: stored }, policy);
    return { events, answer: 'asked' as const };
  });
  return answer;
}
