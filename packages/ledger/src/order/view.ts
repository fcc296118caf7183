// What a caller sees of an order.
import { type PaymentReference, paymentKey, type Source } from '../observation.ts';
import { isFullyRefunded, refundedMinor } from './access.ts';
import type { CheckoutAttached, ReviewKind } from './events.ts';
import type { PaymentFacts } from './facts.ts';
import type { MembershipStatus, OrderState } from './order.ts';

// Best first: an order with several payments shows the one that helps it most.
const paymentStates = [
  'paid',
  'partially_refunded',
  'disputed',
  'refunded',
  'authorized',
  'processing',
  'awaiting_customer',
  'failed',
  'canceled',
  'expired',
  'none',
] as const;
export type OrderPaymentState = (typeof paymentStates)[number];

export interface Review {
  readonly reviewId: string;
  readonly orderId: string;
  readonly kind: ReviewKind;
  readonly payment: PaymentReference;
  readonly openedAt: string;
}

export interface OrderView {
  readonly orderId: string;
  /** What `resolveReview` wants as `seenRevision`. */
  readonly revision: number;
  readonly memberId: string;
  readonly plan: string;
  readonly placedAt: string;
  /** Before discounts, tax and shipping, in Stripe's minor unit. */
  readonly expected: { readonly amountMinor: number; readonly currency: string };
  readonly account: string;
  readonly livemode: boolean;
  readonly checkouts: readonly CheckoutAttached[];
  readonly payment: OrderPaymentState;
  readonly membership: MembershipStatus;
  /** The source whose observation led to the grant. */
  readonly grantedBy?: Source;
  /** Number of membership decisions so far. */
  readonly sequence: number;
  /** Every decision up to this one is settled at the shop. */
  readonly delivered: number;
  readonly openReviews: readonly Review[];
}

/** Undefined until the order is placed. */
export function viewOf(order: OrderState): OrderView | undefined {
  if (order.placed === undefined) return undefined;
  const { orderId, memberId, plan, placedAt, expected, account, livemode } = order.placed;
  return {
    orderId,
    revision: order.revision,
    memberId,
    plan,
    placedAt,
    expected: { amountMinor: expected.amountMinor, currency: expected.currency },
    account,
    livemode,
    checkouts: order.checkouts,
    payment: orderPaymentState(order),
    membership: order.membership,
    ...(order.grantedBy ? { grantedBy: order.grantedBy } : {}),
    sequence: order.sequence,
    delivered: order.delivery.settled,
    openReviews: openReviews(order),
  };
}

export function openReviews(order: OrderState): readonly Review[] {
  return order.reviews.flatMap(({ resolution, reviewId, kind, payment, openedAt }) =>
    resolution === undefined ? [{ reviewId, orderId: order.orderId, kind, payment, openedAt }] : [],
  );
}

function orderPaymentState(order: OrderState): OrderPaymentState {
  const states = Object.values(order.payments).map(paymentState);
  return paymentStates.find((state) => states.includes(state)) ?? 'none';
}

function paymentState(payment: PaymentFacts): OrderPaymentState {
  const status = payment.attempt?.status ?? 'none';
  if (status === 'attempt_failed') return 'none'; // The customer may try again.
  if (status !== 'paid') return status;
  if (Object.values(payment.disputes).some((dispute) => dispute.status === 'open' || dispute.status === 'lost')) return 'disputed';
  if (isFullyRefunded(payment)) return 'refunded';
  return refundedMinor(payment) > 0 ? 'partially_refunded' : 'paid';
}

const forEver = '9999-12-31T23:59:59.999Z';
const ended: readonly string[] = ['paid', 'failed'];
const underWay: readonly string[] = ['processing', 'awaiting_customer', 'authorized'];

/**
 * Until when a payment may still come on an order that is placed and not active; undefined: none is awaited.
 * An *open* order is one for which this lies ahead: it is what the poll is for.
 */
export function awaitedUntil(order: OrderState): string | undefined {
  return latestOf(order, ({ until }) => until);
}

/** The same, of checkouts that nobody has paid on yet: only a list of completed ones can tell of them. */
export function listedUntil(order: OrderState): string | undefined {
  return latestOf(order, ({ until, isUnderWay }) => (isUnderWay ? undefined : until));
}

function latestOf(order: OrderState, untilOf: (awaited: Awaited) => string | undefined): string | undefined {
  if (order.placed === undefined || order.membership === 'active') return undefined;
  const times = order.checkouts.flatMap((checkout) => untilOf(awaitedOn(order, checkout)) ?? []);
  return times.sort().at(-1);
}

interface Awaited {
  readonly until: string | undefined;
  readonly isUnderWay: boolean;
}

function awaitedOn(order: OrderState, { payment: { id }, payment, expiresAt = forEver, recoverableUntil }: CheckoutAttached): Awaited {
  const key = paymentKey(payment);
  const statuses = Object.entries(order.payments)
    .filter(([each, facts]) => each === key || facts.aliases.includes(id))
    .map(([, facts]) => facts.attempt?.status ?? 'none');
  if (statuses.some((status) => ended.includes(status))) return { until: undefined, isUnderWay: false };
  if (statuses.some((status) => underWay.includes(status))) return { until: forEver, isUnderWay: true };
  if (statuses.includes('expired') || statuses.includes('canceled')) return { until: recoverableUntil, isUnderWay: false };
  const until = recoverableUntil !== undefined && recoverableUntil > expiresAt ? recoverableUntil : expiresAt;
  return { until, isUnderWay: false };
}

/** The newest decision of an order, while the shop does not have it. */
export interface UndeliveredDecision {
  readonly orderId: string;
  readonly memberId: string;
  /** What the shop should store. */
  readonly status: Exclude<MembershipStatus, 'none'>;
  readonly sequence: number;
  /** Attempts that failed since it was decided, or since a person last asked for it. */
  readonly failures: number;
  /** Nobody tries any more: a person must call `redeliver`. */
  readonly abandoned: boolean;
}

export function undeliveredIn({ orderId, decided, membership, delivery }: OrderState): UndeliveredDecision | undefined {
  if (decided === undefined || membership === 'none' || decided.sequence <= delivery.settled) return undefined;
  const { memberId, sequence } = decided;
  return { orderId, memberId, status: membership, sequence, failures: delivery.failures, abandoned: delivery.abandoned };
}

/** What of an order is not settled yet, and is looked at again by its id. */
export interface UnsettledOrder {
  readonly orderId: string;
  /** Begun, and neither paid nor failed. `asOf`: since when, by the provider's clock. */
  readonly attempts: readonly { readonly payment: PaymentReference; readonly asOf: string }[];
  readonly refunds: readonly { readonly payment: PaymentReference; readonly id: string }[];
  readonly disputes: readonly { readonly payment: PaymentReference; readonly id: string }[];
}

/** Undefined: all that was said of it is final, as far as anything is. */
export function unsettledIn({ orderId, payments }: OrderState): UnsettledOrder | undefined {
  const all = Object.values(payments);
  const attempts = all.flatMap(({ reference: payment, attempt }) =>
    attempt && underWay.includes(attempt.status) ? [{ payment, asOf: attempt.asOf }] : [],
  );
  const refunds = all.flatMap(({ reference: payment, refunds }) =>
    Object.values(refunds).flatMap(({ id, status }) => (status === 'pending' || status === 'requires_action' ? [{ payment, id }] : [])),
  );
  const disputes = all.flatMap(({ reference: payment, disputes }) =>
    Object.values(disputes).flatMap(({ id, status }) => (status === 'inquiry' || status === 'open' ? [{ payment, id }] : [])),
  );
  return attempts.length + refunds.length + disputes.length === 0 ? undefined : { orderId, attempts, refunds, disputes };
}
