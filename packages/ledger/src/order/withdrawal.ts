// Withdrawing an order: refused where money gave access or is on its way. A payment that comes afterwards is a question.
import { LedgerError } from '../errors.ts';
import type { OrderState } from './order.ts';

/** Attempts that take the customer's money without anything that he does: a withdrawal would come between. */
const collecting: readonly string[] = ['processing', 'authorized'];

/**
 * Refuses to withdraw an order that was ever granted, or that a payment is under way on. An unpaid voucher is not under way:
 * the customer may never pay it.
 * @throws LedgerError `order_unknown`, `already_paid`, `payment_under_way`.
 */
export function refuseWithdrawal({ orderId, placed, withdrawn, sequence, payments }: OrderState): void {
  if (placed === undefined) throw new LedgerError('order_unknown', `Order ${orderId} is not placed. Call placeOrder first`);
  if (sequence > 0)
    throw new LedgerError('already_paid', `Order ${orderId} was paid and granted. Refund its payment, and access ends as the policy says`);
  if (withdrawn) return; // Said again.
  const underWay = Object.values(payments).find(({ attempt }) => attempt && collecting.includes(attempt.status));
  if (underWay === undefined) return;
  const { reference, attempt } = underWay;
  throw new LedgerError(
    'payment_under_way',
    `Payment ${reference.id} of order ${orderId} is under way (${attempt?.status}). Wait until it is paid or fails, or cancel it at the provider`,
  );
}
