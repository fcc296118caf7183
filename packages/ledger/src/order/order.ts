// The order: its state, and how each event changes it. Pure; what `decide` makes, `evolve` checks again.
// Reading order of this folder: events, facts, order, policy, access, decide, view; then event-schemas, delivery-state, review-sentences.
import { invariant } from '../errors.ts';
import { factContent, isKeyOf, type PaymentReference, paymentKey, type Source } from '../observation.ts';
import { type DeliveryState, deliveryAfter } from './delivery-state.ts';
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
  readonly sourcesByFact: Readonly<Record<string, readonly Source[]>>;
  readonly reviews: readonly ReviewState[];
  /** Payments that a person gave to other orders; by payment key. */
  readonly moved: Readonly<Record<string, PaymentMoved>>;
  /** Keys of the payments that a grant or a restoration rests on: these never move. */
  readonly grantingPayments: readonly string[];
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
    sourcesByFact: {},
    reviews: [],
    moved: {},
    grantingPayments: [],
    rulings: {},
    membership: 'none',
    sequence: 0,
    delivery: { settled: 0, owner: '', underWay: false, failures: 0, waitMs: 0, spentMs: 0, abandoned: false, revision: -1 },
    changedAtRevision: -1,
  };
}

/**
 * @param instance who appended the event: the owner of a decision's delivery.
 * @throws LedgerError `corrupt` where the event cannot follow the state.
 */
export function evolve(before: OrderState, event: OrderEvent, instance = ''): OrderState {
  const revision = before.revision + 1;
  return { ...before, revision, ...changesBy(event, before, revision, instance) };
}

type Changes = Partial<OrderState>;

function changesBy(event: OrderEvent, order: OrderState, revision: number, instance: string): Changes {
  switch (event.type) {
    case 'OrderPlaced':
      invariant(order.placed === undefined, `order ${order.orderId} is placed twice`);
      invariant(event.data.orderId === order.orderId, `order ${event.data.orderId} is placed in the stream of ${order.orderId}`);
      return { placed: event.data };
    case 'CheckoutAttached':
      return { checkouts: [...order.checkouts, event.data] };
    case 'PaymentObserved':
      return observed(order, event.data, revision);
    case 'MembershipGranted':
    case 'MembershipSuspended':
    case 'MembershipRestored':
    case 'MembershipRevoked':
      return decided(order, event.type, event.data, revision, instance);
    case 'ReviewOpened':
      invariant(event.data.reviewId === nextReviewId(order), `review ${event.data.reviewId} of order ${order.orderId} is out of turn`);
      return { reviews: [...order.reviews, event.data] };
    case 'ReviewResolved':
      return resolved(order, event.data);
    case 'PaymentMoved':
      return moved(order, event.data, revision);
    case 'MembershipDelivered':
      invariant(
        event.data.sequence <= order.sequence,
        `order ${order.orderId} delivered ${event.data.sequence}, decided ${order.sequence}`,
      );
      return { delivery: { ...order.delivery, settled: Math.max(order.delivery.settled, event.data.sequence) } };
    case 'DeliveryFailed':
    case 'DeliveryTakenOver':
    case 'DeliveryAbandoned':
      if (event.data.sequence < order.sequence) return {}; // Of a decision that a newer one has replaced.
      return { delivery: { ...deliveryAfter(order.delivery, event, instance), revision } };
  }
}

function observed(order: OrderState, said: PaymentObserved, revision: number): Changes {
  invariant(moveOf(order, said.payment) === undefined, `law 3: payment ${said.payment.id} was moved away from order ${order.orderId}`);
  const [key, content] = [paymentKey(said.payment), factContentKey(said)];
  const facts = joinAliases(joinFact(order.payments[key] ?? noFacts(said.payment), said), said.aliases);
  return {
    payments: withEntry(order.payments, key, facts),
    sourcesByFact: withEntry(order.sourcesByFact, content, [...(order.sourcesByFact[content] ?? []), said.source]),
    changedAtRevision: revision,
  };
}

function decided(order: OrderState, type: DecisionType, decision: MembershipDecided, revision: number, instance: string): Changes {
  invariant(decision.sequence === order.sequence + 1, `order ${order.orderId}: sequence ${decision.sequence} follows ${order.sequence}`);
  if (type === 'MembershipGranted') invariant(order.membership === 'none', `law 2: order ${order.orderId} is granted twice`);
  else invariant(order.membership !== 'none', `order ${order.orderId}: ${type} before any grant`);
  return {
    membership: statusAfter[type],
    decided: { ...decision, type },
    grantingPayments: givesAccess(type) ? [...new Set([...order.grantingPayments, paymentKey(decision.payment)])] : order.grantingPayments,
    ...(type === 'MembershipGranted' ? { grantedBy: decision.source } : {}),
    sequence: decision.sequence,
    delivery: { ...initialState(order.orderId).delivery, settled: order.delivery.settled, owner: instance, underWay: true, revision },
    changedAtRevision: revision,
  };
}

/** The order forgets the payment, and whatever was asked or ruled about it. */
function moved(order: OrderState, move: PaymentMoved, revision: number): Changes {
  const { id } = move.payment;
  invariant(moveOf(order, move.payment) === undefined, `payment ${id} is moved away from order ${order.orderId} twice`);
  invariant(!isGranting(order, move.payment), `payment ${id} is moved, but order ${order.orderId} was granted on it`);
  const isOthers = ([key]: [string, unknown]) => !isKeyOf(key, id);
  return {
    payments: Object.fromEntries(Object.entries(order.payments).filter(isOthers)),
    sourcesByFact: Object.fromEntries(Object.entries(order.sourcesByFact).filter(isOthers)),
    rulings: Object.fromEntries(Object.entries(order.rulings).filter(isOthers)),
    reviews: order.reviews.map((review) =>
      review.payment.id === id && review.resolution === undefined ? { ...review, resolution: 'moved' } : review,
    ),
    moved: { ...order.moved, [paymentKey(move.payment)]: move },
    changedAtRevision: revision,
  };
}

/** A link holds an id, in whatever account and mode: so a move takes along all that was said under the id. */
export function moveOf(order: OrderState, { id }: PaymentReference): PaymentMoved | undefined {
  return Object.values(order.moved).find(({ payment }) => payment.id === id);
}
export function isGranting(order: OrderState, { id }: PaymentReference): boolean {
  return order.grantingPayments.some((key) => isKeyOf(key, id));
}

function resolved(order: OrderState, { reviewId, resolution }: ReviewResolved): Changes {
  const review = order.reviews.find((each) => each.reviewId === reviewId);
  invariant(
    review !== undefined && review.resolution === undefined,
    `order ${order.orderId}: review ${reviewId} is resolved, but is not open`,
  );
  const reviews = order.reviews.map((each) => (each === review ? { ...each, resolution } : each));
  if (resolution === 'dismiss') return { reviews };
  // What is accepted is a payment that the person saw paid; a claim alone accepts no amount that comes later.
  if (resolution === 'grant' && order.payments[paymentKey(review.payment)]?.attempt?.status !== 'paid') return { reviews };
  const ruling = resolution === 'grant' ? 'accepted' : 'rejected';
  return { reviews, rulings: { ...order.rulings, [paymentKey(review.payment)]: ruling } };
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

export function factContentKey({ payment, fact }: Pick<PaymentObserved, 'payment' | 'fact'>): string {
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
