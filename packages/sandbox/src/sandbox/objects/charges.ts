// A charge: one attempt to move money for a payment intent.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import type { Model } from '../model.ts';
import type { PaymentOption } from '../test-cards.ts';
import { processingFee, recordMovement } from './balance-transactions.ts';

/** A new charge: no money has moved yet. */
export function buildCharge(
  model: Model,
  intent: Stripe.PaymentIntent,
  option: PaymentOption,
  status: 'succeeded' | 'pending' | 'failed',
): Stripe.Charge {
  const failure = status === 'failed' ? option.failure : undefined;
  return {
    id: model.newId(option.type === 'card' ? 'ch_' : 'py_'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: 'customer@example.com', name: 'A. Customer', phone: null, tax_id: null },
    calculated_statement_descriptor: 'SANDBOX',
    captured: false,
    created: model.clock.nowSeconds(),
    currency: intent.currency,
    customer: typeof intent.customer === 'string' ? intent.customer : null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: failure?.code ?? null,
    failure_message: failure?.message ?? null,
    fraud_details: {},
    livemode: false,
    // Copied once: later changes of the intent's metadata do not reach its charges.
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(status, failure?.declineCode ?? failure?.code ?? null),
    paid: status === 'succeeded',
    payment_intent: intent.id,
    payment_method: typeof intent.payment_method === 'string' ? intent.payment_method : null,
    payment_method_details: detailsOf(option),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status,
    transfer_data: null,
    transfer_group: null,
  };
}

/** A debit under way: it has its balance transaction from the start, and gets no other when it is paid. */
export function submittedCharge(model: Model, charge: Stripe.Charge): Stripe.Charge {
  return { ...capturedCharge(model, charge), paid: false, status: 'pending' };
}

/** A debit that the bank has refused: the money that had moved is returned. */
export function bouncedCharge(model: Model, charge: Stripe.Charge): Stripe.Charge {
  if (charge.balance_transaction === null) return charge;
  const back = recordMovement(model, {
    amountMinor: -charge.amount_captured,
    currency: charge.currency,
    source: charge.id,
    type: 'payment_failure_refund',
    reportingCategory: 'charge_failure',
  });
  return { ...charge, failure_balance_transaction: back.id };
}

/** A charge that is paid, with its balance transaction and Stripe's fee. Of a partial capture the row shows all that was held. */
export function capturedCharge(model: Model, charge: Stripe.Charge, amountMinor: number = charge.amount): Stripe.Charge {
  if (charge.balance_transaction !== null) return { ...charge, paid: true, status: 'succeeded' };
  const card = charge.payment_method_details?.type === 'card';
  const movement = recordMovement(model, {
    amountMinor: Math.max(amountMinor, charge.amount),
    currency: charge.currency,
    feeMinor: processingFee(amountMinor),
    source: charge.id,
    type: card ? 'charge' : 'payment',
    reportingCategory: 'charge',
    description: charge.description,
  });
  return { ...charge, amount_captured: amountMinor, balance_transaction: movement.id, captured: true, paid: true, status: 'succeeded' };
}

function outcomeOf(status: 'succeeded' | 'pending' | 'failed', reason: string | null): Stripe.Charge.Outcome {
  const failed = status === 'failed';
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: failed ? 'declined_by_network' : 'approved_by_network',
    reason: failed ? reason : null,
    risk_level: 'normal',
    seller_message: failed ? 'The bank did not return any further details with this decline.' : 'Payment complete.',
    type: failed ? 'issuer_declined' : 'authorized',
  };
}

function detailsOf({ type, last4 }: PaymentOption): Stripe.Charge.PaymentMethodDetails {
  if (type === 'sepa_debit') {
    return { type, sepa_debit: { bank_code: '37040044', branch_code: '', country: 'DE', fingerprint: null, last4, mandate: null } };
  }
  if (type === 'konbini') return { type, konbini: { store: { chain: 'lawson' } } };
  return {
    type,
    card: {
      amount_authorized: null,
      authorization_code: null,
      brand: 'visa',
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      electronic_commerce_indicator: null,
      exp_month: 12,
      exp_year: 2034,
      funding: 'credit',
      installments: null,
      last4,
      mandate: null,
      network: 'visa',
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  const intent = parameters.string('payment_intent');
  const customer = parameters.string('customer');
  parameters.ignored('transfer_group');
  return listPage(model.state.charges, parameters, '/v1/charges', (charge) => {
    return (
      within(created, charge.created) &&
      (intent ?? charge.payment_intent) === charge.payment_intent &&
      (customer ?? charge.customer) === charge.customer
    );
  });
}

export const chargeRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/charges/:charge', handle: ({ model, id }) => found(model.state.charges.get(id), 'charge', id) },
  { method: 'GET', path: '/v1/charges', handle: list },
];
