// What a shop calls to begin a subscription, and to let its member manage it.
import { LedgerError } from '@paidonce/ledger';
import type { StartedSubscription } from './started.ts';
import { SubscriptionCheckout, type SubscriptionCheckoutParts } from './subscription-checkout.ts';
import { portalUrl } from './subscription-portal.ts';
import type { StartSubscription } from './subscription-terms.ts';

/** Refused with `invalid_input` where the ledger keeps no subscriptions. */
export interface SubscriptionPayments {
  /**
   * Places the subscription, and returns the page of Stripe's on which the member begins it. A member has one living subscription of
   * a kind: the page of one that he has left is closed first. While an earlier page of this subscription is open on the same price,
   * quantity and trial, it returns that again, also where a payment was declined on it; on others it is closed.
   *
   * @throws LedgerError `invalid_input`: a field or a Stripe parameter is invalid, the price cannot be the plan's, or the
   *   subscription was placed on other terms, or has ended (the message says which). `already_subscribed`: the member has a living
   *   one of that kind, or one whose first payment is not done, or another checkout of one took over in the same moment; the message
   *   names it.
   */
  startSubscription(subscription: StartSubscription): Promise<StartedSubscription>;
  /**
   * The address of the page of Stripe's on which the member changes his card or his plan, or cancels. Made for one visit.
   * `returnUrl`: where he comes back, an absolute http or https URL.
   *
   * @throws LedgerError `subscription_unknown`: it is not placed. `not_begun`: nothing at Stripe is known of it yet. `invalid_input`:
   *   also where Stripe refuses, as it does until the portal is set up.
   */
  portalUrl(subscriptionId: string, returnUrl: string): Promise<string>;
}

/** @param parts undefined: the ledger keeps no subscriptions. @param call what the adapter does around each of its calls. */
export function openSubscriptionPayments(
  parts: SubscriptionCheckoutParts | undefined,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): SubscriptionPayments {
  if (parts === undefined) return { startSubscription: refuse, portalUrl: refuse };
  const checkout = new SubscriptionCheckout(parts);
  return {
    startSubscription: (subscription) => call(() => checkout.start(subscription)),
    portalUrl: (subscriptionId, returnUrl) => call(() => portalUrl(subscriptionId, returnUrl, parts)),
  };
}

async function refuse(): Promise<never> {
  throw new LedgerError('invalid_input', 'There are no subscriptions here. Give createPaymentLedger the option `subscriptions`');
}
