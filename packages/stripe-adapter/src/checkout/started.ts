// What a started payment gives to the page of the customer.

/** An open Checkout session on Stripe's page. */
export interface StartedCheckout {
  /** `cs_…`, for `status`. */
  readonly sessionId: string;
  /** Send the customer here. */
  readonly url: string;
}

/** An open Checkout session that begins a subscription, on Stripe's page. */
export interface StartedSubscription extends StartedCheckout {
  readonly subscriptionId: string;
}

/** An open Checkout session on a page of yours. */
export interface StartedEmbeddedCheckout {
  /** `cs_…`, for `status`. */
  readonly sessionId: string;
  /** For Stripe.js on the customer's page, and for nobody else: never log or store it. */
  readonly clientSecret: string;
}

/** A payment intent that waits for a payment. */
export interface StartedPaymentIntent {
  /** `pi_…`, for `status`. */
  readonly paymentIntentId: string;
  /** For Stripe.js on the customer's page, and for nobody else: never log or store it. */
  readonly clientSecret: string;
}

export type Started = StartedCheckout | StartedEmbeddedCheckout | StartedPaymentIntent;

/** What leads the customer to an open session or intent. */
export type OpenCheckout =
  | { readonly ui: 'hosted'; readonly url: string }
  | { readonly ui: 'embedded' | 'elements' | 'intent'; readonly clientSecret: string };

export function startedOf(id: string, open: OpenCheckout): Started {
  if (open.ui === 'hosted') return { sessionId: id, url: open.url };
  const { clientSecret } = open;
  return open.ui === 'intent' ? { paymentIntentId: id, clientSecret } : { sessionId: id, clientSecret };
}
