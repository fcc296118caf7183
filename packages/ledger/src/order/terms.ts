// The terms of an order: what must be the same where it is placed again.
import type { OrderPlaced } from './events.ts';

/** True if both have the same terms, as where a retry places an order again. `placedAt` is not compared. */
export function isSameOrder(a: OrderPlaced | undefined, b: OrderPlaced): boolean {
  return a !== undefined && termsOf(a) === termsOf(b);
}

function termsOf({ orderId, memberId, plan, expected, livemode, account }: OrderPlaced): string {
  const { amountMinor, currency, allow } = expected;
  return JSON.stringify([orderId, memberId, plan, amountMinor, currency, allow.discount, allow.tax, allow.shipping, livemode, account]);
}
