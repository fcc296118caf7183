// The streams `order-{id}`: how they are named, read and folded. Audits and read models need no more of an order than this.
import { readOrderEvent, versionOf } from '../order/event-schemas.ts';
import type { OrderEvent } from '../order/events.ts';
import { evolve, initialState, type OrderState } from '../order/order.ts';
import type { Aggregate } from './aggregate.ts';

export const orderAggregate: Aggregate<OrderState, OrderEvent> = {
  stream: (id) => `order-${id}`,
  initial: initialState,
  read: readOrderEvent,
  evolve,
  versionOf,
};
