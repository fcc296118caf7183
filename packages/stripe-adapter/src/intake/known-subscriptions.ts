// The ledger of subscriptions, as the intake of Stripe's objects asks it.
import type { PaymentLedger, PaymentReference } from '@paidonce/ledger';
import type { LookOutcome, SubscriptionObservation, SubscriptionReference } from '@paidonce/ledger/adapter';
import type { IntakeResult } from './intake-result.ts';
import type { KnownSubscription } from './read-before.ts';

/** A subscription of the shop that the ledger knows. */
export interface OwnedSubscription extends Omit<KnownSubscription, 'plans'> {
  readonly subscriptionId: string;
  /** The `sub_…` that is linked. Absent: it has not begun, as far as the ledger knows. */
  readonly reference?: SubscriptionReference;
}

/** What this needs of a ledger of subscriptions. Each method throws LedgerError with a code of the store. */
export interface SubscriptionLedger {
  /**
   * Undefined: it is linked to none.
   *
   * @param reference `sub_…`, `in_…` or `cs_…`. A payment in full: its link names the `sub_…` before anything else does.
   */
  subscriptionOf(reference: string | PaymentReference): Promise<OwnedSubscription | undefined>;
  /** @throws LedgerError `invalid_input` also: it cannot take what Stripe says. */
  observeSubscription(observation: SubscriptionObservation): Promise<IntakeResult>;
  /** Has a person look at a subscription that Stripe does not have. */
  isMissing(subscriptionId: string): Promise<void>;
  countLook(outcome: LookOutcome): void;
}

export function knownSubscriptions(ledger: PaymentLedger): SubscriptionLedger {
  return {
    subscriptionOf: (reference) => ledger.forAdapters.subscriptions.known(reference),
    observeSubscription: async (observation) => {
      const result = await ledger.observeSubscription(observation);
      return result.outcome === 'unknown' ? { outcome: 'not_ours' } : result;
    },
    countLook: (outcome) => ledger.forAdapters.subscriptions.countLook(outcome),
    isMissing: async (subscriptionId) => {
      await ledger.forAdapters.subscriptions.openReview(subscriptionId, 'subscription_missing');
    },
  };
}
