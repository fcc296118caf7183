// The order: its state, and how each event changes it. Pure; what `decide` makes, `evolve` checks again.
import { invariant } from '../errors.ts';
import { factContent, type PaymentReference, paymentKey, type Source } from '../observation.ts';
import type {
  CheckoutAttached,
  DecisionType,
  MembershipDecided,
  OrderEvent,
  OrderPlaced,
  PaymentMoved,
  PaymentObserved,
  Resolution,
  ReviewKind,
  ReviewOpened,
  ReviewResolved,
} from './events.ts';
import { joinAliases, joinFact, noFacts, type PaymentFacts, withEntry } from './facts.ts';

export type MembershipStatus = 'none' | 'active' | 'suspended' | 'revoked';

/** Plain JSON, so that read models can keep it. */
export interface OrderState {
  readonly orderId: string;
  /** −1: no events yet. */
  readonly revision: number;
  readonly placed?: OrderPlaced;
  readonly checkouts: readonly CheckoutAttached[];
  /** By payment key. */
  readonly payments: Readonly<Record<string, PaymentFacts>>;
  /** Who said a fact, in the order in which they said it; by payment key and content. */
  readonly saidBy: Readonly<Record<string, readonly Source[]>>;
  readonly reviews: readonly ReviewState[];
  /** Payments that a person gave to other orders; by payment key. */
  readonly moved: Readonly<Record<string, PaymentMoved>>;
  /** Keys of the payments that a grant or a restoration rests on: these never move. */
  readonly restsOn: readonly string[];
  /** What a person decided of a payment: by payment key, the last word. */
  readonly rulings: Readonly<Record<string, 'accepted' | 'rejected'>>;
  readonly membership: MembershipStatus;
  /** Newest decision. */
  readonly decided?: MembershipDecided & { readonly type: DecisionType };
  readonly grantedBy?: Source;
  readonly sequence: number;
  readonly delivery: DeliveryState;
  /** Of the last observation, decision or move: a person who looked before it saw another order. */
  readonly changedAtRevision: number;
}

export interface ReviewState extends ReviewOpened {
  /** Absent while the review is open. `moved`: its payment went to another order. */
  readonly resolution?: Resolution | 'moved';
}

export interface DeliveryState {
  /** Every decision up to this one is settled at the shop. */
  readonly settled: number;
  /** The instance that owns the newest decision; empty: anyone may take it. */
  readonly owner: string;
  /** Failures of the newest decision so far. */
  readonly failures: number;
  readonly waitMs: number;
  readonly spentMs: number;
  readonly abandoned: boolean;
  /** Of the last event about the newest decision: that decision, a failure, a taking over. */
  readonly revision: number;
}

const statusAfter: Readonly<Record<DecisionType, MembershipStatus>> = {
  MembershipGranted: 'active',
  MembershipSuspended: 'suspended',
  MembershipRestored: 'active',
  MembershipRevoked: 'revoked',
};

export function initialState(orderId: string): OrderState {
  return {
    orderId,
    revision: -1,
    checkouts: [],
    payments: {},
    saidBy: {},
    reviews: [],
    moved: {},
    restsOn: [],
    rulings: {},
    membership: 'none',
    sequence: 0,
    delivery: { settled: 0, owner: '', failures: 0, waitMs: 0, spentMs: 0, abandoned: false, revision: -1 },
    changedAtRevision: -1,
  };
}

/**
 * @param instance who appended the event: the owner of a decision's delivery.
 * @throws LedgerError `corrupt` where the event cannot follow the state.
 */
export function evolve(before: OrderState, event: OrderEvent, instance = ''): OrderState {
  const order = { ...before, revision: before.revision + 1 };
  switch (event.type) {
    case 'OrderPlaced':
      invariant(order.placed === undefined, `order ${order.orderId} is placed twice`);
      invariant(event.data.orderId === order.orderId, `order ${event.data.orderId} is placed in the stream of ${order.orderId}`);
      return { ...order, placed: event.data };
    case 'CheckoutAttached':
      return { ...order, checkouts: [...order.checkouts, event.data] };
    case 'PaymentObserved':
      return { ...evolveObserved(order, event.data), changedAtRevision: order.revision };
    case 'MembershipGranted':
    case 'MembershipSuspended':
    case 'MembershipRestored':
    case 'MembershipRevoked':
      return { ...evolveDecided(order, event.type, event.data, instance), changedAtRevision: order.revision };
    case 'ReviewOpened':
      invariant(event.data.reviewId === nextReviewId(order), `review ${event.data.reviewId} of order ${order.orderId} is out of turn`);
      return { ...order, reviews: [...order.reviews, event.data] };
    case 'ReviewResolved':
      return evolveResolved(order, event.data);
    case 'PaymentMoved':
      return { ...evolveMoved(order, event.data), changedAtRevision: order.revision };
    case 'MembershipDelivered':
      invariant(
        event.data.sequence <= order.sequence,
        `order ${order.orderId} delivered ${event.data.sequence}, decided ${order.sequence}`,
      );
      return { ...order, delivery: { ...order.delivery, settled: Math.max(order.delivery.settled, event.data.sequence) } };
    case 'DeliveryFailed':
    case 'DeliveryTakenOver':
    case 'DeliveryAbandoned':
      if (event.data.sequence < order.sequence) return order; // Of a decision that a newer one has replaced.
      return { ...order, delivery: { ...evolveDelivery(order.delivery, event, instance), revision: order.revision } };
  }
}

type DeliveryEvent = Extract<OrderEvent, { type: 'DeliveryFailed' | 'DeliveryTakenOver' | 'DeliveryAbandoned' }>;

function evolveDelivery(delivery: DeliveryState, event: DeliveryEvent, instance: string): DeliveryState {
  switch (event.type) {
    case 'DeliveryFailed':
      return { ...delivery, failures: delivery.failures + 1, waitMs: event.data.waitMs, spentMs: event.data.spentMs };
    case 'DeliveryTakenOver':
      // Where a person asked, the clock of failures starts again.
      return event.data.by
        ? { ...delivery, owner: instance, failures: 0, waitMs: 0, spentMs: 0, abandoned: false }
        : { ...delivery, owner: instance, waitMs: 0 };
    case 'DeliveryAbandoned':
      return { ...delivery, abandoned: true };
  }
}

function evolveObserved(order: OrderState, observed: PaymentObserved): OrderState {
  const key = paymentKey(observed.payment);
  invariant(order.moved[key] === undefined, `law 3: payment ${observed.payment.id} was moved away from order ${order.orderId}`);
  const said = saidKey(observed);
  const facts = joinAliases(joinFact(order.payments[key] ?? noFacts(observed.payment), observed), observed.aliases);
  return {
    ...order,
    payments: withEntry(order.payments, key, facts),
    saidBy: withEntry(order.saidBy, said, [...(order.saidBy[said] ?? []), observed.source]),
  };
}

function evolveDecided(order: OrderState, type: DecisionType, decided: MembershipDecided, instance: string): OrderState {
  invariant(decided.sequence === order.sequence + 1, `order ${order.orderId}: sequence ${decided.sequence} follows ${order.sequence}`);
  if (type === 'MembershipGranted') invariant(order.membership === 'none', `law 2: order ${order.orderId} is granted twice`);
  else invariant(order.membership !== 'none', `order ${order.orderId}: ${type} before any grant`);
  return {
    ...order,
    membership: statusAfter[type],
    decided: { ...decided, type },
    restsOn: givesAccess(type) ? [...new Set([...order.restsOn, paymentKey(decided.payment)])] : order.restsOn,
    ...(type === 'MembershipGranted' ? { grantedBy: decided.source } : {}),
    sequence: decided.sequence,
    delivery: {
      settled: order.delivery.settled,
      owner: instance,
      failures: 0,
      waitMs: 0,
      spentMs: 0,
      abandoned: false,
      revision: order.revision,
    },
  };
}

/** The order forgets the payment, and whatever was asked or ruled about it. */
function evolveMoved(order: OrderState, moved: PaymentMoved): OrderState {
  const key = paymentKey(moved.payment);
  invariant(order.moved[key] === undefined, `payment ${moved.payment.id} is moved away from order ${order.orderId} twice`);
  invariant(!order.restsOn.includes(key), `payment ${moved.payment.id} is moved, but order ${order.orderId} was granted on it`);
  const isOthers = ([each]: [string, unknown]) => each !== key && !each.startsWith(`${key} `);
  return {
    ...order,
    payments: Object.fromEntries(Object.entries(order.payments).filter(isOthers)),
    saidBy: Object.fromEntries(Object.entries(order.saidBy).filter(isOthers)),
    rulings: Object.fromEntries(Object.entries(order.rulings).filter(isOthers)),
    reviews: order.reviews.map((review) =>
      paymentKey(review.payment) === key && review.resolution === undefined ? { ...review, resolution: 'moved' } : review,
    ),
    moved: { ...order.moved, [key]: moved },
  };
}

function evolveResolved(order: OrderState, resolved: ReviewResolved): OrderState {
  const review = order.reviews.find(({ reviewId }) => reviewId === resolved.reviewId);
  invariant(
    review !== undefined && review.resolution === undefined,
    `order ${order.orderId}: review ${resolved.reviewId} is resolved, but is not open`,
  );
  const reviews = order.reviews.map((each) => (each === review ? { ...each, resolution: resolved.resolution } : each));
  if (resolved.resolution === 'dismiss') return { ...order, reviews };
  // What is accepted is a payment that the person saw paid; a claim alone accepts no amount that comes later.
  if (resolved.resolution === 'grant' && order.payments[paymentKey(review.payment)]?.attempt?.status !== 'paid')
    return { ...order, reviews };
  const ruling = resolved.resolution === 'grant' ? 'accepted' : 'rejected';
  return { ...order, reviews, rulings: { ...order.rulings, [paymentKey(review.payment)]: ruling } };
}

function givesAccess(type: DecisionType): boolean {
  return type === 'MembershipGranted' || type === 'MembershipRestored';
}

/** Placed again by a retry; `placedAt` is of the first. */
export function isSameOrder(a: OrderPlaced | undefined, b: OrderPlaced): boolean {
  return a !== undefined && termsOf(a) === termsOf(b);
}

function termsOf({ orderId, memberId, plan, expected, livemode, account }: OrderPlaced): string {
  const { amountMinor, currency, allow } = expected;
  return JSON.stringify([orderId, memberId, plan, amountMinor, currency, allow.discount, allow.tax, allow.shipping, livemode, account]);
}

export function saidKey({ payment, fact }: Pick<PaymentObserved, 'payment' | 'fact'>): string {
  return `${paymentKey(payment)} ${factContent(fact)}`;
}

export function nextReviewId(order: OrderState): string {
  return `r${order.reviews.length + 1}`;
}

export function hasReview(order: OrderState, kind: ReviewKind, payment: PaymentReference): boolean {
  const key = paymentKey(payment);
  return order.reviews.some((review) => review.kind === kind && paymentKey(review.payment) === key);
}

/** A decision that the shop does not know yet, and that nobody has given up. */
export function isPending({ sequence, delivery }: OrderState): boolean {
  return sequence > delivery.settled && !delivery.abandoned;
}
