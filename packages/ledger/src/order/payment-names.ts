// Which payments of an order an id can mean: a payment's own, or another name of it, as that of the session that took it.
import { LedgerError } from '../errors.ts';
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

/** The one payment that was found under a name; where none was, the name itself. @throws LedgerError `invalid_input`: several were. */
export function onlyPayment(named: PaymentReference, found: readonly PaymentReference[]): PaymentReference {
  const [payment = named, ...others] = new Map(found.map((each) => [each.id, each])).values();
  if (others.length === 0) return payment;
  const all = [payment, ...others].map(({ id }) => id).join(', ');
  throw new LedgerError('invalid_input', `${named.id} is a name of several payments: ${all}. Name the one to move`);
}
