// What callers read of an order: its view, what it still awaits, and what is not delivered or not settled yet.
import { type PaymentReference, paymentKey, type Source } from '../observation.ts';
import { isFullyRefunded, refundedMinor } from './access.ts';
import type { CheckoutAttached, DecisionOutcome, OrderWithdrawn, ReviewKind } from './events.ts';
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
/** The state of the order's best payment. `none`: no attempt yet, or one that failed and can be tried again. */
export type OrderPaymentState = (typeof paymentStates)[number];

/** An open question about a payment. A person answers it by `resolveReview`. */
export interface Review {
  /** `r1`, `r2`… within the order. */
  readonly reviewId: string;
  readonly orderId: string;
  readonly kind: ReviewKind;
  readonly payment: PaymentReference;
  /** ISO 8601 UTC. */
  readonly openedAt: string;
}

/** A placed order, as its events leave it. */
export interface OrderView {
  readonly orderId: string;
  /** Revision of the order's last event. Pass it to `resolveReview` as `seenRevision`. */
  readonly revision: number;
  readonly memberId: string;
  readonly plan: string;
  /** ISO 8601 UTC. */
  readonly placedAt: string;
  /** Before discounts, tax and shipping. `amountMinor`: Stripe's minor unit. `currency`: ISO 4217, lower case. */
  readonly expected: { readonly amountMinor: number; readonly currency: string };
  /** The provider's account that must receive the payment. */
  readonly account: string;
  readonly livemode: boolean;
  /** Absent: nobody has withdrawn it. A payment that comes afterwards opens a review. */
  readonly withdrawn?: OrderWithdrawn;
  /** Sessions and payment intents of this order, in the order in which they were attached. */
  readonly checkouts: readonly CheckoutAttached[];
  readonly payment: OrderPaymentState;
  readonly membership: MembershipStatus;
  /** The source whose observation led to the grant. Absent: never granted. */
  readonly grantedBy?: Source;
  /** Number of membership decisions so far. */
  readonly sequence: number;
  /** Every decision up to this sequence is settled at the shop; 0: none is. */
  readonly delivered: number;
  readonly openReviews: readonly Review[];
}

/** What a command would do to an order, if it ran now. Nothing was written. */
export interface Preview {
  readonly orderId: string;
  /** The membership after it. */
  readonly membership: MembershipStatus;
  /** The decision that would follow. Absent: none. */
  readonly decision?: DecisionOutcome;
  /** The reviews that would be opened. */
  readonly reviews: readonly ReviewKind[];
}

/** Answers undefined until the order is placed. */
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
    ...(order.withdrawn ? { withdrawn: order.withdrawn } : {}),
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

/** Whether a payment of the order was ever paid: not yet whether it counts, or was refunded since. */
export function hasPaidPayment({ payments }: OrderState): boolean {
  return Object.values(payments).some(({ attempt }) => attempt?.status === 'paid');
}

function orderPaymentState(order: OrderState): OrderPaymentState {
  const states = Object.values(order.payments).map(paymentState);
  return paymentStates.find((state) => states.includes(state)) ?? 'none';
}

/** After an attempt that failed the customer may try again: that is no state of an order. */
function paymentState(payment: PaymentFacts): OrderPaymentState | 'attempt_failed' | undefined {
  const status = payment.attempt?.status;
  if (status !== 'paid') return status;
  if (payment.disputes.some((dispute) => dispute.status === 'open' || dispute.status === 'lost')) return 'disputed';
  if (isFullyRefunded(payment)) return 'refunded';
  return refundedMinor(payment) > 0 ? 'partially_refunded' : 'paid';
}

const forEver = '9999-12-31T23:59:59.999Z';
const finalStatuses: readonly string[] = ['paid', 'failed'];
const underWay: readonly string[] = ['processing', 'awaiting_customer', 'authorized'];

/**
 * Until when a payment may still come on an order that is placed and not active. ISO 8601 UTC; undefined: none is awaited.
 * An order is *open* while this time lies ahead: the poll exists for open orders.
 */
export function awaitedUntil(order: OrderState): string | undefined {
  return latestOf(order, ({ until }) => until);
}

/** Like `awaitedUntil`, without the checkouts on which a payment is under way: the poll reads those payments by their ids. */
export function listedUntil(order: OrderState): string | undefined {
  return latestOf(order, ({ until, isUnderWay }) => (isUnderWay ? undefined : until));
}

function latestOf(order: OrderState, untilOf: (awaited: Awaited) => string | undefined): string | undefined {
  if (order.placed === undefined || order.membership === 'active') return undefined;
  const times = order.checkouts.flatMap((checkout) => untilOf(awaitedOn(order, checkout)) ?? []);
  return times.sort().at(-1);
}

interface Awaited {
  readonly until?: string | undefined;
  readonly isUnderWay?: true;
}

function awaitedOn(order: OrderState, { payment: { id }, payment, expiresAt = forEver, recoverableUntil }: CheckoutAttached): Awaited {
  const key = paymentKey(payment);
  const statuses = Object.entries(order.payments)
    .filter(([each, facts]) => each === key || facts.aliases.includes(id))
    .map(([, facts]) => facts.attempt?.status ?? 'none');
  if (statuses.some((status) => finalStatuses.includes(status))) return {};
  if (statuses.some((status) => underWay.includes(status))) return { until: forEver, isUnderWay: true };
  if (statuses.includes('expired') || statuses.includes('canceled')) return { until: recoverableUntil };
  return { until: [expiresAt, recoverableUntil ?? ''].sort()[1] };
}

/** The newest decision of an order, while it is not delivered. */
export interface UndeliveredDecision {
  readonly orderId: string;
  readonly memberId: string;
  /** What the shop should store. */
  readonly status: Exclude<MembershipStatus, 'none'>;
  readonly sequence: number;
  /** Attempts that failed since it was decided, or since a person last called `redeliver`. */
  readonly failures: number;
  /** True: no instance tries any more; a person must call `redeliver`. */
  readonly abandoned: boolean;
}

/** Answers undefined where the shop has the newest decision, or none was made. */
export function undeliveredIn({ orderId, decided, membership, delivery }: OrderState): UndeliveredDecision | undefined {
  if (decided === undefined || membership === 'none' || decided.sequence <= delivery.settled) return undefined;
  const { memberId, sequence } = decided;
  return { orderId, memberId, status: membership, sequence, failures: delivery.failures, abandoned: delivery.abandoned };
}

/** The objects of an order that are not final at the provider. The poll reads each again by its id. */
export interface UnsettledOrder {
  readonly orderId: string;
  /** Attempts under way: begun, and neither paid nor failed. `asOf`: when that was so. Provider's clock, ISO 8601 UTC. */
  readonly attempts: readonly { readonly payment: PaymentReference; readonly asOf: string }[];
  /** Refunds that are pending. */
  readonly refunds: readonly { readonly payment: PaymentReference; readonly id: string }[];
  /** Disputes and inquiries that are open. */
  readonly disputes: readonly { readonly payment: PaymentReference; readonly id: string }[];
}

/** Answers undefined where nothing of the order is awaited from the provider. */
export function unsettledIn({ orderId, payments }: OrderState): UnsettledOrder | undefined {
  const all = Object.values(payments);
  const attempts = all.flatMap(({ reference: payment, attempt }) =>
    attempt && underWay.includes(attempt.status) ? [{ payment, asOf: attempt.asOf }] : [],
  );
  const { refunds, disputes } = unsettledBackOf(all);
  return attempts.length + refunds.length + disputes.length === 0 ? undefined : { orderId, attempts, refunds, disputes };
}

/** The refunds and disputes of which nobody knows yet how they end. */
export function unsettledBackOf(payments: readonly PaymentFacts[]): Pick<UnsettledOrder, 'refunds' | 'disputes'> {
  const refunds = payments.flatMap(({ reference: payment, refunds }) =>
    refunds.flatMap(({ id, status }) => (status === 'pending' || status === 'requires_action' ? [{ payment, id }] : [])),
  );
  const disputes = payments.flatMap(({ reference: payment, disputes }) =>
    disputes.flatMap(({ id, status }) => (status === 'inquiry' || status === 'open' ? [{ payment, id }] : [])),
  );
  return { refunds, disputes };
}
