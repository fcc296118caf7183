// A Checkout session as the sandbox keeps it, and as the API shows it.
import type Stripe from 'stripe';
import type { Fate } from '../fate.ts';
import type { Model } from '../model.ts';
import type { Row } from '../state/collection.ts';

export const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
export const FUTURE_USAGES = ['on_session', 'off_session'] as const;

/** `payment_intent_data`, kept until the customer confirms: only then there is an intent. */
export interface IntentData {
  readonly metadata: Record<string, string>;
  readonly captureMethod: (typeof CAPTURE_METHODS)[number];
  readonly description: string | null;
  readonly receiptEmail: string | null;
  readonly statementDescriptor: string | null;
  readonly statementDescriptorSuffix: string | null;
  readonly setupFutureUsage: (typeof FUTURE_USAGES)[number] | null;
  /** More than was authorized may be captured. */
  readonly overcapture: boolean;
}

export interface CheckoutRecord extends Row {
  /** Without what depends on the server's address (`url`), which may change with a restart. */
  readonly session: Stripe.Checkout.Session;
  readonly lineItems: readonly Stripe.LineItem[];
  readonly intentData: IntentData;
  /** Null: nobody chose one, and the metadata names none. */
  readonly fate: Fate | null;
}

/** As `GET /v1/checkout/sessions/:id` answers it. */
export function renderSession(model: Model, { id, session }: CheckoutRecord): Stripe.Checkout.Session {
  const recovery = session.after_expiration?.recovery;
  return {
    ...session,
    url: session.status === 'open' ? `${model.baseUrl}/c/pay/${id}` : null,
    ...(recovery?.enabled && session.status === 'expired'
      ? { after_expiration: { recovery: { ...recovery, url: `${model.baseUrl}/c/recover/${id}` } } }
      : {}),
  };
}

/** Stripe fills the literal form only: an encoded `%7BCHECKOUT_SESSION_ID%7D` reaches the shop as it is. */
export function filledSuccessUrl({ baseUrl }: Model, { id, session }: CheckoutRecord): string {
  // A Payment Link without a redirect ends on Stripe's own page.
  return (session.success_url ?? `${baseUrl}/c/pay/${id}`).replaceAll('{CHECKOUT_SESSION_ID}', id);
}
