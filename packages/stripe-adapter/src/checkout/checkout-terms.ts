// What `startCheckout` takes: the order, where the customer pays it, and more of Stripe's own parameters.
import type { PlaceOrder } from '@paidonce/ledger';
import type Stripe from 'stripe';

/** Parameters of a Checkout session that `startCheckout` sets. */
export const sessionParameters = ['mode', 'success_url', 'cancel_url', 'ui_mode', 'return_url'] as const;
/** Parameters of a payment intent that `startCheckout` sets. */
export const intentParameters = ['amount', 'currency', 'confirm', 'confirmation_token', 'payment_method', 'payment_method_data'] as const;

/** Stripe's own parameters for a Checkout session, without those that `startCheckout` sets. */
export type SessionOptions = Omit<Stripe.Checkout.SessionCreateParams, (typeof sessionParameters)[number]>;
/** Stripe's own parameters for a payment intent, without those that `startCheckout` sets. */
export type IntentOptions = Omit<Stripe.PaymentIntentCreateParams, (typeof intentParameters)[number]>;

/** The order without account and mode: those come from what Stripe makes. */
export type OrderTerms = Omit<PlaceOrder, 'account' | 'livemode'>;

interface AnyCheckout extends OrderTerms {
  /** For platforms: the connected account (`acct_…`) on which it is made. Default: the key's own account. */
  readonly connectedAccount?: string;
  /**
   * `refuse`: throws `duplicate_order` while another order gives the member this plan and was paid within the ledger's
   * `duplicateWithinHours`. Default `allow`: the alert `same_plan_twice` tells of it once both are paid.
   */
  readonly ifDuplicate?: 'allow' | 'refuse';
}

/** An order that is paid on Stripe's page, and the pages that the customer returns to. */
export interface StartCheckout extends AnyCheckout {
  readonly ui?: 'hosted';
  /** An absolute http or https URL. `session_id={CHECKOUT_SESSION_ID}` is added if it has no such placeholder. */
  readonly successUrl: string;
  /** An absolute http or https URL. Default: Stripe's page shows no way back. */
  readonly cancelUrl?: string;
  /** More of Stripe's own parameters. Default for `line_items`: one item, the plan at the order's amount. */
  readonly session?: SessionOptions;
}

/** An order that is paid on a page of yours, which shows a Checkout session of Stripe. */
export interface StartEmbeddedCheckout extends AnyCheckout {
  /** `embedded`: Stripe's form in your page (`embedded_page`). `elements`: your own form of Stripe's elements. */
  readonly ui: 'embedded' | 'elements';
  /**
   * An absolute http or https URL, to which the customer comes back. `session_id={CHECKOUT_SESSION_ID}` is added if it has no
   * such placeholder. Absent only where an embedded session has `redirect_on_completion: 'never'`.
   */
  readonly returnUrl?: string;
  /** More of Stripe's own parameters. Default for `line_items`: one item, the plan at the order's amount. */
  readonly session?: SessionOptions;
}

/** An order that is paid by a bare payment intent, which a page of yours confirms: without Checkout, and its discounts and tax. */
export interface StartPaymentIntent extends AnyCheckout {
  readonly ui: 'intent';
  /** More of Stripe's own parameters. */
  readonly intent?: IntentOptions;
}

/** Where the customer pays. */
export type CheckoutUi = 'hosted' | 'embedded' | 'elements' | 'intent';

/** A checked input. Of `session` and `intent` there is the one that the `ui` has. */
export interface CheckedStart {
  readonly ui: CheckoutUi;
  readonly order: OrderTerms;
  readonly connectedAccount?: string;
  readonly ifDuplicate?: 'allow' | 'refuse';
  /** With the placeholder for the session's id, as `returnUrl`. */
  readonly successUrl?: string;
  readonly cancelUrl?: string;
  readonly returnUrl?: string;
  readonly session?: SessionOptions;
  readonly intent?: IntentOptions;
}
