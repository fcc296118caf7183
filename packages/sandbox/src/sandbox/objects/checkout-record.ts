// A Checkout session as the API shows it.

import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';

/** The session as `GET /v1/checkout/sessions/:id` answers it. */
export function renderSession(model: Model, { id, session }: CheckoutRecord): Stripe.Checkout.Session {
  const recovery = session.after_expiration?.recovery;
  return {
    ...session,
    client_secret: session.status === 'open' ? session.client_secret : null,
    url: session.status === 'open' && session.ui_mode === 'hosted_page' ? `${model.baseUrl}/c/pay/${id}` : null,
    ...(recovery?.enabled && session.status === 'expired'
      ? { after_expiration: { recovery: { ...recovery, url: `${model.baseUrl}/c/recover/${id}` } } }
      : {}),
  };
}

/** Stripe fills only the literal placeholder: an encoded `%7BCHECKOUT_SESSION_ID%7D` reaches the shop unchanged. */
export function filledSuccessUrl({ baseUrl }: Model, { id, session }: CheckoutRecord): string {
  // A Payment Link without a redirect ends on Stripe's own page; an embedded session without one, where it was.
  return (session.success_url ?? session.return_url ?? `${baseUrl}/c/pay/${id}`).replaceAll('{CHECKOUT_SESSION_ID}', id);
}
