// The part of the public interface that is about subscriptions.
import type { DeliverAnswer } from './delivery/shop-ahead.ts';
import type { ManualAction, PaymentReference } from './observation.ts';
import type { Resolution } from './order/events.ts';
import type { MembershipStatus } from './order/order.ts';
import type { RedeliverOutcome, Seen } from './seen.ts';
import type { SubscriptionChange } from './subscription/change.ts';
import type { SubscriptionOutcome } from './subscription/events.ts';
import type { SubscriptionObservation, SubscriptionReference, SubscriptionStatement } from './subscription/observation.ts';
import type { SubscriptionPolicyOptions } from './subscription/policy.ts';
import type { SubscriptionView } from './subscription/view.ts';

/** What makes a ledger keep subscriptions. */
export interface SubscriptionSettings {
  /**
   * What is a plan, how long access outlasts what was paid, and what takes it away. Fields that are missing take their defaults. It is
   * refused with `invalid_input` at the first append if it names a price no more that the policy before it in the log named, unless
   * `retired` has it.
   */
  readonly policy: SubscriptionPolicyOptions;
  /**
   * Delivers a decision about a subscription to the shop, under the same promises as `deliver` of orders. Absent: this process
   * decides, and leaves the delivery to other processes.
   */
  readonly deliver?: (change: SubscriptionChange, signal: AbortSignal) => Promise<DeliverAnswer> | DeliverAnswer;
}

/** A subscription as the shop places it. Ids: 1 to 128 of `A-Z a-z 0-9 . _ : -`; no personal data. */
export interface PlaceSubscription {
  readonly subscriptionId: string;
  readonly memberId: string;
  /** A plan of the policy; any, where the policy names none. */
  readonly plan: string;
  /** At most one living subscription of a kind for a member. Default `membership`. */
  readonly kind?: string;
  /** ISO 4217, lower case. Default: that of the first paid invoice. */
  readonly currency?: string;
  /** The provider's account that must receive the payments. */
  readonly account: string;
  /** True: live mode. False: test mode. */
  readonly livemode: boolean;
}

/** The subscription was placed before, on other terms. */
export interface SubscriptionPlacedOtherwise {
  readonly outcome: 'differs';
  readonly terms: readonly {
    readonly term: 'memberId' | 'plan' | 'kind' | 'currency' | 'account' | 'livemode';
    /** Absent: no currency was named. */
    readonly placed?: string | boolean;
    readonly given?: string | boolean;
  }[];
}

/** What `observeSubscription` did with what a source told. Branch on `outcome`. */
export type ObserveSubscriptionResult =
  /**
   * Something was recorded. `granted` to `revoked`: the decision that followed. `review`: it opened a review and no decision
   * followed. `recorded`: neither followed. `membership`: the status after it.
   */
  | {
      readonly outcome: SubscriptionOutcome | 'review' | 'recorded';
      readonly subscriptionId: string;
      readonly membership: MembershipStatus;
    }
  /** All of it was known. */
  | { readonly outcome: 'duplicate'; readonly subscriptionId: string }
  /** Neither its references nor our metadata name a subscription of this ledger: nothing was recorded. It may be imported. */
  | { readonly outcome: 'unknown'; readonly subscription: SubscriptionReference };

export type ImportSubscriptionResult =
  | { readonly outcome: 'imported' | 'exists' | 'not_entitled' }
  | { readonly outcome: 'belongs_to'; readonly subscriptionId: string };

/** Nothing was done, since the subscription has news that the person did not see. `revision`: as it is now. */
export interface StaleSubscription {
  readonly outcome: 'stale';
  readonly subscriptionId: string;
  readonly revision: number;
}

/**
 * What a ledger with the option `subscriptions` does for them; without it, each of these throws `invalid_input`. All throw
 * {@link LedgerError} as the other methods of the ledger.
 */
export interface SubscriptionLedger {
  /**
   * Places a subscription. `exists`: it was placed before on the same terms. `differs`: on other terms, which stay as they were.
   *
   * @throws LedgerError `invalid_input`: also where the policy has no such plan.
   */
  placeSubscription(subscription: PlaceSubscription): Promise<{ readonly outcome: 'placed' | 'exists' } | SubscriptionPlacedOtherwise>;
  /**
   * Links a provider's checkout session to the subscription. Durable when it answers, so call it before the customer is sent there.
   * `exists`: it was attached before. `belongs_to`: the session belongs to that other subscription, and nothing was attached.
   *
   * @throws LedgerError `subscription_unknown`: it is not placed. `invalid_input`: also where the session belongs to an order.
   */
  attachSubscription(
    subscriptionId: string,
    session: PaymentReference,
    /** ISO 8601. After it the provider accepts no payment on the session. Default: it does not expire. */
    options?: { readonly expiresAt?: string },
  ): Promise<{ readonly outcome: 'attached' | 'exists' } | { readonly outcome: 'belongs_to'; readonly subscriptionId: string }>;
  /**
   * Records all that one event, read or look tells of a subscription of the provider: one append and one decision. Durable when it
   * answers. The same call again is safe. Refunds and disputes of its payments may come by `observePayment` too.
   */
  observeSubscription(observation: SubscriptionObservation): Promise<ObserveSubscriptionResult>;
  /**
   * Imports a subscription that the shop served before it had a ledger: it is placed, and decided by what the provider says of it now,
   * in one append. What is decided is not delivered, since the shop has it. Later facts are decided and delivered as for any
   * subscription. `exists`: it is placed here already, and stays as it is. `not_entitled`: it is placed, and gives no access now.
   * `belongs_to`: the provider's subscription belongs to that other one.
   */
  importSubscription(
    subscription: PlaceSubscription & { readonly placedAt: string },
    /** What was read at the provider. `look`: the earliest provider's time of these reads; without it nothing that is over ends. */
    read: {
      readonly subscription: SubscriptionReference;
      readonly statements: readonly SubscriptionStatement[];
      readonly look?: string;
    },
    by: ManualAction,
  ): Promise<ImportSubscriptionResult>;
  /**
   * Resolves a review of a subscription, because a person decided. `grant`: its invoice counts after all. `revoke`: it no longer
   * counts. `dismiss`: nothing changes. `seenRevision`: `revision` of the view that the person read. `stale`: it has news since then,
   * or the review was resolved otherwise; read it again.
   */
  resolveSubscriptionReview(
    subscriptionId: string,
    reviewId: string,
    how: { readonly resolution: Resolution; readonly seenRevision: number },
    by: ManualAction,
  ): Promise<{ readonly outcome: 'resolved' } | StaleSubscription>;
  /**
   * As `redeliver`, of a subscription.
   *
   * @throws LedgerError `subscription_unknown`: it is not placed. `invalid_input`: also where this process has no `subscriptions.deliver`.
   */
  redeliverSubscription(
    subscriptionId: string,
    by: ManualAction,
    seen?: Seen,
  ): Promise<{ readonly outcome: RedeliverOutcome } | StaleSubscription>;
  /** Strong: from its own stream. Undefined until it is placed. */
  subscription(subscriptionId: string): Promise<SubscriptionView | undefined>;
  /**
   * Strong: the subscription that owns the provider's subscription, session, invoice or payment. `reference`: as of `orderOf`.
   * Undefined: there is none, or it is not placed.
   */
  subscriptionOf(reference: string | PaymentReference): Promise<SubscriptionView | undefined>;
}
