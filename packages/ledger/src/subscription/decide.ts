// The decider of subscriptions: which events a command adds. It is the same for every source. Called again with the state that it
// led to, it adds nothing, and that makes every retry safe.
import { LedgerError } from '../errors.ts';
import { type ManualAction, paymentKey, type Source } from '../observation.ts';
import type { CheckoutAttached, Resolution, StripeRechecked } from '../order/events.ts';
import { sourcesOf } from '../order/fact-reports.ts';
import { decideRechecked } from '../order/recheck.ts';
import { accessOf, accessOfInvoices } from './access.ts';
import type { SubscriptionEvent, SubscriptionObserved, SubscriptionPlaced, SubscriptionReviewKind } from './events.ts';
import { subscriptionFactContent } from './fact-text.ts';
import { judgeInvoices } from './invoices.ts';
import { nextDecision, restatement } from './next-decision.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { byTime, recordBatch } from './recording.ts';
import { questionsOf } from './reviews.ts';
import type { SubscriptionState } from './subscription.ts';
import { SubscriptionTrail } from './trail.ts';

/** What `decide` is asked to do to a subscription. */
export type SubscriptionCommand =
  | { readonly type: 'place'; readonly subscription: SubscriptionPlaced }
  | { readonly type: 'attach'; readonly checkout: CheckoutAttached }
  /** All of `observed` was told together: one decision. `claimedByAnother`: one of its references belongs to another owner. */
  | { readonly type: 'observe'; readonly observed: readonly SubscriptionObserved[]; readonly claimedByAnother?: boolean }
  /** The shop has the membership already: what is decided counts as delivered. */
  | {
      readonly type: 'import';
      readonly subscription: SubscriptionPlaced;
      readonly observed: readonly SubscriptionObserved[];
      readonly claimedByAnother?: boolean;
    }
  /** A question that only the caller can see, since the answer lies outside this stream. */
  | {
      readonly type: 'review';
      readonly kind: Extract<SubscriptionReviewKind, 'double_subscription' | 'shared_payment' | 'metered_only' | 'subscription_missing'>;
      readonly invoice?: string;
      readonly at: string;
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

/**
 * Answers the events to add; none where the subscription has them, or where the command is refused.
 * @throws LedgerError `invalid_input`: `resolve` names an unknown review or revision. `order_unknown`: `recheck` of one that is not
 *   placed. `corrupt`: the events would break a law.
 */
export function decide(before: SubscriptionState, command: SubscriptionCommand, policy: SubscriptionPolicy): readonly SubscriptionEvent[] {
  const trail = new SubscriptionTrail(before);
  switch (command.type) {
    case 'place':
      if (before.placed) return [];
      trail.add({ type: 'SubscriptionPlaced', data: command.subscription });
      conclude(trail, policy, { at: command.subscription.placedAt, source: undefined });
      return trail.events;
    case 'attach':
      return isAttached(before, command.checkout) ? [] : [{ type: 'CheckoutAttached', data: command.checkout }];
    case 'observe':
      observe(trail, command.observed, command.claimedByAnother === true, policy);
      return trail.events;
    case 'import':
      return decideImported(trail, command, policy);
    case 'review':
      if (before.placed) trail.openReviewOnce(command.kind, command.invoice, command.at);
      return trail.events;
    case 'resolve':
      return decideResolved(trail, command, policy);
    case 'shop_ahead':
      return decideShopAhead(before, command.sequence, policy);
    case 'recheck':
      return decideRecheck(before, command);
  }
}

/**
 * Records what of the batch is news, then decides once; answers whether anything was recorded. What was known stands in no event,
 * so nothing that is decided rests on it: the log alone tells why.
 */
function observe(
  trail: SubscriptionTrail,
  observed: readonly SubscriptionObserved[],
  isClaimed: boolean,
  policy: SubscriptionPolicy,
): boolean {
  const before = trail.state;
  recordBatch(trail, observed, policy);
  const recorded = trail.events.flatMap((event) => (event.type === 'SubscriptionObserved' ? [event.data] : []));
  const [newest] = [...(recorded.length > 0 ? recorded : observed)].sort(byTime);
  if (newest === undefined) return false;
  if (isClaimed || observed.some(({ subscriptionId }) => subscriptionId !== undefined && subscriptionId !== before.subscriptionId)) {
    trail.openReviewOnce('claimed_by_two', undefined, newest.observedAt);
  }
  if (observed.some(({ subscription }) => before.reference !== undefined && before.reference.id !== subscription.id)) {
    trail.openReviewOnce('double_subscription', undefined, newest.observedAt);
  }
  if (recorded.length === 0) return false;
  conclude(trail, policy, { at: newest.observedAt, source: newest.source });
  return true;
}

/** In one append and one decision. Adds nothing where the subscription is there already. */
function decideImported(
  trail: SubscriptionTrail,
  { subscription, observed, claimedByAnother = false }: Extract<SubscriptionCommand, { type: 'import' }>,
  policy: SubscriptionPolicy,
): readonly SubscriptionEvent[] {
  if (trail.state.placed) return [];
  trail.add({ type: 'SubscriptionPlaced', data: subscription });
  const isTold = observe(trail, observed, claimedByAnother, policy);
  if (!isTold) conclude(trail, policy, { at: subscription.placedAt, source: undefined });
  if (trail.state.sequence > 0) trail.add({ type: 'MembershipDelivered', data: { sequence: trail.state.sequence } });
  return trail.events;
}

function decideResolved(
  trail: SubscriptionTrail,
  { reviewId, resolution, seenRevision, by, at }: Extract<SubscriptionCommand, { type: 'resolve' }>,
  policy: SubscriptionPolicy,
): readonly SubscriptionEvent[] {
  const { subscriptionId, reviews, revision, newsAtRevision } = trail.state;
  const review = reviews.find((each) => each.reviewId === reviewId);
  if (!review) {
    throw new LedgerError(
      'invalid_input',
      `Subscription ${subscriptionId} has no review ${reviewId}. Its reviews are in \`subscription(…).openReviews\``,
    );
  }
  if (seenRevision > revision) {
    throw new LedgerError(
      'invalid_input',
      `Subscription ${subscriptionId} is at revision ${revision}, so nobody saw ${seenRevision}. Pass the \`revision\` of the view that the person saw`,
    );
  }
  if (review.resolution !== undefined || seenRevision < newsAtRevision) return [];
  trail.add({ type: 'SubscriptionReviewResolved', data: { reviewId, resolution, seenRevision, by } });
  conclude(trail, policy, { at, source: 'manual', isRuling: resolution !== 'dismiss' });
  return trail.events;
}

/** The shop refuses every sequence that it has, so the access of now is decided above it, also where it has not changed. */
function decideShopAhead(before: SubscriptionState, sequence: number, policy: SubscriptionPolicy): readonly SubscriptionEvent[] {
  if (before.decided === undefined || sequence < before.sequence) return [];
  const trail = new SubscriptionTrail(before);
  trail.add({ type: 'ShopAhead', data: { sequence } });
  trail.add(restatement(trail.state, accessOf(before, policy), before.decided.source));
  return trail.events;
}

function decideRecheck(
  { subscriptionId, placed, rechecks = [] }: SubscriptionState,
  command: Extract<SubscriptionCommand, { type: 'recheck' }>,
): readonly SubscriptionEvent[] {
  if (placed === undefined) {
    throw new LedgerError('order_unknown', `Subscription ${subscriptionId} is not placed. Call startSubscription first`);
  }
  const rechecked = decideRechecked({ orderId: subscriptionId, placed, rechecks }, command);
  return rechecked.flatMap((event) => (event.type === 'StripeRechecked' ? [event] : []));
}

function isAttached({ checkouts }: SubscriptionState, { payment }: CheckoutAttached): boolean {
  return checkouts.some((checkout) => paymentKey(checkout.payment) === paymentKey(payment));
}

interface Occasion {
  readonly at: string;
  /** Undefined: what waited for the subscription is decided as it is placed. */
  readonly source: Source | undefined;
  /** True: a person ruled on an invoice. */
  readonly isRuling?: boolean;
}

/** Adds what follows from something new: the reviews that it calls for, then one decision if anything has changed for the shop. */
function conclude(trail: SubscriptionTrail, policy: SubscriptionPolicy, { at, source, isRuling = false }: Occasion): void {
  const { state } = trail;
  if (state.placed === undefined) return;
  const invoices = judgeInvoices({ ...state, placed: state.placed }, policy);
  const access = accessOfInvoices(invoices, state.facts, policy);
  for (const { kind, invoice } of questionsOf(state, invoices, access, policy)) trail.openReviewOnce(kind, invoice, at);
  const told = access.invoice && sourcesOf(state, subscriptionFactContent(access.invoice.fact))?.[0];
  const decision = nextDecision(state, isRuling ? { ...access, cause: 'person' } : access, source ?? told ?? 'manual');
  if (decision) trail.add(decision);
}
