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
const finalStates: readonly string[] = ['paid', 'failed', 'canceled', 'expired'];
const underWay: readonly string[] = ['processing', 'awaiting_customer', 'authorized'];

/**
 * Until when a payment may still come on an order that is placed and not active; undefined: none is awaited.
 * An *open* order is one for which this lies ahead: it is what the poll is for.
 */
export function awaitedUntil(order: OrderState): string | undefined {
  if (order.placed === undefined || order.membership === 'active') return undefined;
  let latest: string | undefined;
  for (const checkout of order.checkouts) {
    const until = checkoutAwaitedUntil(order, checkout);
    if (until !== undefined && (latest === undefined || until > latest)) latest = until;
  }
  return latest;
}

function checkoutAwaitedUntil(order: OrderState, checkout: CheckoutAttached): string | undefined {
  const key = paymentKey(checkout.payment);
  const statuses = Object.entries(order.payments)
    .filter(([each, payment]) => each === key || payment.aliases.includes(checkout.payment.id))
    .map(([, payment]) => payment.attempt?.status ?? 'none');
  if (statuses.some((status) => finalStates.includes(status))) return undefined;
  if (statuses.some((status) => underWay.includes(status))) return forEver;
  return checkout.expiresAt ?? forEver;
}
