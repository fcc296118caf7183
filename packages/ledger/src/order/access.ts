// Law 4, access follows payments: what the joined facts allow under the policy and people's rulings. A
// function of the facts, never of the order in which they came (law 1).
import { type PaidAmount, paymentKey } from '../observation.ts';
import type { OrderPlaced, ReviewKind } from './events.ts';
import type { DisputeRegister, PaymentFacts } from './facts.ts';
import { hasReview, type OrderState } from './order.ts';
import type { Policy } from './policy.ts';

/** `full`: entitled. `paused`: entitled but for an open dispute. `ended`: nothing counts, or all of it is undone. */
export type Access = 'full' | 'paused' | 'ended';
/** In what a payment differs from what the order expects. */
export type Mismatch = Extract<ReviewKind, 'amount' | 'currency' | 'mode' | 'account' | 'overpaid'>;

export interface Entitlement {
  readonly access: Access;
  /** The payment that gives the access. Absent: access is `ended`. */
  readonly payment?: PaymentFacts;
}

/** What the payments of the order entitle it to: the access that its best payment gives. */
export function entitled(order: OrderState, policy: Policy): Entitlement {
  let best: Entitlement = { access: 'ended' };
  for (const payment of Object.values(order.payments)) {
    if (!counts(order, payment, policy)) continue;
    const access = accessOf(payment, policy);
    if (outranks({ access, payment }, best)) best = { access, payment };
  }
  return best;
}

const rank: Readonly<Record<Access, number>> = { ended: 0, paused: 1, full: 2 };

/** More access first; then the earlier payment; then its key, so that arrival never decides. */
function outranks(a: Entitlement & { payment: PaymentFacts }, b: Entitlement): boolean {
  const byAccess = rank[a.access] - rank[b.access];
  if (byAccess !== 0 || b.payment === undefined) return byAccess > 0;
  return timeAndKey(a.payment) < timeAndKey(b.payment);
}

function timeAndKey({ paidAt, reference }: PaymentFacts): string {
  return `${paidAt} ${paymentKey(reference)}`;
}

/** True if the payment is paid, and is as the order expects or was accepted by a person. Unpaid never counts. */
export function counts(order: OrderState, payment: PaymentFacts, policy: Policy): boolean {
  if (order.placed === undefined || payment.attempt?.status !== 'paid') return false;
  const ruling = order.rulings[paymentKey(payment.reference)];
  if (ruling !== undefined) return ruling === 'accepted';
  return order.withdrawn === undefined && fits(order, payment, order.placed, policy);
}

/** True if the paid payment is as the order expects: it counts, unless the order was withdrawn. */
function fits(order: OrderState, payment: PaymentFacts, placed: OrderPlaced, policy: Policy): boolean {
  if (policy.paidAgain === 'review' && hasReview(order, 'paid_again', payment.reference)) return false;
  return mismatches(payment, placed).every((mismatch) => mismatch === 'overpaid');
}

/** True if the payment counts, and refunds and disputes have not undone it. */
export function isInEffect(order: OrderState, payment: PaymentFacts, policy: Policy): boolean {
  return counts(order, payment, policy) && accessOf(payment, policy) !== 'ended';
}

/** In what a paid payment differs from the order; empty while it is not paid. */
function mismatches({ reference, attempt }: PaymentFacts, placed: OrderPlaced): readonly Mismatch[] {
  if (attempt?.status !== 'paid') return [];
  const found: Mismatch[] = [];
  if (reference.livemode !== placed.livemode) found.push('mode');
  if (reference.account !== placed.account) found.push('account');
  if (attempt.amount.currency !== placed.expected.currency) return [...found, 'currency'];
  const difference = attempt.amount.totalMinor - owed(attempt.amount, placed);
  if (difference < 0) found.push('amount');
  if (difference > 0 && placed.expected.allow.more !== true) found.push('overpaid');
  return found;
}

/** Why a person must look at the payment, whatever else the order has. */
export function reviewReasons(order: OrderState, payment: PaymentFacts, placed: OrderPlaced, policy: Policy): readonly ReviewKind[] {
  const reasons: ReviewKind[] = [...mismatches(payment, placed)];
  if (policy.rules === 2 && refundsExceed(payment)) reasons.push('refunds_exceed');
  if (isPaidInVain(order, payment, placed, policy)) reasons.push('withdrawn');
  return reasons;
}

/** True if the payment would give access, had the order not been withdrawn, and nobody has ruled on it. */
function isPaidInVain(order: OrderState, payment: PaymentFacts, placed: OrderPlaced, policy: Policy): boolean {
  if (order.withdrawn === undefined || payment.attempt?.status !== 'paid') return false;
  if (order.rulings[paymentKey(payment.reference)] !== undefined) return false;
  return fits(order, payment, placed, policy) && accessOf(payment, policy) !== 'ended';
}

/** The expected amount, less the discount and plus the tax and shipping that the order allows. Minor units. */
export function owed({ parts }: PaidAmount, { expected }: OrderPlaced): number {
  if (parts === undefined) return expected.amountMinor;
  const discount = expected.allow.discount ? parts.discountMinor : 0;
  const tax = expected.allow.tax ? parts.taxMinor : 0;
  const shipping = expected.allow.shipping ? parts.shippingMinor : 0;
  return expected.amountMinor - discount + tax + shipping;
}

/** What refunds and disputes leave of a payment that counts. */
function accessOf(payment: PaymentFacts, policy: Policy): Access {
  return policy.rules === 2 ? accessByMoney(payment, policy) : accessByStates(payment, policy);
}

/**
 * Under `rules: 2` the money decides: whether all of it went back or a part, in refunds and lost disputes together. An open
 * dispute has the effect that the policy gives it only where losing it would undo the payment.
 */
function accessByMoney(payment: PaymentFacts, policy: Policy): Access {
  return accessLeft(
    {
      receivedMinor: receivedMinor(payment),
      refundedMinor: refundsExceed(payment) ? 0 : refundedMinor(payment),
      disputes: disputesUnder(policy, payment),
    },
    policy,
  );
}

/** What was received, and what of it went back or may go back. Minor units. */
export interface MoneyMoved {
  readonly receivedMinor: number;
  /** What payments gave of it: no dispute can be of more. Default: all. */
  readonly paidMinor?: number;
  readonly refundedMinor: number;
  /** What went back beside refunds. Default: nothing. */
  readonly creditedMinor?: number;
  readonly disputes: readonly Pick<DisputeRegister, 'status' | 'amountMinor' | 'returnedDebit'>[];
}
/** The words of a policy that say what refunds and disputes do. */
export type UndoingPolicy = Pick<Policy, 'fullRefund' | 'partialRefund' | 'openDispute' | 'lostDispute' | 'returnedDebit'>;

export function accessLeft(money: MoneyMoved, policy: UndoingPolicy): Access {
  const { receivedMinor: received, paidMinor: paid = received, refundedMinor: refunded, creditedMinor: credited = 0, disputes } = money;
  const lost = disputes.filter(({ status }) => status === 'lost');
  const open = disputes.filter(({ status }) => status === 'open');
  const back = refunded + amountOf(lost);
  const gone = back + credited;
  const isLost = gone >= received || (lost.length > 0 && back >= paid);

  const effects: (Policy['fullRefund'] | Policy['openDispute'])[] = [];
  if (gone > 0 && !isLost) effects.push(policy.partialRefund);
  if (gone >= received && refunded + credited > 0) effects.push(policy.fullRefund);
  if (isLost) {
    for (const { returnedDebit } of lost) effects.push(returnedDebit ? policy.returnedDebit : policy.lostDispute);
  }
  const atRisk = amountOf(open);
  if (gone + atRisk >= received || back + atRisk >= paid || policy.partialRefund === 'revoke') {
    for (const { returnedDebit } of open) effects.push(returnedDebit ? policy.returnedDebit : policy.openDispute);
  }
  if (effects.includes('revoke')) return 'ended';
  return effects.includes('suspend') ? 'paused' : 'full';
}

function amountOf(disputes: readonly { readonly amountMinor: number }[]): number {
  return disputes.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
}

/** The disputes of the payment, each as the rules of the policy join what was reported of it. */
export function disputesUnder({ rules }: Policy, { disputes, disputesByFirstRules }: PaymentFacts): PaymentFacts['disputes'] {
  return rules === 2 ? disputes : disputesByFirstRules;
}

/** Under the first rules a dispute undoes the payment whatever its amount is. */
function accessByStates(payment: PaymentFacts, policy: Policy): Access {
  let access: Access = refundAccess(payment, policy);
  for (const { status, returnedDebit } of disputesUnder(policy, payment)) {
    if (status !== 'open' && status !== 'lost') continue;
    const effect = returnedDebit ? policy.returnedDebit : status === 'open' ? policy.openDispute : policy.lostDispute;
    if (effect === 'revoke') access = 'ended';
    if (effect === 'suspend' && access === 'full') access = 'paused';
  }
  return access;
}

function refundAccess(payment: PaymentFacts, policy: Policy): Access {
  const refunded = refundedMinor(payment);
  if (refunded === 0) return 'full';
  return (isFullyRefunded(payment) ? policy.fullRefund : policy.partialRefund) === 'revoke' ? 'ended' : 'full';
}

/** The sum of the `succeeded` refunds, in minor units: only these moved money back. */
export function refundedMinor(payment: PaymentFacts): number {
  return payment.refunds.reduce((sum, refund) => sum + (refund.status === 'succeeded' ? refund.amountMinor : 0), 0);
}

export function isFullyRefunded(payment: PaymentFacts): boolean {
  const refunded = refundedMinor(payment);
  return refunded > 0 && refunded >= receivedMinor(payment);
}

/** True if the refunds add up to more than the payment received: some of them moved no money, and a person must find out which. */
function refundsExceed(payment: PaymentFacts): boolean {
  return refundedMinor(payment) > receivedMinor(payment);
}

/** What a paid payment received, in minor units. While it is not paid no refunds are all of it, or too much. */
function receivedMinor({ attempt }: PaymentFacts): number {
  return attempt?.status === 'paid' ? attempt.amount.totalMinor : Number.POSITIVE_INFINITY;
}
