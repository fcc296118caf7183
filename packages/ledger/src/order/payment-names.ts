// Which payments of an order a reference name can mean: a payment's own, or another one of it, as that of the session that took it.
import { isKeyOf, type PaymentReference, referenceName, referenceNamesOf } from '../observation.ts';
import type { MovedPayment, OrderState } from './order.ts';

/** The move that took away the payment with this reference name. */
export function moveNamed(order: OrderState, name: string): MovedPayment | undefined {
  return Object.values(order.moved).find((move) => referenceNamesOf(move).includes(name));
}
/** The payments of the order with this reference name, each once: in another account or mode it is the same one. */
export function paymentsNamed({ payments }: OrderState, name: string): readonly PaymentReference[] {
  const named = Object.values(payments).filter(({ reference, aliases }) =>
    referenceNamesOf({ payment: reference, aliases }).includes(name),
  );
  return [...new Map(named.map(({ reference }) => [referenceName(reference), reference])).values()];
}
/** True if something was reported of the payment itself, not only of another name of it. */
export function isReported({ payments }: OrderState, payment: PaymentReference): boolean {
  const name = referenceName(payment);
  return Object.keys(payments).some((key) => isKeyOf(key, name));
}
