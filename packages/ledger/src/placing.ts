// An order as it is placed: what the caller gives, with its defaults; and whether another one is the same.
import { isDeepStrictEqual } from 'node:util';
import type { OrderPlaced } from './order/events.ts';
import type { PlaceOrder } from './payment-ledger.ts';

export function orderPlaced({ allow, amountMinor, currency, ...order }: PlaceOrder, placedAt: string): OrderPlaced {
  return { ...order, expected: { amountMinor, currency, allow: { discount: true, tax: true, shipping: true, ...allow } }, placedAt };
}

/** Placed again by a retry; `placedAt` is of the first. */
export function isSameOrder(a: OrderPlaced | undefined, b: OrderPlaced): boolean {
  return a !== undefined && isDeepStrictEqual({ ...a, placedAt: '' }, { ...b, placedAt: '' });
}
