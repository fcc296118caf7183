// The subscription: its state, and how each event changes it. Pure; what `decide` makes, `evolve` checks again.
// Reading order of this folder: observation, events, facts, policy, invoices, cover, access, subscription, decide, recording, reviews, view, change.
import { invariant } from '../errors.ts';
import type { Source } from '../observation.ts';
import { type DeliveryState, deliveryAfter, deliveryOfDecision, noDelivery } from '../order/delivery-state.ts';
import type { CheckoutAttached } from '../order/events.ts';
import { type FactReports, withReport } from '../order/fact-reports.ts';
import type { MembershipStatus } from '../order/order.ts';
import { type Recheck, withRecheck } from '../order/recheck.ts';
import { itemNamed } from '../order/sorted-list.ts';
import {
  isSubscriptionDecision,
  type SubscriptionDecided,
  type SubscriptionDecision,
  type SubscriptionEvent,
  type SubscriptionObserved,
  type SubscriptionOutcome,
  type SubscriptionPlaced,
  type SubscriptionReviewKind,
  type SubscriptionReviewOpened,
  type SubscriptionReviewResolved,
  subscriptionOutcomeOf,
} from './events.ts';
import { subscriptionFactContent } from './fact-text.ts';
import { joinStatement, joinTimes, noSubscriptionFacts, type SubscriptionFacts } from './facts.ts';
import type { Rulings } from './invoices.ts';
import type { SubscriptionReference } from './observation.ts';

export interface SubscriptionReviewState extends SubscriptionReviewOpened {
  /** Absent while the review is open. */
  readonly resolution?: SubscriptionReviewResolved['resolution'];
}

/** The folded state of a subscription. Plain JSON, so that read models can store it. */
export interface SubscriptionState {
  readonly subscriptionId: string;
  /** −1: no events yet. */
  readonly revision: number;
  /** Absent: not placed yet. Facts may come before. */
  readonly placed?: SubscriptionPlaced;
  /** The provider's subscription: that of the first fact. Absent: nothing was reported. */
  readonly reference?: SubscriptionReference;
  readonly checkouts: readonly CheckoutAttached[];
  readonly facts: SubscriptionFacts;
  /** Who reported each fact, the lifecycle left out. Sorted by `fact`, which is its `contentKey`. */
  readonly reports: readonly FactReports[];
  /** All reviews, resolved ones too, in the order in which they were opened. */
  readonly reviews: readonly SubscriptionReviewState[];
  /** What a person last decided about an invoice. Key: its id. */
  readonly rulings: Rulings;
  readonly membership: MembershipStatus;
  /** The newest decision. Absent: none yet. */
  readonly decided?: SubscriptionDecided & { readonly outcome: SubscriptionOutcome };
  /** S4: the invoices that a grant, an extension or a restoration names. */
  readonly usedInvoices: readonly string[];
  /** The source of the grant. Absent: never granted. */
  readonly grantedBy?: Source;
  /** The sequence of the newest decision; 0: none yet. */
  readonly sequence: number;
  readonly delivery: DeliveryState;
  /** Revision of the last event that moves the subscription on in what people decide about; −1: none. */
  readonly newsAtRevision: number;
  /** Who had it read from the provider again, within ten seconds of the last one. Absent: nobody ever had. */
  readonly rechecks?: readonly Recheck[];
}

export function noSubscription(subscriptionId: string): SubscriptionState {
  return {
    subscriptionId,
    revision: -1,
    checkouts: [],
    facts: noSubscriptionFacts,
    reports: [],
    reviews: [],
    rulings: {},
    membership: 'none',
    usedInvoices: [],
    sequence: 0,
    delivery: noDelivery,
    newsAtRevision: -1,
  };
}

/**
 * Folds one event into the state.
 * @param instance the instance that appended the event: it owns the delivery of a decision. Empty: any instance may take it.
 * @throws LedgerError `corrupt` where the event cannot follow the state.
 */
export function evolve(before: SubscriptionState, event: SubscriptionEvent, instance = ''): SubscriptionState {
  const revision = before.revision + 1;
  const after = { ...before, revision, ...changesBy(event, before, revision, instance) };
  return isNews(event, before, after) ? { ...after, newsAtRevision: revision } : after;
}

type Changes = Partial<SubscriptionState>;

function changesBy(event: SubscriptionEvent, state: SubscriptionState, revision: number, instance: string): Changes {
  if (isSubscriptionDecision(event)) return decided(state, event, revision, instance);
  const { subscriptionId, delivery, sequence } = state;
  switch (event.type) {
    case 'SubscriptionPlaced':
      invariant(state.placed === undefined, `subscription ${subscriptionId} is placed twice`);
      invariant(
        event.data.subscriptionId === subscriptionId,
        `subscription ${event.data.subscriptionId} is placed in the stream of ${subscriptionId}`,
      );
      return { placed: event.data };
    case 'CheckoutAttached':
      return { checkouts: [...state.checkouts, event.data] };
    case 'SubscriptionObserved':
      return observed(state, event.data);
    case 'SubscriptionReviewOpened':
      invariant(
        event.data.reviewId === nextReviewId(state),
        `review ${event.data.reviewId} of subscription ${subscriptionId} is out of turn`,
      );
      return { reviews: [...state.reviews, event.data] };
    case 'SubscriptionReviewResolved':
      return resolved(state, event.data);
    case 'MembershipDelivered':
      invariant(event.data.sequence <= sequence, `subscription ${subscriptionId} delivered ${event.data.sequence}, decided ${sequence}`);
      return { delivery: { ...delivery, settled: Math.max(delivery.settled, event.data.sequence) } };
    case 'DeliveryFailed':
    case 'DeliveryTakenOver':
    case 'DeliveryAbandoned':
      if (event.data.sequence < sequence) return {}; // It concerns a decision that a newer one has replaced.
      return { delivery: { ...deliveryAfter(delivery, event, instance), revision } };
    case 'ShopAhead':
      invariant(state.decided !== undefined, `the shop is ahead of subscription ${subscriptionId}, for which nothing was decided`);
      invariant(
        event.data.sequence >= sequence,
        `the shop is ahead of subscription ${subscriptionId} with ${event.data.sequence}, decided ${sequence}`,
      );
      // Up to there the shop has decided already. The decision that follows in the same append is what it lacks.
      return { sequence: event.data.sequence, delivery: { ...delivery, settled: event.data.sequence } };
    case 'StripeRechecked':
      return { rechecks: withRecheck(state.rechecks, event.data) };
  }
}

function observed(state: SubscriptionState, data: SubscriptionObserved): Changes {
  const { reference = data.subscription } = state;
  if (isLifecycleOfAnother(state, data)) {
    return { facts: joinTimes(state.facts, data), reports: withReport(state.reports, contentKey(data), data.source) };
  }
  const facts = joinStatement(state.facts, data);
  if (data.fact.kind === 'lifecycle') return { reference, facts };
  return { reference, facts, reports: withReport(state.reports, contentKey(data), data.source) };
}

/** A stream follows one subscription of the provider: the state of another one says nothing about it. */
export function isLifecycleOfAnother({ reference }: SubscriptionState, { subscription, fact }: SubscriptionObserved): boolean {
  return fact.kind === 'lifecycle' && reference !== undefined && reference.id !== subscription.id;
}

/** Names a fact with its content in a subscription. Lifecycles are named by the provider's subscription too. */
export function contentKey({ subscription, fact }: Pick<SubscriptionObserved, 'subscription' | 'fact'>): string {
  const content = subscriptionFactContent(fact);
  return fact.kind === 'lifecycle' ? `${subscription.id} ${content}` : content;
}

const statusAfter: Readonly<Record<SubscriptionDecision['type'], MembershipStatus | 'same'>> = {
  SubscriptionGranted: 'active',
  SubscriptionExtended: 'same',
  SubscriptionChanged: 'same',
  SubscriptionSuspended: 'suspended',
  SubscriptionRestored: 'active',
  SubscriptionEnded: 'revoked',
  SubscriptionRevoked: 'revoked',
};
const using: readonly SubscriptionDecision['type'][] = ['SubscriptionGranted', 'SubscriptionExtended', 'SubscriptionRestored'];

function decided(state: SubscriptionState, event: SubscriptionDecision, revision: number, instance: string): Changes {
  const { type, data } = event;
  const { subscriptionId, sequence, usedInvoices } = state;
  invariant(data.sequence === sequence + 1, `subscription ${subscriptionId}: sequence ${data.sequence} follows ${sequence}`);
  if (type === 'SubscriptionGranted') invariant(state.membership === 'none', `S4: subscription ${subscriptionId} is granted twice`);
  else invariant(state.membership !== 'none', `subscription ${subscriptionId}: ${type} before any grant`);
  if (type === 'SubscriptionExtended') {
    invariant(data.invoice !== undefined, `S4: subscription ${subscriptionId} is extended by no invoice`);
    invariant(!usedInvoices.includes(data.invoice), `S4: invoice ${data.invoice} extends subscription ${subscriptionId} twice`);
  }
  const status = statusAfter[type];
  const used = data.invoice && using.includes(type) ? [...new Set([...usedInvoices, data.invoice])] : usedInvoices;
  return {
    membership: status === 'same' ? state.membership : status,
    decided: { ...data, outcome: subscriptionOutcomeOf(event) },
    usedInvoices: used,
    ...(type === 'SubscriptionGranted' ? { grantedBy: data.source } : {}),
    sequence: data.sequence,
    delivery: deliveryOfDecision(state.delivery, sequence !== (state.decided?.sequence ?? 0), instance, revision),
  };
}

/** Ends the review. A ruling on its invoice may follow; to accept one that is not paid accepts nothing that is reported later. */
function resolved(state: SubscriptionState, { reviewId, resolution }: SubscriptionReviewResolved): Changes {
  const review = state.reviews.find((each) => each.reviewId === reviewId);
  invariant(
    review !== undefined && review.resolution === undefined,
    `subscription ${state.subscriptionId}: review ${reviewId} is resolved, but is not open`,
  );
  const reviews = state.reviews.map((each) => (each === review ? { ...each, resolution } : each));
  const { invoice } = review;
  if (resolution === 'dismiss' || invoice === undefined) return { reviews };
  const known = itemNamed(state.facts.invoices, invoice, ({ id }) => id);
  if (resolution === 'grant' && known?.fact.status !== 'paid') return { reviews };
  return { reviews, rulings: { ...state.rulings, [invoice]: resolution === 'grant' ? 'accepted' : 'rejected' } };
}

/** True if the event is news to a person who looked at the subscription before it. */
function isNews(event: SubscriptionEvent, before: SubscriptionState, after: SubscriptionState): boolean {
  switch (event.type) {
    case 'SubscriptionObserved':
      return event.data.fact.kind === 'lifecycle'
        ? lifecycleText(before) !== lifecycleText(after)
        : before.reports.length !== after.reports.length;
    case 'CheckoutAttached':
    case 'StripeRechecked':
    case 'MembershipDelivered':
    case 'DeliveryFailed':
    case 'DeliveryTakenOver':
    case 'DeliveryAbandoned':
      return false;
    default:
      return true;
  }
}

export function nextReviewId(state: SubscriptionState): string {
  return `r${state.reviews.length + 1}`;
}

/** True if a review of the kind was ever opened for the invoice, resolved ones included. */
export function hasReview(state: SubscriptionState, kind: SubscriptionReviewKind, invoice: string | undefined): boolean {
  return state.reviews.some((review) => review.kind === kind && review.invoice === invoice);
}

function lifecycleText({ facts }: SubscriptionState): string | undefined {
  return facts.lifecycle && subscriptionFactContent(facts.lifecycle.fact);
}
