// Orders, as delivery knows them.
import { invariant } from '../errors.ts';
import { decide } from '../order/decide.ts';
import { type DecisionType, isDecision, type OrderEvent } from '../order/events.ts';
import { isStale } from '../order/news.ts';
import type { OrderState } from '../order/order.ts';
import type { Policy } from '../order/policy.ts';
import type { MembershipChange } from '../payment-ledger.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { OrderStreams } from '../streams/order-streams.ts';
import type { DeliveredStreams } from './delivered-streams.ts';

export type DeliveredOrders = DeliveredStreams<OrderState, OrderEvent, MembershipChange>;

export function deliveredOrders(orders: Pick<OrderStreams, 'read' | 'append'>, policy: Policy): DeliveredOrders {
  return {
    noun: 'order',
    aggregate: orderAggregate,
    streams: orders,
    decides: (event) => (isDecision(event) ? event.data.sequence : undefined),
    changeOf,
    decideAbove: (order, stored) => decide(order, { type: 'shop_ahead', sequence: stored }, policy),
    isPlaced: ({ placed }) => placed !== undefined,
    isStale,
  };
}

const changes: Readonly<Record<DecisionType, Pick<MembershipChange, 'change' | 'status'>>> = {
  MembershipGranted: { change: 'granted', status: 'active' },
  MembershipSuspended: { change: 'suspended', status: 'suspended' },
  MembershipRestored: { change: 'restored', status: 'active' },
  MembershipRevoked: { change: 'revoked', status: 'revoked' },
};

function changeOf({ orderId, decided }: OrderState): MembershipChange {
  invariant(decided !== undefined, `order ${orderId} has nothing to deliver`);
  const { type, membershipId, memberId, plan, sequence, paidAt } = decided;
  return { membershipId, memberId, plan, ...changes[type], sequence, paidAt, idempotencyKey: `${membershipId}:${sequence}` };
}
