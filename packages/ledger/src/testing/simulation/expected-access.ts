// An independent model of law 4, written from the design and not from the code: which status an order must have, given the
// final state of its payments.

import type { AmountParts, DisputeStatus, PaymentReference, RefundStatus } from '../../observation.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { Policy } from '../../order/policy.ts';

/** What the model knows about an order. */
export interface KnownOrder {
  readonly amountMinor: number;
  readonly currency: string;
  readonly account: string;
  readonly livemode: boolean;
  readonly allow: { readonly discount: boolean; readonly tax: boolean; readonly shipping: boolean; readonly more?: boolean };
  /** True if a person has withdrawn it. */
  readonly withdrawn?: boolean;
}

/** What the model knows about a payment. */
export interface ExpectedPayment {
  readonly reference: PaymentReference;
  /** The amount that was paid. Absent: the payment is not paid. */
  readonly paid?: { readonly totalMinor: number; readonly currency: string; readonly parts?: AmountParts };
  readonly refunds: readonly { readonly status: RefundStatus; readonly amountMinor: number }[];
  readonly disputes: readonly { readonly status: DisputeStatus; readonly amountMinor: number; readonly returnedDebit: boolean }[];
  /** The last decision of a person about the payment. Absent: there is none. */
  readonly ruling?: 'grant' | 'revoke';
  /** True if a person was asked about it because it came on a revoked order. */
  readonly paidAgain?: boolean;
}

/** Why a payment does not fit its order. */
export type AmountMismatch = 'amount' | 'currency' | 'mode' | 'account' | 'overpaid';

/** Returns why a person must review the payment. Empty: it is as the order expects, or is not paid. */
export function mismatchesOf(order: KnownOrder, { reference, paid }: ExpectedPayment): readonly AmountMismatch[] {
  if (!paid) return [];
  const found: AmountMismatch[] = [];
  if (reference.livemode !== order.livemode) found.push('mode');
  if (reference.account !== order.account) found.push('account');
  if (paid.currency !== order.currency) return [...found, 'currency'];
  let owedMinor = order.amountMinor;
  if (paid.parts) {
    if (order.allow.discount) owedMinor -= paid.parts.discountMinor;
    if (order.allow.tax) owedMinor += paid.parts.taxMinor;
    if (order.allow.shipping) owedMinor += paid.parts.shippingMinor;
  }
  if (paid.totalMinor < owedMinor) found.push('amount');
  if (paid.totalMinor > owedMinor && !order.allow.more) found.push('overpaid');
  return found;
}

/** True if the payment counts, but for what the policy makes of one that came on a revoked order. */
export function fitsOrder(order: KnownOrder, payment: ExpectedPayment): boolean {
  if (!payment.paid) return false;
  if (payment.ruling) return payment.ruling === 'grant';
  return !order.withdrawn && isAsOrdered(order, payment);
}

function good(order: KnownOrder, payment: ExpectedPayment, policy: Policy): boolean {
  return fitsOrder(order, payment) && !(waits(payment, policy) && payment.ruling === undefined);
}

/** Under `paidAgain: 'review'` a payment on a revoked order waits for a person. */
function waits({ paidAgain }: ExpectedPayment, policy: Policy): boolean {
  return policy.paidAgain === 'review' && paidAgain === true;
}

/** True if a person must be asked about the payment, because its order was withdrawn: but for that it would give access. */
export function isPaidInVain(order: KnownOrder, payment: ExpectedPayment, policy: Policy): boolean {
  const fits = payment.paid !== undefined && isAsOrdered(order, payment) && !waits(payment, policy);
  return order.withdrawn === true && payment.ruling === undefined && fits && worth(payment, policy) > 0;
}

function isAsOrdered(order: KnownOrder, payment: ExpectedPayment): boolean {
  return mismatchesOf(order, payment).every((mismatch) => mismatch === 'overpaid');
}

/** Returns 2 if the payment gives access, 1 if only a dispute prevents it, else 0. */
function worth(payment: ExpectedPayment, policy: Policy): 0 | 1 | 2 {
  const received = payment.paid?.totalMinor ?? 0;
  const refunds = sumOf(payment.refunds.filter(({ status }) => status === 'succeeded'));
  const refunded = refunds > received ? 0 : refunds;
  const lost = payment.disputes.filter(({ status }) => status === 'lost');
  const open = payment.disputes.filter(({ status }) => status === 'open');
  const gone = refunded + sumOf(lost);

  const effects: string[] = [];
  if (gone > 0 && gone < received) effects.push(policy.partialRefund);
  if (refunded > 0 && gone >= received) effects.push(policy.fullRefund);
  if (gone >= received) effects.push(...lost.map(({ returnedDebit }) => (returnedDebit ? policy.returnedDebit : policy.lostDispute)));
  if (gone + sumOf(open) >= received || policy.partialRefund === 'revoke')
    effects.push(...open.map(({ returnedDebit }) => (returnedDebit ? policy.returnedDebit : policy.openDispute)));
  if (effects.includes('revoke')) return 0;
  return effects.includes('suspend') ? 1 : 2;
}

function sumOf(parts: readonly { readonly amountMinor: number }[]): number {
  return parts.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
}

/** Returns the status that the order must have. @param granted true if the order has ever had a membership. */
export function expectedStatus(
  order: KnownOrder | undefined,
  payments: readonly ExpectedPayment[],
  policy: Policy,
  granted: boolean,
): MembershipStatus {
  if (!order) return 'none';
  const best = Math.max(0, ...payments.filter((payment) => good(order, payment, policy)).map((payment) => worth(payment, policy)));
  if (best === 2) return 'active';
  if (!granted) return 'none';
  return best === 1 ? 'suspended' : 'revoked';
}
