// The payments of an audited order, and the status that they give it.
import type { MembershipStatus } from '../../order/order.ts';
import type { AuditedOrder } from './audited-log.ts';
import { type ExpectedPayment, expectedStatus } from './expected-access.ts';

/** Returns the status that the order must have after the facts recorded so far, under the policy that judged them last. */
export function statusByFacts(order: AuditedOrder): MembershipStatus {
  if (!order.policy) return 'none';
  const payments = [...order.facts.keys()].map((paymentId) => paymentOf(order, paymentId));
  return expectedStatus(order.placed, payments, order.policy, order.decisions.length > 0);
}

/** Returns a payment that the order has, as its recorded facts make it. */
export function paymentOf(order: AuditedOrder, paymentId: string): ExpectedPayment {
  const { reference, known } = order.facts.get(paymentId)!;
  return { ...known.payment(reference, order.rulings.get(paymentId)), paidAgain: isPaidAgain(order, paymentId) };
}

/** True if a person was ever asked about the payment because it came on a revoked order. */
export function isPaidAgain({ reviews }: AuditedOrder, paymentId: string): boolean {
  return [...reviews.values()].some((review) => review.kind === 'paid_again' && review.paymentId === paymentId);
}
