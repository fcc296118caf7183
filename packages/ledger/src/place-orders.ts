// How a shop places an order, attaches its checkout, or imports it: checked at the door.
import { attachOptionsSchema, importOrderSchema, orderPlaced, parse, placeOrderSchema } from './input.ts';
import { givenActionSchema, idSchema, observationSchema, paymentReferenceSchema } from './observation.ts';
import type { PaymentWriter } from './observe-payment.ts';
import { placedOtherwise } from './order/terms.ts';
import type { PaymentLedger } from './payment-ledger.ts';
import type { Runtime } from './runtime.ts';
import type { LedgerIdentity } from './streams/ledger-stream.ts';
import type { OrderStreams } from './streams/order-streams.ts';

/** As the methods of a `PaymentLedger`, which documents them. */
export type OrderPlacing = Pick<PaymentLedger, 'placeOrder' | 'attachCheckout' | 'importOrder'>;

interface PlacingParts {
  readonly orders: OrderStreams;
  readonly writer: PaymentWriter;
  readonly identity: LedgerIdentity;
  readonly runtime: Pick<Runtime, 'now'>;
}

export function openPlacing({ orders, writer, identity, runtime }: PlacingParts): OrderPlacing {
  const now = (): string => runtime.now().toISOString();
  return {
    placeOrder: async (order) => {
      const placed = orderPlaced(parse(placeOrderSchema, order, 'order'), now());
      await identity.ensure();
      const { state, events } = await orders.command(placed.orderId, 'place', { type: 'place', order: placed });
      if (events.length > 0) return { outcome: 'placed' };
      return placedOtherwise(state.placed, placed) ?? { outcome: 'exists' };
    },
    attachCheckout: async (orderId, payment, options) => {
      parse(idSchema, orderId, 'orderId');
      const checkout = {
        payment: parse(paymentReferenceSchema, payment, 'payment'),
        attachedAt: now(),
        ...parse(attachOptionsSchema, options ?? {}, 'options'),
      };
      await orders.requirePlaced(orderId);
      return writer.attach(orderId, checkout);
    },
    importOrder: async (order, payment, by) => {
      const { placedAt, ...placed } = parse(importOrderSchema, order, 'order');
      const observation = parse(observationSchema, { ...payment, source: 'manual', by: parse(givenActionSchema, by, 'by') }, 'payment');
      await identity.ensure();
      return writer.importOrder(orderPlaced(placed, placedAt), observation);
    },
  };
}
