// A payment intent: how it starts out, and how it looks when it has succeeded or failed.

import type Stripe from 'stripe';
import { defined } from '../../defined.ts';
import type { Model } from '../model.ts';
import type { IntentData } from '../state/records.ts';
import type { Failure } from '../test-cards.ts';

export interface IntentTerms extends IntentData {
  readonly amountMinor: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly methodTypes: readonly string[];
  /** The parameter `automatic_payment_methods` of the API. */
  readonly automaticMethods?: boolean;
}

export function buildIntent(model: Model, terms: IntentTerms): Stripe.PaymentIntent {
  const id = model.newId('pi_');
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: terms.amountMinor,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: terms.automaticMethods ? { allow_redirects: 'always', enabled: true } : null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: terms.captureMethod,
    client_secret: `${id}_secret_${model.newId('', 24)}`,
    confirmation_method: 'automatic',
    created: model.clock.nowSeconds(),
    currency: terms.currency,
    customer: terms.customer,
    customer_account: null,
    description: terms.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: terms.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: terms.overcapture ? { card: { ...CARD_OPTIONS, request_overcapture: 'if_available' } } : {},
    payment_method_types: [...terms.methodTypes],
    payment_record: null,
    processing: null,
    receipt_email: terms.receiptEmail,
    review: null,
    setup_future_usage: terms.setupFutureUsage,
    shipping: null,
    source: null,
    statement_descriptor: terms.statementDescriptor,
    statement_descriptor_suffix: terms.statementDescriptorSuffix,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}

const CARD_OPTIONS: Stripe.PaymentIntent.PaymentMethodOptions.Card = {
  installments: null,
  mandate_options: null,
  network: null,
  request_three_d_secure: 'automatic',
};

export function succeeded(intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  return { ...intent, status: 'succeeded', amount_received: intent.amount, last_payment_error: null, next_action: null, processing: null };
}

/** `charge`: null if the payment failed before there was a charge. */
export function failed(intent: Stripe.PaymentIntent, failure: Failure, charge: string | null): Stripe.PaymentIntent {
  return {
    ...intent,
    status: 'requires_payment_method',
    latest_charge: charge ?? intent.latest_charge,
    payment_method: null,
    next_action: null,
    processing: null,
    last_payment_error: {
      ...(charge === null ? {} : { charge }),
      code: failure.code as Stripe.PaymentIntent.LastPaymentError.Code,
      ...defined({ decline_code: failure.declineCode }),
      doc_url: `https://stripe.com/docs/error-codes/${failure.code.replaceAll('_', '-')}`,
      message: failure.message,
      type: 'card_error',
    },
  };
}
