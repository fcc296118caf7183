// The customer pays a bare payment intent: what Stripe.js does in a page of the shop that has the intent's secret.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Fate } from '../fate.ts';
import type { Model } from '../model.ts';
import type { PaymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { unexpectedState } from './authorization.ts';
import { intentEnded } from './billing/intent-ended.ts';
import { disputeByItself } from './disputes.ts';
import { confirmIntent } from './intent-confirm.ts';
import { makeMethod } from './payment-method-record.ts';

/** The intent as it is then: a declined card leaves `last_payment_error`, and 3-D Secure waits for `authenticate`. Call it within a transaction. */
export function payIntent(model: Model, intentId: string, option: PaymentOption, fate: Fate | undefined): Stripe.PaymentIntent {
  const intent = model.state.intents.get(intentId);
  if (!intent) throw invalidRequest(`No such payment_intent: '${intentId}'`, { code: 'resource_missing' });
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw unexpectedState(intent, 'confirmed', 'requires_payment_method, requires_confirmation, requires_action');
  }
  const { group, fate: own } = announcementOf(model, intent);
  const about = { group, fate: fate ?? own };
  const method = makeMethod(model, option, { billing: { email: null } });
  const chosen = { ...intent, payment_method: method.id, next_action: null };
  const result = confirmIntent(model, chosen, option, about);
  intentEnded(model, result.intent);
  if (result.outcome === 'paid') releaseReordered(model, about);
  if (result.outcome !== 'declined') disputeByItself(model, result.intent, option);
  return result.intent;
}
