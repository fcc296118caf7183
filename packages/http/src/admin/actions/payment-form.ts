// What a form says of a payment: the id of one that exists, or a payment that a person states by hand.
import type { ManualAction, Observation, OrderView, PaymentLedger } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import { manualPayment } from '@paidonce/stripe-adapter';
import type { ConsoleCall } from '../../console-call.ts';
import { isTimeZone } from '../../console-request.ts';
import { typedAmount } from '../amount.ts';
import { FormProblem, requiredText, textOf, typedTime } from './form.ts';

type Fields = Pick<ConsoleCall, 'fields' | 'timeZone'>;

/** @throws FormProblem: it is missing, or no id. */
export function paymentIdIn(call: Fields): string {
  const id = requiredText(call, 'payment');
  if (!isId(id)) throw new FormProblem('payment', 'payment_id');
  return id;
}

/** The payment that the form states. @throws FormProblem: a field is wrong. */
export function paymentIn(ledger: PaymentLedger, call: Fields, order: OrderView, by: ManualAction): Observation {
  const paymentId = requiredText(call, 'paymentId');
  if (!isId(paymentId) || !/^(?:pi_|cs_|manual:)./.test(paymentId)) throw new FormProblem('paymentId', 'payment_id');
  const currency = (textOf(call, 'currency') || order.expected.currency).toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw new FormProblem('currency', 'currency_unknown');
  const amountMinor = typedAmount(requiredText(call, 'amount'), currency);
  if (amountMinor === undefined) throw new FormProblem('amount', 'amount_unclear');
  const paidAt = receivedAt(ledger, call);
  const observation = manualPayment(order, { paymentId, paidAt, amountMinor, by });
  return { ...observation, fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: amountMinor, currency } } };
}

function receivedAt(ledger: PaymentLedger, call: Fields): string {
  const typed = requiredText(call, 'paidAt');
  const zone = textOf(call, 'timeZone') || call.timeZone;
  if (!isTimeZone(zone)) throw new FormProblem('timeZone', 'time_unclear');
  const paidAt = typedTime(typed, zone);
  if (paidAt === undefined) throw new FormProblem('paidAt', 'time_unclear');
  // Clocks differ, and a page may have stood open for a while.
  if (Date.parse(paidAt) > ledger.runtime.now().getTime() + 5 * 60_000) throw new FormProblem('paidAt', 'time_ahead');
  return paidAt;
}
