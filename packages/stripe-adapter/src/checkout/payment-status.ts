// What a success page may say of a payment: derived from the ledger alone. Nothing here grants anything.

import type { OrderPaymentState, OrderView } from '@paidonce/ledger';
import type { AttemptStatus } from '@paidonce/ledger/adapter';

export type PaymentState =
  | 'pending'
  | 'processing'
  | 'awaiting_customer'
  /** Paid, and the shop is being told. */
  | 'granting'
  | 'active'
  /** Paid, and a person must look at it. */
  | 'review'
  | 'failed'
  | 'expired'
  | 'revoked';

export interface PaymentStatus {
  readonly state: PaymentState;
  /** Stripe did not answer: this is what was known before. */
  readonly stale: boolean;
  /** Ask again after this; absent where nothing more is to come. */
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

/** @param delivers whether this process tells the shop: then nobody is sent into a shop that does not know him yet. */
export function stateOf(
  { membership, sequence, delivered, payment }: OrderView,
  attempt: AttemptStatus | undefined,
  delivers: boolean,
): PaymentState {
  if (membership === 'active') return delivers && delivered < sequence ? 'granting' : 'active';
  // An order that is no membership any more may be paid again, by another session.
  if (attempt !== 'paid') return attempt === undefined ? 'pending' : stateOfAttempt[attempt];
  if (membership === 'revoked' || payment === 'refunded') return 'revoked';
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
 * What a page may say of an order, from the ledger alone: no call to Stripe. Where it has several checkouts, the one
 * that came furthest speaks; `payments.status` tells of one session, and looks at Stripe.
 *
 * @param delivers `ledger.delivers`: then `granting` until the shop knows.
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
