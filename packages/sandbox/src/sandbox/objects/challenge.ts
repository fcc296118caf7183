// 3-D Secure: the customer's bank asks before it pays. The intent waits, with a URL where the answer is given.
import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import type { Failure, PaymentOption } from '../test-cards.ts';

export const AUTHENTICATION_FAILED: Failure = {
  code: 'payment_intent_authentication_failure',
  message: 'The provided payment method has failed authentication.',
};

/** Call it within a transaction. */
export function startChallenge(
  model: Model,
  intent: Stripe.PaymentIntent,
  option: PaymentOption,
  returnUrl: string | null,
): Stripe.PaymentIntent {
  model.state.challenges.put({ id: intent.id, option: option.name, returnUrl });
  return model.state.intents.put({
    ...intent,
    status: 'requires_action',
    next_action: { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url: challengeUrl(model, intent.id) } },
  });
}

export function challengeUrl({ baseUrl }: Model, intentId: string): string {
  return `${baseUrl}/c/authenticate/${intentId}`;
}
