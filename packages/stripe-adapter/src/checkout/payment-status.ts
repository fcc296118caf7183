// What a success page may say of a payment: derived from the ledger alone. Nothing here grants anything.

import type { OrderPaymentState, OrderView } from '@paidonce/ledger';
import type { AttemptStatus } from '@paidonce/ledger/adapter';

/** What a page may show. */
export type PaymentState =
  /** Not paid yet: the customer may still pay. */
  | 'pending'
  /** A debit is being collected, or an authorized payment waits for its capture. */
  | 'processing'
  /** The customer must act, for example pay a voucher. */
  | 'awaiting_customer'
  /** Paid, and the shop does not have the grant yet. */
  | 'granting'
  | 'active'
  /** Paid, and a dispute, or a debit that the bank took back, suspends the access. */
  | 'suspended'
  /** Paid, and a person must check it. */
  | 'review'
  /** The attempt failed or was canceled for good. */
  | 'failed'
  /** The session ended without a payment. */
  | 'expired'
  /** The payment was refunded, or access was revoked. */
  | 'revoked';

/** What `status` answers about a Checkout session, for the page to which the customer returns. */
export interface PaymentStatus {
  readonly state: PaymentState;
  /** True if Stripe did not answer, or was not asked because reads are spent: `state` is what was known before. */
  readonly stale: boolean;
  /** Milliseconds to wait before the next query. Absent: nothing more is to come. */
  readonly nextPollAfterMs?: number;
}

const stateOfAttempt: Readonly<Record<AttemptStatus, PaymentState>> = {
  processing: 'processing',
  authorized: 'processing',
  awaiting_customer: 'awaiting_customer',
  attempt_failed: 'pending', // The customer may try again.
  canceled: 'failed',
  failed: 'failed',
  expired: 'expired',
  paid: 'review', // Paid, and yet no membership.
};

/** @param delivers whether this process delivers to the shop: then nobody is sent into a shop that does not know them yet. */
export function stateOf(
  { membership, sequence, delivered, payment, openReviews }: OrderView,
  attempt: AttemptStatus | undefined,
  delivers: boolean,
): PaymentState {
  if (membership === 'active') return delivers && delivered < sequence ? 'granting' : 'active';
  // An order that is no longer a membership may be paid again, by another session.
  if (attempt !== 'paid') return attempt === undefined ? 'pending' : stateOfAttempt[attempt];
  if (membership === 'revoked' || payment === 'refunded') return 'revoked';
  // A payment that was disputed before it could be granted waits for the dispute too. No person can decide that here.
  if (membership === 'suspended' || (payment === 'disputed' && openReviews.length === 0)) return 'suspended';
  return 'review';
}

const attemptOfOrder: Readonly<Partial<Record<OrderPaymentState, AttemptStatus>>> = {
  authorized: 'authorized',
  processing: 'processing',
  awaiting_customer: 'awaiting_customer',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'expired',
  paid: 'paid',
  partially_refunded: 'paid',
  refunded: 'paid',
  disputed: 'paid',
};

/**
 * What a page may show of an order, from the ledger alone: no call to Stripe. If the order has several checkouts, the one
 * that came furthest counts. `payments.status` reports on one session, and reads Stripe.
 *
 * @param delivers pass `ledger.delivers`. True: `granting` until the shop has the grant.
 */
export function paymentStateOf(order: OrderView, delivers: boolean): PaymentState {
  if (order.membership === 'revoked') return 'revoked';
  return stateOf(order, attemptOfOrder[order.payment], delivers);
}

const nextPollMs: Readonly<Partial<Record<PaymentState, number>>> = {
  granting: 500,
  pending: 2_000,
  processing: 10_000,
  awaiting_customer: 30_000,
};
const staleNextPollMs = 5_000;

export function statusOf(state: PaymentState, stale: boolean): PaymentStatus {
  const wait = nextPollMs[state];
  return { state, stale, ...(wait === undefined ? {} : { nextPollAfterMs: stale ? Math.max(wait, staleNextPollMs) : wait }) };
}
