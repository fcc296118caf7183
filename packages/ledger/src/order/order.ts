// The order: its state, and how each event changes it. Pure; what `decide` makes, `evolve` checks again.
// Reading order of this folder: events, facts, order, policy, access, decide, view; then event-schemas, fact-reports, news, recheck, resolution, delivery-state, review-sentences.
import { invariant } from '../errors.ts';
import { factContent, isKeyOf, type PaymentReference, paymentKey, referenceName, type Source } from '../observation.ts';
import { type DeliveryState, deliveryAfter, deliveryOfDecision, noDelivery } from './delivery-state.ts';
import type {
  CheckoutAttached,
  DecisionType,
  MembershipDecided,
  OrderEvent,
  OrderPlaced,
  OrderWithdrawn,
  PaymentMoved,
  PaymentObserved,
  ReviewKind,
} from './events.ts';
import { type FactReports, withReport } from './fact-reports.ts';
import { joinAliases, joinFact, noFacts, type PaymentFacts, withEntry } from './facts.ts';
import { isNews } from './news.ts';
import { type Recheck, withRecheck } from './recheck.ts';
import { type ReviewState, type Rulings, resolvedIn } from './resolution.ts';

/**
 * `none`: never granted. `active`: the member has access. `suspended`: access is paused while a dispute is open.
 * `revoked`: access has ended; a later payment, fact or ruling may restore it.
 */
export type MembershipStatus = 'none' | 'active' | 'suspended' | 'revoked';

/** The folded state of an order. Plain JSON, so that read models can store it. */
export interface OrderState {
  readonly orderId: string;
  /** −1: no events yet. */
  readonly revision: number;
  /** Absent: not placed yet. Observations may come before. */
  readonly placed?: OrderPlaced;
  /** Absent: nobody has withdrawn it. */
  readonly withdrawn?: OrderWithdrawn;
  readonly checkouts: readonly CheckoutAttached[];
  /** Key: payment key. */
  readonly payments: Readonly<Record<string, PaymentFacts>>;
  /** Sorted by `fact`, which is its `factContentKey`. */
  readonly reports: readonly FactReports[];
  /** All reviews, resolved ones too, in the order in which they were opened. */
  readonly reviews: readonly ReviewState[];
  /** Payments that a person moved to other orders. Key: payment key. */
  readonly moved: Readonly<Record<string, MovedPayment>>;
  /** Keys of the payments that a grant or a restoration names. These payments never move. */
  readonly grantingPayments: readonly string[];
  /** What a person last decided about a payment. Key: payment key. */
  readonly rulings: Rulings;
  readonly membership: MembershipStatus;
  /** The newest decision. Absent: none yet. */
  readonly decided?: MembershipDecided & { readonly type: DecisionType };
  /** The source of the grant. Absent: never granted. */
  readonly grantedBy?: Source;
  /** The sequence of the newest decision; 0: none yet. */
  readonly sequence: number;
  readonly delivery: DeliveryState;
  /** Revision of the last observation, decision or move; −1: none. A resolution that names an earlier revision is stale. */
  readonly changedAtRevision: number;
  /** Revision of the last event that moves the order on in what people decide about (`news.ts`); −1: none. */
  readonly newsAtRevision: number;
  /** Who had it read from the provider again, within ten seconds of the last one. Absent: nobody ever had. */
  readonly rechecks?: readonly Recheck[];
}

/** A move, and the other names that the payment had in this order. */
export type MovedPayment = PaymentMoved & { readonly aliases: readonly string[] };

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
    reports: [],
    reviews: [],
    moved: {},
    grantingPayments: [],
    rulings: {},
    membership: 'none',
    sequence: 0,
    delivery: noDelivery,
    changedAtRevision: -1,
    newsAtRevision: -1,
  };
}

/**
 * Folds one event into the state.
 * @param instance the instance that appended the event: it owns the delivery of a decision. Empty: any instance may take it.
 * @throws LedgerError `corrupt` where the event cannot follow the state.
 */
export function evolve(before: OrderState, event: OrderEvent, instance = ''): OrderState {
  const revision = before.revision + 1;
  const after = { ...before, revision, ...changesBy(event, before, revision, instance) };
  return isNews(event, before.payments, after.payments) ? { ...after, newsAtRevision: revision } : after;
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
      return resolvedIn(order, event.data);
    case 'OrderWithdrawn':
      invariant(order.withdrawn === undefined && order.sequence === 0, `order ${order.orderId} is withdrawn twice, or after its grant`);
      return { withdrawn: event.data, changedAtRevision: revision };
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
      if (event.data.sequence < order.sequence) return {}; // It concerns a decision that a newer one has replaced.
      return { delivery: { ...deliveryAfter(order.delivery, event, instance), revision } };
    case 'ShopAhead':
      invariant(order.decided !== undefined, `the shop is ahead of order ${order.orderId}, for which nothing was decided`);
      invariant(
        event.data.sequence >= order.sequence,
        `the shop is ahead of order ${order.orderId} with ${event.data.sequence}, decided ${order.sequence}`,
      );
      // Up to there the shop has decided already. The decision that follows in the same append is what it lacks.
      return { sequence: event.data.sequence, delivery: { ...order.delivery, settled: event.data.sequence } };
    case 'StripeRechecked':
      return { rechecks: withRecheck(order.rechecks, event.data) };
  }
}

function observed(order: OrderState, data: PaymentObserved, revision: number): Changes {
  invariant(moveOf(order, data.payment) === undefined, `law 3: payment ${data.payment.id} was moved away from order ${order.orderId}`);
  const [key, content] = [paymentKey(data.payment), factContentKey(data)];
  const facts = joinAliases(joinFact(order.payments[key] ?? noFacts(data.payment), data), data.aliases);
  return {
    payments: withEntry(order.payments, key, facts),
    reports: withReport(order.reports, content, data.source),
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
    delivery: deliveryOfDecision(order.delivery, isShopAhead(order), instance, revision),
    changedAtRevision: revision,
  };
}

/** Drops the payment and the rulings on it from the order. Its open reviews end as `moved`. */
function moved(order: OrderState, move: PaymentMoved, revision: number): Changes {
  const { id } = move.payment;
  invariant(moveOf(order, move.payment) === undefined, `payment ${id} is moved away from order ${order.orderId} twice`);
  invariant(!isGranting(order, move.payment), `payment ${id} is moved, but order ${order.orderId} was granted on it`);
  const name = referenceName(move.payment);
  const isOthers = ([key]: [string, unknown]) => !isKeyOf(key, name);
  const aliases = Object.values(order.payments).flatMap((facts) => (isSameReference(facts.reference, move.payment) ? facts.aliases : []));
  return {
    payments: Object.fromEntries(Object.entries(order.payments).filter(isOthers)),
    reports: order.reports.filter(({ fact }) => !isKeyOf(fact, name)),
    rulings: Object.fromEntries(Object.entries(order.rulings).filter(isOthers)),
    reviews: order.reviews.map((review) =>
      isSameReference(review.payment, move.payment) && review.resolution === undefined ? { ...review, resolution: 'moved' } : review,
    ),
    moved: { ...order.moved, [paymentKey(move.payment)]: { ...move, aliases: [...new Set(aliases)] } },
    changedAtRevision: revision,
  };
}

/**
 * The move that took the payment away from this order; undefined: there was none. A link concerns a reference name, so a
 * move takes along everything that was reported under it: of Stripe, the id in any account and mode.
 */
export function moveOf(order: OrderState, payment: PaymentReference): MovedPayment | undefined {
  return Object.values(order.moved).find((move) => isSameReference(move.payment, payment));
}
/** True if one link concerns both payments, so that they have one owner: the mode makes no difference, nor Stripe's account. */
export function isSameReference(a: PaymentReference | undefined, b: PaymentReference): boolean {
  return a !== undefined && referenceName(a) === referenceName(b);
}

/** True if a grant or a restoration of this order names the payment. */
export function isGranting(order: OrderState, payment: PaymentReference): boolean {
  const name = referenceName(payment);
  return order.grantingPayments.some((key) => isKeyOf(key, name));
}

function givesAccess(type: DecisionType): boolean {
  return type === 'MembershipGranted' || type === 'MembershipRestored';
}

/** Names a fact with its content in an order: the payment key, a space, and the content of the fact. */
export function factContentKey({ payment, fact }: Pick<PaymentObserved, 'payment' | 'fact'>): string {
  return `${paymentKey(payment)} ${factContent(fact)}`;
}

export function nextReviewId(order: OrderState): string {
  return `r${order.reviews.length + 1}`;
}

/** True if a review of the kind was ever opened for the payment, resolved ones included. */
export function hasReview(order: OrderState, kind: ReviewKind, payment: PaymentReference): boolean {
  const key = paymentKey(payment);
  return order.reviews.some((review) => review.kind === kind && paymentKey(review.payment) === key);
}

/** True if a `ShopAhead` has raised the sequence, and the decision that follows it is not folded yet. */
function isShopAhead({ sequence, decided }: OrderState): boolean {
  return sequence !== (decided?.sequence ?? 0);
}
