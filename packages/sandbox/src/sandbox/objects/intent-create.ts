// `POST /v1/payment_intents` and its confirmation: payments that a shop takes without Checkout.

import type Stripe from 'stripe';
import { defined } from '../../defined.ts';
import type { Parameters } from '../api/parameters.ts';
import type { Call } from '../api/route.ts';
import { invalidRequest, missingParameter, StripeApiError } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import { CAPTURE_METHODS, FUTURE_USAGES } from '../state/records.ts';
import { type PaymentOption, paymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { unexpectedState } from './authorization.ts';
import { intentEnded } from './billing/intent-ended.ts';
import { refuseUnchargeable } from './charge-limits.ts';
import { readCustomer } from './customers.ts';
import { disputeByItself } from './disputes.ts';
import { emit } from './events.ts';
import { confirmIntent } from './intent-confirm.ts';
import { buildIntent } from './intent-object.ts';
import { readMethodTypes } from './method-types.ts';
import { methodNamed, readMethod } from './payment-methods.ts';

/** Accepted, and without an effect here. */
const WITHOUT_EFFECT = ['mandate_data', 'off_session', 'radar_options', 'shipping', 'use_stripe_sdk'];
/** Connect's way to share a payment. */
export const TRANSFERS = ['application_fee_amount', 'on_behalf_of', 'transfer_data', 'transfer_group'] as const;
export const NO_TRANSFERS = 'The sandbox has no transfers and no application fees.';

export function createIntent(call: Call): object {
  const { model, parameters } = call;
  parameters.onlyOneOf('automatic_payment_methods', 'payment_method_types');
  parameters.refused(NO_TRANSFERS, ...TRANSFERS);
  const amountMinor = parameters.integer('amount', { min: 1 });
  if (amountMinor === undefined) throw missingParameter('amount');
  const currency = parameters.currency('currency');
  if (currency === undefined) throw missingParameter('currency');
  refuseUnchargeable(amountMinor, currency, 'amount');
  const automatic = parameters.hash('automatic_payment_methods');
  automatic?.ignored('allow_redirects');
  const types = readMethodTypes(parameters);
  const intent = buildIntent(model, {
    amountMinor,
    currency,
    customer: readCustomer(model, parameters),
    metadata: parameters.metadata() ?? {},
    captureMethod: parameters.oneOf('capture_method', CAPTURE_METHODS) ?? 'automatic_async',
    description: parameters.string('description') ?? null,
    receiptEmail: parameters.email('receipt_email') ?? null,
    statementDescriptor: parameters.string('statement_descriptor', { maxLength: 22 }) ?? null,
    statementDescriptorSuffix: parameters.string('statement_descriptor_suffix', { maxLength: 22 }) ?? null,
    setupFutureUsage: parameters.oneOf('setup_future_usage', FUTURE_USAGES) ?? null,
    overcapture: readOvercapture(parameters),
    methodTypes: types.accepted,
    automaticMethods: types.automatic && (automatic?.boolean('enabled') ?? true),
  });
  const method = readChosenMethod(model, parameters);
  const chosen: Stripe.PaymentIntent = {
    ...intent,
    allowed_payment_method_types: types.allowed as Stripe.PaymentIntent['allowed_payment_method_types'],
    ...(method === undefined ? {} : { payment_method: method, status: 'requires_confirmation' }),
  };
  model.state.intents.put(chosen);
  emit(model, 'payment_intent.created', chosen, announcementOf(model, chosen));
  const confirm = parameters.boolean('confirm') ?? false;
  return confirm ? confirmed(call, chosen) : withoutConfirmation(parameters, chosen);
}

function withoutConfirmation(parameters: Parameters, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  parameters.ignored('confirmation_method', ...WITHOUT_EFFECT);
  return intent;
}

/** `POST /v1/payment_intents/:intent/confirm`. @throws StripeApiError 400 */
export function confirmCreated(call: Call, intent: Stripe.PaymentIntent): object {
  const method = readChosenMethod(call.model, call.parameters);
  call.parameters.ignored('client_secret', 'capture_method', 'setup_future_usage', 'receipt_email');
  readMethodTypes(call.parameters);
  readOvercapture(call.parameters);
  return confirmed(call, method === undefined ? intent : { ...intent, payment_method: method });
}

/** Returns a declined card as an answer: thrown, it would undo the failed charge. */
function confirmed({ model, parameters }: Call, intent: Stripe.PaymentIntent): object {
  const returnUrl = parameters.url('return_url') ?? null;
  parameters.ignored('confirmation_method', 'error_on_requires_action', ...WITHOUT_EFFECT);
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw unexpectedState(intent, 'confirmed', 'requires_payment_method, requires_confirmation, requires_action');
  }
  const option = optionOf(model, intent);
  const about = announcementOf(model, intent);
  const result = confirmIntent(model, intent, option, about, { returnUrl });
  intentEnded(model, result.intent);
  if (result.outcome !== 'declined') {
    if (result.outcome === 'paid') releaseReordered(model, about);
    disputeByItself(model, result.intent, option);
    return result.intent;
  }
  const { failure, charge } = result;
  return new StripeApiError(402, 'card_error', failure.message, {
    code: failure.code,
    charge,
    paymentIntent: result.intent,
    ...defined({ declineCode: failure.declineCode }),
  });
}

function optionOf(model: Model, intent: Stripe.PaymentIntent): PaymentOption {
  const record = model.state.paymentMethods.get(String(intent.payment_method));
  const option = record && paymentOption(record.option);
  if (!option) {
    throw invalidRequest(
      `You cannot confirm this PaymentIntent (${intent.id}) because it's missing a payment method. Name one, e.g. payment_method=pm_card_visa.`,
      { code: 'payment_intent_unexpected_state', paymentIntent: intent },
    );
  }
  if (intent.payment_method_types.includes(option.type)) return option;
  throw invalidRequest(`The PaymentIntent ${intent.id} takes ${intent.payment_method_types.join(', ')}, not ${option.type}.`, {
    param: 'payment_method',
  });
}

function readChosenMethod(model: Model, parameters: Parameters): string | undefined {
  const id = parameters.string('payment_method');
  const data = parameters.hash('payment_method_data');
  if (id !== undefined) return methodNamed(model, id, 'payment_method').id;
  return data && readMethod(model, data).id;
}

/** Reads `payment_method_options[card][request_overcapture]`; the other options have no effect. */
export function readOvercapture(parameters: Parameters): boolean {
  const options = parameters.hash('payment_method_options');
  const card = options?.hash('card');
  card?.ignored('capture_method', 'installments', 'mandate_options', 'moto', 'network', 'request_three_d_secure', 'setup_future_usage');
  card?.ignored('request_extended_authorization', 'request_incremental_authorization', 'request_multicapture');
  card?.ignored('restrictions', 'statement_descriptor_suffix_kana', 'statement_descriptor_suffix_kanji');
  options?.ignoredRest();
  return card?.oneOf('request_overcapture', ['if_available', 'never']) === 'if_available';
}
