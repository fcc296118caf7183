// Asks for the delivery of the newest decision of an order or subscription, in a process that delivers nothing: its instance is
// empty, so any process that delivers takes it at once.
import type { ManualAction } from '../observation.ts';
import { decide } from '../order/decide.ts';
import type { DeliveryTakenOver } from '../order/events.ts';
import { decide as decideSubscription } from '../subscription/decide.ts';
import type { SubscriptionPolicy } from '../subscription/policy.ts';
import type { Proposal } from './aggregate.ts';
import type { OrderStreams } from './order-streams.ts';
import type { SubscriptionStreams } from './subscription-streams.ts';

/** What the membership must still be like, and what the shop has. */
export interface DeliveryWanted {
  /** The newest decision as it was compared: where a newer one was made since, that is delivered anyway. */
  readonly sequence: number;
  /** What the shop has stored, if that is not lower: the membership is decided again above it. */
  readonly stored?: number;
}

type Asked = 'asked' | 'changed';
type Ask = { readonly type: 'DeliveryTakenOver'; readonly data: DeliveryTakenOver };

/**
 * @returns `asked`: it is delivered by the next process that delivers. `changed`: the order has a newer decision.
 * @throws LedgerError as `OrderStreams`.
 */
export async function askDelivery(orders: OrderStreams, orderId: string, wanted: DeliveryWanted, by: ManualAction): Promise<Asked> {
  const { answer } = await orders.append(orderId, 'compare', (order, policy) =>
    askedOf(order, wanted, by, (stored) => decide(order, { type: 'shop_ahead', sequence: stored }, policy)),
  );
  return answer;
}

/** As `askDelivery`. @throws LedgerError as `SubscriptionStreams`. */
export async function askSubscriptionDelivery(
  subscriptions: SubscriptionStreams,
  policy: SubscriptionPolicy,
  subscriptionId: string,
  wanted: DeliveryWanted,
  by: ManualAction,
): Promise<Asked> {
  const { answer } = await subscriptions.append(subscriptionId, 'compare', (state) =>
    askedOf(state, wanted, by, (stored) => decideSubscription(state, { type: 'shop_ahead', sequence: stored }, policy)),
  );
  return answer;
}

function askedOf<Event>(
  state: { readonly sequence: number },
  { sequence, stored }: DeliveryWanted,
  by: ManualAction,
  decideAbove: (stored: number) => readonly Event[],
): Proposal<Event | Ask, Asked> {
  if (state.sequence !== sequence) return { events: [], answer: 'changed' };
  if (stored !== undefined) return { events: decideAbove(stored), answer: 'asked' };
  return { events: [{ type: 'DeliveryTakenOver', data: { sequence, by } }], answer: 'asked' };
}
