// Payment intents over the API: created, confirmed, captured, canceled. A Checkout session makes its own when the
// customer confirms.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { captureIntent, unexpectedState } from './authorization.ts';
import { emit } from './events.ts';
import { confirmCreated, createIntent } from './intent-create.ts';

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  const customer = parameters.string('customer');
  return listPage(model.state.intents, parameters, '/v1/payment_intents', (intent) => {
    return within(created, intent.created) && (customer ?? intent.customer) === intent.customer;
  });
}

function intentNamed({ model, id }: Call): Stripe.PaymentIntent {
  return found(model.state.intents.get(id), 'payment_intent', id);
}

function update(call: Call): object {
  const { model, parameters } = call;
  const intent = intentNamed(call);
  const amount = parameters.integer('amount', { min: 1 });
  const isOpen = ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status);
  if (amount !== undefined && !isOpen) throw unexpectedState(intent, 'changed', 'requires_payment_method, requires_confirmation');
  return model.state.intents.put({
    ...intent,
    amount: amount ?? intent.amount,
    metadata: parameters.changedMetadata(intent.metadata),
    description: parameters.changedString('description', intent.description),
  });
}

function capture(call: Call): object {
  const { parameters } = call;
  const amount = parameters.integer('amount_to_capture', { min: 1 });
  parameters.metadata();
  if (parameters.boolean('final_capture') === false) {
    throw invalidRequest('The sandbox captures once: leave final_capture out.', { param: 'final_capture' });
  }
  parameters.ignored('statement_descriptor', 'statement_descriptor_suffix');
  return captureIntent(call.model, intentNamed(call), amount);
}

const CANCELABLE = ['requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action', 'processing'];
const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;

function cancel(call: Call): object {
  const { model, parameters, id } = call;
  const intent = intentNamed(call);
  const reason = parameters.oneOf('cancellation_reason', REASONS) ?? null;
  if (!CANCELABLE.includes(intent.status)) throw unexpectedState(intent, 'canceled', CANCELABLE.join(', '));
  if (intent.status !== 'requires_capture' && model.state.sessions.withKey(id).length > 0) {
    throw invalidRequest(
      'The PaymentIntent of a Checkout Session can be canceled only while it is requires_capture. Otherwise, expire the Checkout Session.',
    );
  }
  const now = model.clock.nowSeconds();
  const canceled = model.state.intents.put({
    ...intent,
    status: 'canceled',
    canceled_at: now,
    cancellation_reason: reason,
    amount_capturable: 0,
    next_action: null,
  });
  model.state.settlements.remove(id);
  model.state.challenges.remove(id);
  const about = announcementOf(model, canceled);
  emit(model, 'payment_intent.canceled', canceled, about);
  releaseReordered(model, about);
  return canceled;
}

function retrieve(call: Call): object {
  call.parameters.ignored('client_secret');
  return intentNamed(call);
}

const INTENT = '/v1/payment_intents/:intent';

export const paymentIntentRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/payment_intents', handle: createIntent },
  { method: 'GET', path: '/v1/payment_intents', handle: list },
  { method: 'GET', path: INTENT, handle: retrieve },
  { method: 'POST', path: INTENT, handle: update },
  { method: 'POST', path: `${INTENT}/confirm`, handle: (call) => confirmCreated(call, intentNamed(call)) },
  { method: 'POST', path: `${INTENT}/capture`, handle: capture },
  { method: 'POST', path: `${INTENT}/cancel`, handle: cancel },
];
