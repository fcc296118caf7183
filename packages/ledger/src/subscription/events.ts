// The events of a subscription's stream, in their current shapes.
import type { ManualAction, PaymentReference, Source } from '../observation.ts';
import type {
  CheckoutAttached,
  DeliveryAbandoned,
  DeliveryFailed,
  DeliveryTakenOver,
  MembershipDelivered,
  Resolution,
  ShopAhead,
  StripeRechecked,
} from '../order/events.ts';
import type { SubscriptionReference, SubscriptionStatement } from './observation.ts';

/** The shop's subscription: who pays again and again for which plan. At most one in a stream. */
export interface SubscriptionPlaced {
  readonly subscriptionId: string;
  readonly memberId: string;
  readonly plan: string;
  /** At most one living subscription of a kind for a member. */
  readonly kind: string;
  /** ISO 4217, lower case. Absent: that of the first paid invoice. */
  readonly currency?: string;
  readonly account: string;
  /** True: live mode. False: test mode. */
  readonly livemode: boolean;
  /** `started`: by `startSubscription`. `imported`: it existed before the ledger. */
  readonly origin: 'started' | 'imported';
  /** ISO 8601 UTC. */
  readonly placedAt: string;
}

/** A statement as it is recorded. Those of one append were told together. */
export type SubscriptionObserved = SubscriptionStatement & {
  readonly subscription: SubscriptionReference;
  readonly subscriptionId?: string;
  /** The time of the look that told it. ISO 8601 UTC. Absent: no look did. */
  readonly look?: string;
  /** Our clock, ISO 8601 UTC. */
  readonly observedAt: string;
  readonly factKey: string;
} & ({ readonly source: 'webhook' | 'poll' | 'status_query' } | { readonly source: 'manual'; readonly by: ManualAction });

/** Why access is as it is. */
export type AccessCause =
  | 'paid'
  | 'trial'
  | 'free'
  | 'plan'
  | 'grace'
  | 'paused'
  | 'refunded'
  | 'disputed'
  | 'canceled'
  | 'unpaid'
  | 'expired'
  | 'person';

/** The data of all decisions: the whole state to be in. The type of the event says what changed. */
export interface SubscriptionDecided {
  /** The subscription's id in the shop. */
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly quantity: number;
  /** 1, 2, 3… within the subscription. It jumps only after a `ShopAhead`. */
  readonly sequence: number;
  /** The latest end of what is paid for. ISO 8601 UTC. Absent: nothing that was paid stands. */
  readonly paidThrough?: string;
  /** While active: let in until then without hearing from us, graces included. Else: when it ended, or would. ISO 8601 UTC. */
  readonly validUntil: string;
  readonly cause: AccessCause;
  readonly trial: boolean;
  /** When the invoice that access rests on was paid; of a trial, its start. Provider's clock, ISO 8601 UTC. */
  readonly paidAt: string;
  /** The invoice that this decision is about. Absent: it is about none. */
  readonly invoice?: string;
  /** The payment of that invoice. Absent: none is known. */
  readonly payment?: PaymentReference;
  readonly source: Source;
}
/** `plan_changed`: plan or quantity. `adjusted`: `validUntil` alone, for the shop's row. */
export interface SubscriptionChanged extends SubscriptionDecided {
  readonly change: 'plan_changed' | 'adjusted';
}

export type SubscriptionReviewKind =
  | 'paid_after_end'
  | 'paid_for_the_past'
  | 'credit_of_unpaid'
  | 'unknown_price'
  | 'two_plans'
  | 'double_subscription'
  | 'shared_payment'
  | 'dispute_past_period'
  | 'metered_only'
  | 'subscription_missing'
  | 'currency'
  | 'mode'
  | 'account'
  | 'conflicting_evidence'
  | 'claimed_by_two';

/** A person must look. */
export interface SubscriptionReviewOpened {
  readonly reviewId: string;
  readonly kind: SubscriptionReviewKind;
  /** The invoice that it is about. Absent: the subscription as a whole. */
  readonly invoice?: string;
  readonly openedAt: string;
}
/** A person's word about a review: `grant` accepts its invoice, `revoke` rejects it, `dismiss` changes nothing. */
export interface SubscriptionReviewResolved {
  readonly reviewId: string;
  readonly resolution: Resolution;
  readonly seenRevision: number;
  readonly by: ManualAction;
}

/** The data of each event type. Delivery events are those of orders. */
export interface SubscriptionEventData {
  SubscriptionPlaced: SubscriptionPlaced;
  CheckoutAttached: CheckoutAttached;
  SubscriptionObserved: SubscriptionObserved;
  SubscriptionGranted: SubscriptionDecided;
  SubscriptionExtended: SubscriptionDecided;
  SubscriptionChanged: SubscriptionChanged;
  SubscriptionSuspended: SubscriptionDecided;
  SubscriptionRestored: SubscriptionDecided;
  SubscriptionEnded: SubscriptionDecided;
  SubscriptionRevoked: SubscriptionDecided;
  SubscriptionReviewOpened: SubscriptionReviewOpened;
  SubscriptionReviewResolved: SubscriptionReviewResolved;
  MembershipDelivered: MembershipDelivered;
  DeliveryFailed: DeliveryFailed;
  DeliveryTakenOver: DeliveryTakenOver;
  DeliveryAbandoned: DeliveryAbandoned;
  ShopAhead: ShopAhead;
  StripeRechecked: StripeRechecked;
}
export type SubscriptionEventType = keyof SubscriptionEventData;
export type SubscriptionEvent = {
  [T in SubscriptionEventType]: { readonly type: T; readonly data: SubscriptionEventData[T] };
}[SubscriptionEventType];

export type SubscriptionDecisionType =
  | 'SubscriptionGranted'
  | 'SubscriptionExtended'
  | 'SubscriptionChanged'
  | 'SubscriptionSuspended'
  | 'SubscriptionRestored'
  | 'SubscriptionEnded'
  | 'SubscriptionRevoked';
/** The word for a decision in answers and deliveries. */
export type SubscriptionOutcome = 'granted' | 'extended' | 'plan_changed' | 'adjusted' | 'suspended' | 'restored' | 'ended' | 'revoked';

const outcomes = {
  SubscriptionGranted: 'granted',
  SubscriptionExtended: 'extended',
  SubscriptionSuspended: 'suspended',
  SubscriptionRestored: 'restored',
  SubscriptionEnded: 'ended',
  SubscriptionRevoked: 'revoked',
} as const satisfies Partial<Record<SubscriptionDecisionType, SubscriptionOutcome>>;

export type SubscriptionDecision = Extract<SubscriptionEvent, { type: SubscriptionDecisionType }>;

export function isSubscriptionDecision(event: SubscriptionEvent): event is SubscriptionDecision {
  return event.type === 'SubscriptionChanged' || Object.hasOwn(outcomes, event.type);
}

export function subscriptionOutcomeOf(decision: SubscriptionDecision): SubscriptionOutcome {
  return decision.type === 'SubscriptionChanged' ? decision.data.change : outcomes[decision.type];
}
