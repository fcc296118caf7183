// An order as it is placed: what the caller gives, with its defaults.
import type { OrderPlaced } from './order/events.ts';
import type { PlaceOrder } from './payment-ledger.ts';

export function orderPlaced({ allow, amountMinor, currency, ...order }: PlaceOrder, placedAt: string): OrderPlaced {
  return { ...order, expected: { amountMinor, currency, allow: { discount: true, tax: true, shipping: true, ...allow } }, placedAt };
}
