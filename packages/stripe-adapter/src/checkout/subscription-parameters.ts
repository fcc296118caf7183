// What is asked of Stripe to start a subscription: the caller's parameters, with what makes the objects ours and pins the price.
import { defined } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import { termsMetadata } from '../mapping/claim.ts';
import type { StripePrice } from '../stripe/subscription-objects.ts';
import { hashOf } from './checkout-parameters.ts';
import type { CheckedSubscription, SubscriptionSessionOptions } from './subscription-terms.ts';

/**
 * The marks stand on the session and on the subscription: Stripe copies those into each invoice. `currency` is always named: a
 * price in several currencies would otherwise be charged in that of the visitor's country, and a subscription keeps it for life.
 *
 * @param former the customer of the member's last subscription, where the caller names none.
 */
export function subscriptionSessionParameters(
  start: CheckedSubscription,
  price: Pick<StripePrice, 'id' | 'currency'>,
  marks: Record<string, string>,
  former?: string,
): Stripe.Checkout.SessionCreateParams {
  const { quantity, trialDays, customer, successUrl, cancelUrl } = start;
  const session = sessionFor(former, start);
  const terms = startedTerms(start);
  const data = session.subscription_data;
  return {
    currency: price.currency,
    ...session,
    mode: 'subscription',
    line_items: [{ price: price.id, quantity }, ...(session.line_items ?? [])],
    success_url: successUrl,
    ...defined({ cancel_url: cancelUrl, customer }),
    metadata: { ...session.metadata, ...marks, ...termsMetadata(terms) },
    subscription_data: { ...data, ...defined({ trial_period_days: trialDays }), metadata: { ...data?.metadata, ...marks } },
  };
}

/** Stripe takes one of both: its customer, or the account that is to have the same role. */
export function namesCustomer({ customer, session }: Pick<CheckedSubscription, 'customer' | 'session'>): boolean {
  return customer !== undefined || session?.customer_account !== undefined;
}

/** The caller cannot know whether the member has a customer, and Stripe takes `customer_update` beside one alone. */
function sessionFor(former: string | undefined, start: CheckedSubscription): Stripe.Checkout.SessionCreateParams {
  const { session = {} } = start;
  if (former !== undefined) return sessionOfFormer(former, session);
  const { customer_update: _, ...others } = session;
  return namesCustomer(start) ? session : others;
}

/** The caller did not ask for this customer, so nothing that he does ask for may be refused because of him. */
function sessionOfFormer(
  customer: string,
  { customer_email: _, ...session }: SubscriptionSessionOptions,
): Stripe.Checkout.SessionCreateParams {
  const asksForTax = session.tax_id_collection?.enabled === true || session.automatic_tax?.enabled === true;
  const shipping = session.shipping_address_collection ? ({ shipping: 'auto' } as const) : {};
  const update = { name: 'auto', address: 'auto', ...shipping, ...session.customer_update } as const;
  return { ...session, customer, ...(asksForTax && { customer_update: update }) };
}

/** What the customer chose: a session that is open on other terms is not what he wants now. */
export function startedTerms({ price, quantity, trialDays = 0 }: Pick<CheckedSubscription, 'price' | 'quantity' | 'trialDays'>): string {
  return hashOf([price, quantity, trialDays]);
}

/** The idempotency key, from the log and the terms alone, so that every process and every retry uses the same one. */
export function subscriptionKeyFor({ subscriptionId }: CheckedSubscription, parameters: object, attached: number, scope: string): string {
  return `${scope}-${subscriptionId}-subscription-${attached}-${hashOf(parameters)}`;
}
