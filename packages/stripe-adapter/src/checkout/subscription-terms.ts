// What starts a subscription: whose it is, which plan at which price, and more of Stripe's own parameters.
import type Stripe from 'stripe';

/** Parameters of a Checkout session that the start of a subscription sets. */
export const subscriptionSessionNames = ['mode', 'success_url', 'cancel_url', 'ui_mode', 'return_url', 'customer'] as const;

/** A subscription that begins on Stripe's page, and the pages that the customer returns to. */
export interface StartSubscription {
  /** Yours. A-Z a-z 0-9 . _ : -, 1 to 128 of them; not an order's, and not beginning with `sub_`. */
  readonly subscriptionId: string;
  readonly memberId: string;
  /** A plan of the policy. */
  readonly plan: string;
  /** A member has at most one living subscription of a kind. Default `membership`, so that the plans exclude each other. */
  readonly kind?: string;
  /** A price of the plan, or of a product of it. Default: the plan's only price. */
  readonly price?: string;
  /** Seats, 1 to 999,999. Default 1. */
  readonly quantity?: number;
  /** Days until the first payment, 1 to 730. Only where the policy gives something for a trial. Default: no trial. */
  readonly trialDays?: number;
  /** The customer at Stripe, `cus_…`. Default: that of the member's last subscription, else Stripe makes one. */
  readonly customer?: string;
  /** An absolute http or https URL. `session_id={CHECKOUT_SESSION_ID}` is added if it has no such placeholder. */
  readonly successUrl: string;
  /** An absolute http or https URL. Default: Stripe's page shows no way back. */
  readonly cancelUrl?: string;
  /** For platforms: the connected account (`acct_…`) on which it is made. Default: the key's own account. */
  readonly connectedAccount?: string;
  /** More of Stripe's own parameters. Its `line_items` come beside the plan, as a setup fee does, and are of no plan. */
  readonly session?: SubscriptionSessionOptions;
}

/** Stripe's own parameters for a Checkout session, without those that the start of a subscription sets. */
export type SubscriptionSessionOptions = Omit<Stripe.Checkout.SessionCreateParams, (typeof subscriptionSessionNames)[number]>;

/** A checked input. */
export interface CheckedSubscription extends StartSubscription {
  readonly kind: string;
  readonly price: string;
  readonly quantity: number;
}
