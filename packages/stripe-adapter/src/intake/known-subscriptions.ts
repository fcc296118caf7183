// The ledger of subscriptions, as the intake of Stripe's objects asks it.
import type { PaymentLedger } from '@paidonce/ledger';
import { defined, type KnownSubscription, subscriptionFactContent } from '@paidonce/ledger/adapter';
import type { OwnedSubscription, SubscriptionLedger } from './subscription-intake.ts';

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
