// Which payments of an order an id can mean: a payment's own, or another name of it, as that of the session that took it.
import { isKeyOf, type PaymentReference } from '../observation.ts';
import type { MovedPayment, OrderState } from './order.ts';

/** The move that took away the payment with this id or alias. */
export function moveNamed(order: OrderState, name: string): MovedPayment | undefined {
  return Object.values(order.moved).find(({ payment, aliases }) => payment.id === name || aliases.includes(name));
}
/** The payments of the order with this id or alias, each id once. */
export function paymentsNamed({ payments }: OrderState, name: string): readonly PaymentReference[] {
  const named = Object.values(payments).filter(({ reference, aliases }) => reference.id === name || aliases.includes(name));
  return [...new Map(named.map(({ reference }) => [reference.id, reference])).values()];
}
/** True if something was reported of the payment under this very id. */
export function isReported({ payments }: OrderState, { id }: PaymentReference): boolean {
  return Object.keys(payments).some((key) => isKeyOf(key, id));
}
