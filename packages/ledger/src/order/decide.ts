// The decider: which events a command adds to an order. It is the same for every source. Called again with the
// state that it led to, it adds nothing, and that makes every retry safe.
import { LedgerError } from '../errors.ts';
import { type Fact, type ManualAction, type PaymentReference, paymentKey, type Source } from '../observation.ts';
import { type Access, counts, entitled, isInEffect, reviewReasons } from './access.ts';
import type { CheckoutAttached, DecisionType, OrderEvent, OrderPlaced, PaymentObserved, Resolution, StripeRechecked } from './events.ts';
import { sourcesOf } from './fact-reports.ts';
import type { PaymentFacts } from './facts.ts';
import { isStale } from './news.ts';
import { factContentKey, isGranting, isSameReference, type MembershipStatus, moveOf, type OrderState } from './order.ts';
import { isReported } from './payment-names.ts';
import type { Policy } from './policy.ts';
import { decideRechecked } from './recheck.ts';
import { decideShopAhead } from './shop-ahead.ts';
import { isSameOrder } from './terms.ts';
import { Trail } from './trail.ts';
import { refuseWithdrawal } from './withdrawal.ts';

/** What `decide` is asked to do to an order. `import`: the shop fulfilled the order before it had a ledger. */
export type OrderCommand =
  | { readonly type: 'place'; readonly order: OrderPlaced }
  | { readonly type: 'attach'; readonly checkout: CheckoutAttached }
  /** `claimedByAnother`: one of its references belongs to another order. `seenRevision`, here and below: what a person decided on. */
  | { readonly type: 'observe'; readonly observed: PaymentObserved; readonly claimedByAnother?: boolean; readonly seenRevision?: number }
  | { readonly type: 'import'; readonly order: OrderPlaced; readonly observed: PaymentObserved; readonly claimedByAnother?: boolean }
  | { readonly type: 'withdraw'; readonly by: ManualAction; readonly at: string; readonly seenRevision?: number }
  | {
      readonly type: 'move';
      readonly payment: PaymentReference;
      readonly toOrderId: string;
      readonly linkRevision: number;
      readonly by: ManualAction;
      readonly at: string;
      readonly seenRevision?: number;
    }
  | {
      readonly type: 'resolve';
      readonly reviewId: string;
      readonly resolution: Resolution;
      readonly seenRevision: number;
      readonly by: ManualAction;
      readonly at: string;
    }
  /** The shop has stored a decision of this sequence, which is not ours. */
  | { readonly type: 'shop_ahead'; readonly sequence: number }
  /** A person had it read from the provider again. */
  | ({ readonly type: 'recheck' } & StripeRechecked);

/** Law 2 on one screen: only `none` leads to a grant, and nothing leads back to `none`. */
// biome-ignore format: a table
const next: Readonly<Record<MembershipStatus, Readonly<Record<Access, DecisionType | null>>>> = {
  none:      { full: 'MembershipGranted',  paused: null,                  ended: null },
  active:    { full: null,                 paused: 'MembershipSuspended', ended: 'MembershipRevoked' },
  suspended: { full: 'MembershipRestored', paused: null,                  ended: 'MembershipRevoked' },
  revoked:   { full: 'MembershipRestored', paused: 'MembershipSuspended', ended: null },
};

/**
 * Answers the events to add; none where the order has them, or where the command is refused.
 * @throws LedgerError `invalid_input`: `resolve` names an unknown review or revision. `order_unknown`, `already_paid`,
 *   `payment_under_way`: `withdraw` is refused. `corrupt`: the events would break a law.
 */
export function decide(before: OrderState, command: OrderCommand, policy: Policy): readonly OrderEvent[] {
  switch (command.type) {
    case 'place':
      return before.placed ? [] : concluded(before, { type: 'OrderPlaced', data: command.order }, policy, command.order.placedAt);
    case 'attach':
      return isAttached(before, command.checkout.payment) ? [] : [{ type: 'CheckoutAttached', data: command.checkout }];
    case 'observe':
      return isStaleFor(before, command) ? [] : decideObserved(before, command.observed, command.claimedByAnother === true, policy);
    case 'import':
      return decideImported(before, command, policy);
    case 'withdraw':
      return decideWithdrawn(before, command, policy);
    case 'move':
      return decideMoved(before, command, policy);
    case 'resolve':
      return decideResolved(before, command, policy);
    case 'shop_ahead':
      return decideShopAhead(before, command.sequence, policy);
    case 'recheck':
      return decideRechecked(before, command);
  }
}

type OfPerson = Extract<OrderCommand, { type: 'observe' | 'withdraw' | 'move' }>;

/**
 * True if the command adds nothing because the order has news since the person saw it; not where it was done before.
 * @throws LedgerError `invalid_input`: the order has not come to the revision that the person is to have seen.
 */
export function isStaleFor(order: OrderState, command: OfPerson): boolean {
  return command.seenRevision !== undefined && !isDone(order, command) && isStale(order, command.seenRevision);
}

function isDone(order: OrderState, command: OfPerson): boolean {
  if (command.type === 'withdraw') return order.withdrawn !== undefined;
  if (command.type === 'move') return moveOf(order, command.payment) !== undefined;
  const sources = sourcesOf(order, factContentKey(command.observed));
  return sources?.includes(command.observed.source) === true || moveOf(order, command.observed.payment) !== undefined;
}

/** Law 5: the same fact from the same source adds nothing; from another source it is recorded as a confirmation. */
function decideObserved(before: OrderState, observed: PaymentObserved, claimedByAnother: boolean, policy: Policy): readonly OrderEvent[] {
  if (moveOf(before, observed.payment)) return []; // The caller continues with the new owner.
  const sources = sourcesOf(before, factContentKey(observed));
  const known = sources?.includes(observed.source) === true;
  const trail = new Trail(before);
  if (!known) trail.add({ type: 'PaymentObserved', data: observed });
  if (claimedByAnother || (observed.orderId !== undefined && observed.orderId !== before.orderId)) {
    trail.openReviewOnce('claimed_by_two', observed.payment, observed.observedAt);
  }
  // A confirmation joins a known fact with itself: nothing that access depends on can change.
  if (sources === undefined) {
    if (conflicts(before, observed)) trail.openReview('conflicting_evidence', observed.payment, observed.observedAt);
    conclude(trail, before, policy, observed.observedAt, observed.source);
  }
  return trail.events;
}

/**
 * Law 2 in one append: placed, paid and granted by the usual rules, and the grant recorded as delivered; what follows from the
 * same payment, as where its parts show that it is too little, is delivered as usual. Adds nothing where a membership exists.
 */
function decideImported(before: OrderState, command: Extract<OrderCommand, { type: 'import' }>, policy: Policy): readonly OrderEvent[] {
  const { order, observed, claimedByAnother = false } = command;
  const isOther = before.placed !== undefined && !isSameOrder(before.placed, order);
  if (before.membership !== 'none' || isOther || moveOf(before, observed.payment)) return [];
  const trail = new Trail(before);
  for (const event of decide(trail.state, { type: 'place', order }, policy)) trail.add(event);
  for (const event of decide(trail.state, { type: 'observe', observed, claimedByAnother }, policy)) trail.add(event);
  const grant = trail.events.find((event) => event.type === 'MembershipGranted');
  if (grant) trail.add({ type: 'MembershipDelivered', data: { sequence: grant.data.sequence } });
  return trail.events;
}

/** The membership decides first: what was ever granted is ended by a refund, not by a withdrawal. */
function decideWithdrawn(before: OrderState, command: Extract<OrderCommand, { type: 'withdraw' }>, policy: Policy): readonly OrderEvent[] {
  if (before.placed && isStaleFor(before, command)) return [];
  const { by, at } = command;
  refuseWithdrawal(before);
  if (before.withdrawn) return [];
  return concluded(before, { type: 'OrderWithdrawn', data: { by } }, policy, at);
}

/** A payment that gave access stays: to move it would take back what was granted. */
function decideMoved(before: OrderState, command: Extract<OrderCommand, { type: 'move' }>, policy: Policy): readonly OrderEvent[] {
  const { payment, toOrderId, linkRevision, by, at } = command;
  if (isStaleFor(before, command)) return [];
  if (moveOf(before, payment) || isGranting(before, payment) || !mayMove(before, payment, policy)) return [];
  return concluded(before, { type: 'PaymentMoved', data: { payment, toOrderId, linkRevision, by } }, policy, at);
}

/**
 * Under `rules: 2` what was reported moves, also where it did no more than pause the order, or would give access under another
 * policy than the one that judged it; the first rules moved a mere id too.
 */
function mayMove(before: OrderState, payment: PaymentReference, policy: Policy): boolean {
  const { access, payment: counting } = entitled(before, policy);
  const isCounting = isSameReference(counting?.reference, payment);
  if (policy.rules !== 2) return !isCounting;
  const hasAccess = isCounting && access === 'full' && before.membership !== 'none';
  return isReported(before, payment) && !hasAccess;
}

function decideResolved(before: OrderState, command: Extract<OrderCommand, { type: 'resolve' }>, policy: Policy): readonly OrderEvent[] {
  const { reviewId, resolution, seenRevision, by } = command;
  const review = before.reviews.find((each) => each.reviewId === reviewId);
  if (!review) {
    throw new LedgerError(
      'invalid_input',
      `Order ${before.orderId} has no review ${reviewId}. Its reviews are in \`order(…).openReviews\``,
    );
  }
  // Reviews of other payments that were opened or resolved since are no reason to refuse this one: `changedAtRevision` leaves them out.
  const hasChanged = isStale(before, seenRevision) || policy.rules !== 2;
  if (review.resolution !== undefined || (hasChanged && seenRevision < before.changedAtRevision)) return [];
  return concluded(before, { type: 'ReviewResolved', data: { reviewId, resolution, seenRevision, by } }, policy, command.at);
}

/** True if the order has the payment among its checkouts. */
export function isAttached(order: OrderState, payment: PaymentReference): boolean {
  return order.checkouts.some((checkout) => paymentKey(checkout.payment) === paymentKey(payment));
}

function concluded(before: OrderState, event: OrderEvent, policy: Policy, at: string): readonly OrderEvent[] {
  const trail = new Trail(before);
  trail.add(event);
  conclude(trail, before, policy, at, event.type === 'OrderPlaced' ? undefined : 'manual');
  return trail.events;
}

/** Adds what follows from something new: the reviews that it calls for, then a decision if access has changed. */
function conclude(trail: Trail, before: OrderState, policy: Policy, at: string, source: Source | undefined): void {
  const { placed } = trail.state;
  if (placed === undefined) return;
  for (const payment of Object.values(trail.state.payments)) {
    for (const kind of reviewReasons(trail.state, payment, placed, policy)) trail.openReviewOnce(kind, payment.reference, at);
  }
  for (const payment of furtherPayments(before, trail.state, policy)) {
    trail.openReviewOnce(before.membership === 'revoked' ? 'paid_again' : 'overpaid', payment.reference, at);
  }
  const entitlement = entitled(trail.state, policy);
  const type = next[trail.state.membership][entitlement.access];
  if (type === null) return;
  const { decided, sequence } = trail.state;
  const reference = entitlement.payment?.reference ?? decided?.payment;
  const paidAt = entitlement.payment?.paidAt ?? decided?.paidAt;
  // Only a grant can be the first decision, and a grant has a payment.
  if (reference === undefined || paidAt === undefined)
    throw new LedgerError('corrupt', `order ${before.orderId}: ${type} rests on no payment`);
  const { orderId, memberId, plan } = placed;
  trail.add({
    type,
    data: {
      membershipId: orderId,
      memberId,
      plan,
      sequence: sequence + 1,
      paidAt,
      payment: reference,
      source: source ?? firstSource(trail.state, entitlement.payment) ?? 'manual',
    },
  });
}

/** Payments to review: new ones on an order granted before (law 6), and those that come into effect beside another: money kept twice. */
function furtherPayments(before: OrderState, after: OrderState, policy: Policy): readonly PaymentFacts[] {
  const was = ({ reference }: PaymentFacts, how: typeof counts): boolean => {
    const earlier = before.payments[paymentKey(reference)];
    return earlier !== undefined && how(before, earlier, policy);
  };
  const payments = Object.values(after.payments);
  const inEffect = payments.filter((payment) => isInEffect(after, payment, policy));
  const first = inEffect.find((payment) => was(payment, isInEffect)) ?? entitled(after, policy).payment;
  return payments.filter((payment) => {
    if (isNewlyRuled(before, after, payment)) return false;
    const isNew = before.membership !== 'none' && counts(after, payment, policy) && !was(payment, counts);
    return isNew || (payment !== first && inEffect.includes(payment) && !was(payment, isInEffect));
  });
}

/** True if the command is a person's ruling on this payment: it needs no review. */
function isNewlyRuled(before: OrderState, after: OrderState, { reference }: PaymentFacts): boolean {
  const key = paymentKey(reference);
  return after.rulings[key] !== before.rulings[key];
}

/**
 * True if total, currency or parts of a fact that is not recorded yet differ from what is recorded for the payment. Parts where none
 * were known only enrich it.
 */
function conflicts(before: OrderState, { payment, fact }: PaymentObserved): boolean {
  const known = before.payments[paymentKey(payment)]?.attempt;
  if (known?.status !== 'paid' || fact.kind !== 'attempt' || fact.status !== 'paid') return false;
  const { totalMinor, currency, parts } = known.amount;
  if (fact.amount.totalMinor !== totalMinor || fact.amount.currency !== currency) return true;
  return parts !== undefined && fact.amount.parts !== undefined; // With the same parts it would be recorded.
}

/** The first source that reported the payment as paid, where it was recorded before its order was placed. */
function firstSource(order: OrderState, payment: PaymentFacts | undefined): Source | undefined {
  if (payment?.attempt?.status !== 'paid') return undefined;
  const fact: Fact = { kind: 'attempt', status: 'paid', amount: payment.attempt.amount };
  return sourcesOf(order, factContentKey({ payment: payment.reference, fact }))?.[0];
}
