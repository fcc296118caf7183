// Sessions that the app did not make: of something else, or as if they were for its order.
import type Stripe from 'stripe';
import { defined } from '../defined.ts';
import type { Purchase, Stage } from './stage.ts';

export interface SessionTerms {
  readonly amountMinor: number;
  readonly currency: string;
  readonly metadata: Record<string, string>;
  /** Default: `metadata`. */
  readonly intentMetadata?: Record<string, string>;
  readonly clientReferenceId?: string;
}

/**
 * The terms of the app's own session: another session made with them claims to be for this order. What stands on the payment intent
 * alone is known once somebody has tried to pay; nothing is reported of that try.
 */
export async function termsOf(stage: Stage, { session }: Purchase): Promise<SessionTerms> {
  if ((await intentOf(stage, session)) === null) stage.sandbox.pay(session.id, { card: 'declined', fate: 'never_made' });
  const intent = await intentOf(stage, session);
  return {
    amountMinor: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    metadata: { ...session.metadata },
    ...defined({ intentMetadata: intent?.metadata, clientReferenceId: session.client_reference_id ?? undefined }),
  };
}

async function intentOf({ stripe }: Stage, { id }: Stripe.Checkout.Session): Promise<Stripe.PaymentIntent | null> {
  const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
  return intent as Stripe.PaymentIntent | null;
}

/** An open session that the app did not create. */
export async function foreignSession(
  { stripe, sandbox }: Stage,
  { amountMinor, currency, metadata, intentMetadata = metadata, clientReferenceId }: SessionTerms,
): Promise<string> {
  const { id } = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency, unit_amount: amountMinor, product_data: { name: 'Something else' } } }],
    success_url: `${sandbox.url}/elsewhere`,
    metadata,
    payment_intent_data: { metadata: intentMetadata },
    ...defined({ client_reference_id: clientReferenceId }),
  });
  return id;
}
