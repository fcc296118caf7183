// Law 6, and money kept twice: a payment that begins to count on an order that was granted before must be looked at by a person.
import type { AuditedOrder } from './audited-log.ts';
import { paymentOf } from './audited-payments.ts';
import { fitsOrder } from './expected-access.ts';

/** How an order stood before an append. */
export interface Standing {
  readonly status: AuditedOrder['status'];
  /** The payments that counted. */
  readonly counting: ReadonlySet<string>;
  readonly rulings: ReadonlyMap<string, 'grant' | 'revoke'>;
}

export function standingOf(order: AuditedOrder): Standing {
  const { placed, status } = order;
  const counting = [...order.facts.keys()].filter((paymentId) => placed && fitsOrder(placed, paymentOf(order, paymentId)));
  return { status, counting: new Set(counting), rulings: new Map(order.rulings) };
}

export function auditFurtherPayments(order: AuditedOrder, before: Standing, broken: (law: string, message: string) => void): void {
  if (before.status === 'none') return;
  const kind = before.status === 'revoked' ? 'paid_again' : 'overpaid';
  for (const paymentId of standingOf(order).counting) {
    if (before.counting.has(paymentId) || order.rulings.get(paymentId) !== before.rulings.get(paymentId)) continue;
    const isAsked = [...order.reviews.values()].some((review) => review.kind === kind && review.paymentId === paymentId);
    if (!isAsked)
      broken('law 6: another payment is reviewed', `order ${order.orderId} was ${before.status}: ${paymentId} opens no ${kind}`);
  }
}
