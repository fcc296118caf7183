// The customer's bank has answered the 3-D Secure challenge: the payment goes on, or the customer tries another card.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { type PaymentOption, paymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { intentEnded } from './billing/intent-ended.ts';
import { AUTHENTICATION_FAILED } from './challenge.ts';
import { finish } from './checkout-confirm.ts';
import { disputeByItself } from './disputes.ts';
import { emit } from './events.ts';
import { confirmIntent } from './intent-confirm.ts';
import { failed } from './intent-object.ts';

/** The result of a 3-D Secure challenge. */
export interface Authentication {
  readonly intent: Stripe.PaymentIntent;
  /** Where the customer goes next. Null: the intent was confirmed without a `return_url`. */
  readonly returnUrl: string | null;
}

/** Call it within a transaction. @throws StripeApiError 400 if the payment waits for no answer. */
export function authenticate(model: Model, intentId: string, outcome: 'succeeded' | 'failed'): Authentication {
  const { state } = model;
  const challenge = state.challenges.get(intentId);
  const intent = state.intents.get(intentId);
  if (!challenge || !intent) throw invalidRequest(`The payment ${intentId} waits for no 3-D Secure answer.`);
  state.challenges.remove(intentId);
  const option = paymentOption(challenge.option) as PaymentOption;
  const about = announcementOf(model, intent);
  const record = state.sessions.withKey(intentId)[0];
  // A session that has expired in the meantime can no longer be paid.
  if (outcome === 'failed' || (record && record.session.status !== 'open')) {
    const declined = state.intents.put(failed(intent, AUTHENTICATION_FAILED, null));
    emit(model, 'payment_intent.payment_failed', declined, about);
    intentEnded(model, declined);
    return { intent: declined, returnUrl: record ? pageOf(model, record.id) : challenge.returnUrl };
  }
  const confirmed = confirmIntent(model, { ...intent, next_action: null }, option, about, { authenticated: true });
  if (!record) {
    intentEnded(model, confirmed.intent);
    if (confirmed.outcome === 'paid') releaseReordered(model, about);
    disputeByItself(model, confirmed.intent, option);
    return { intent: confirmed.intent, returnUrl: challenge.returnUrl };
  }
  const finished = finish(model, record, option, confirmed);
  return { intent: confirmed.intent, returnUrl: finished.outcome === 'completed' ? finished.successUrl : pageOf(model, record.id) };
}

function pageOf({ baseUrl }: Model, sessionId: string): string {
  return `${baseUrl}/c/pay/${sessionId}`;
}
