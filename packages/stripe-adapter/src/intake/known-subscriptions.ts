// The ledger of subscriptions, as the intake of Stripe's objects asks it.
import type { PaymentLedger } from '@paidonce/ledger';
import {
  defined,
  type KnownSubscription,
  type LookOutcome,
  type SubscriptionObservation,
  type SubscriptionReference,
  subscriptionFactContent,
} from '@paidonce/ledger/adapter';
import type { IntakeResult } from './intake-result.ts';
import type { KnownSubscription as JudgedSubscription } from './read-before.ts';

/** A subscription of the shop that the ledger knows. */
export interface OwnedSubscription extends Omit<JudgedSubscription, 'plans'> {
  readonly subscriptionId: string;
  /** The `sub_…` that is linked. Absent: it has not begun, as far as the ledger knows. */
  readonly reference?: SubscriptionReference;
}

/** What this needs of a ledger of subscriptions. Each method throws LedgerError with a code of the store. */
export interface SubscriptionLedger {
  /** @param reference `sub_…`, `in_…` or `cs_…`. Undefined: it is linked to none. */
  subscriptionOf(reference: string): Promise<OwnedSubscription | undefined>;
  /** @throws LedgerError `invalid_input` also: it cannot take what Stripe says. */
  observeSubscription(observation: SubscriptionObservation): Promise<IntakeResult>;
  /** Has a person look at a subscription that Stripe does not have. */
  isMissing(subscriptionId: string): Promise<void>;
  countLook(outcome: LookOutcome): void;
}

export function knownSubscriptions(ledger: PaymentLedger): SubscriptionLedger {
  return {
    subscriptionOf: async (reference) => {
      const known = await ledger.forAdapters.subscriptions.known(reference);
      return known && ownedBy(known);
    },
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

function ownedBy({ subscriptionId, reference, lifecycle, paidThrough, invoices }: KnownSubscription): OwnedSubscription {
  const contents = new Map(invoices.map(({ fact }) => [fact.id, fact]));
  return {
    subscriptionId,
    ...defined({ reference, lifecycle, paidThrough }),
    holds: (invoice) => {
      const held = contents.get(invoice.id);
      return held !== undefined && subscriptionFactContent(held) === subscriptionFactContent(invoice);
    },
  };
}
