// Payment intents: read, capture, cancel. They come into being when a customer confirms a Checkout session.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { capturedCharge } from './charges.ts';
import type { CheckoutRecord } from './checkout-record.ts';
import { emit } from './events.ts';

export function buildIntent(model: Model, { session, intentData }: CheckoutRecord): Stripe.PaymentIntent {
  const id = model.newId('pi_');
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: session.amount_total ?? 0,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: intentData.captureMethod,
    client_secret: `${id}_secret_${model.newId('', 24)}`,
    confirmation_method: 'automatic',
    created: model.clock.nowSeconds(),
    currency: session.currency ?? 'usd',
    customer: session.customer,
    customer_account: null,
    description: intentData.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: intentData.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: session.payment_method_types,
    payment_record: null,
    processing: null,
    receipt_email: intentData.receiptEmail,
    review: null,
    setup_future_usage: intentData.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: intentData.statementDescriptor,
    statement_descriptor_suffix: intentData.statementDescriptorSuffix,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  parameters.ignored('customer');
  return listPage(model.state.intents, parameters, '/v1/payment_intents', (intent) => within(created, intent.created));
}

function update({ model, parameters, id }: Call): object {
  const intent = found(model.state.intents.get(id), 'payment_intent', id);
  const metadata = { ...intent.metadata };
  for (const [key, value] of Object.entries(parameters.metadata() ?? {})) {
    if (value === '') delete metadata[key];
    else metadata[key] = value;
  }
  return model.state.intents.put({ ...intent, metadata, description: parameters.string('description') ?? intent.description });
}

function capture({ model, parameters, id }: Call): object {
  const intent = found(model.state.intents.get(id), 'payment_intent', id);
  const amount = parameters.integer('amount_to_capture', { min: 1 }) ?? intent.amount_capturable;
  parameters.metadata();
  parameters.ignored('final_capture');
  if (intent.status !== 'requires_capture') throw unexpectedState(intent, 'captured', 'requires_capture');
  if (amount > intent.amount_capturable) {
    throw invalidRequest(`The requested capture amount ${amount} is greater than the authorized amount ${intent.amount_capturable}.`, {
      code: 'amount_too_large',
      param: 'amount_to_capture',
    });
  }
  const { state } = model;
  const about = announcementOf(model, intent);
  const charge = state.charges.get(String(intent.latest_charge));
  // No session event follows a capture: only the charge and the intent tell.
  if (charge) emit(model, 'charge.captured', state.charges.put(capturedCharge(model, charge, amount)), about);
  const succeeded = state.intents.put({ ...intent, status: 'succeeded', amount_capturable: 0, amount_received: amount });
  emit(model, 'payment_intent.succeeded', succeeded, about);
  releaseReordered(model, about);
  return succeeded;
}

const CANCELABLE = ['requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action', 'processing'];
const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;

function cancel({ model, parameters, id }: Call): object {
  const intent = found(model.state.intents.get(id), 'payment_intent', id);
  const reason = parameters.oneOf('cancellation_reason', REASONS) ?? null;
  if (!CANCELABLE.includes(intent.status)) throw unexpectedState(intent, 'canceled', CANCELABLE.join(', '));
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
  const about = announcementOf(model, canceled);
  emit(model, 'payment_intent.canceled', canceled, about);
  releaseReordered(model, about);
  return canceled;
}

function unexpectedState(intent: Stripe.PaymentIntent, verb: string, needed: string): Error {
  return invalidRequest(
    `This PaymentIntent (${intent.id}) could not be ${verb} because it has a status of ${intent.status}. It must be one of: ${needed}.`,
    { code: 'payment_intent_unexpected_state', paymentIntent: intent },
  );
}

export const paymentIntentRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/payment_intents', handle: list },
  {
    method: 'GET',
    path: '/v1/payment_intents/:intent',
    handle: ({ model, parameters, id }) => {
      parameters.ignored('client_secret');
      return found(model.state.intents.get(id), 'payment_intent', id);
    },
  },
  { method: 'POST', path: '/v1/payment_intents/:intent', handle: update },
  { method: 'POST', path: '/v1/payment_intents/:intent/capture', handle: capture },
  { method: 'POST', path: '/v1/payment_intents/:intent/cancel', handle: cancel },
];
