// Refunds: money back, at once here; a refund can still fail days after it succeeded.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, noSuchParameterObject } from '../api/stripe-error.ts';
import { type Fate, fateInMetadata } from '../fate.ts';
import type { Model } from '../model.ts';
import { formatAmount } from '../money.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementFor } from './announcement.ts';
import { recordMovement } from './balance-transactions.ts';
import { emit } from './events.ts';

const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

export interface RefundTerms {
  /** Default: what is left. */
  readonly amountMinor?: number | undefined;
  readonly reason?: (typeof REASONS)[number] | undefined;
  /** With `sandbox_fate`: what happens to this refund's webhooks. */
  readonly metadata?: Record<string, string> | undefined;
}

/** Belongs into a transaction. @throws StripeApiError 400 where there is nothing, or too little, to refund. */
export function refundCharge(model: Model, charge: Stripe.Charge, terms: RefundTerms): Stripe.Refund {
  const { state } = model;
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0 && charge.amount_captured > 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  }
  const amount = terms.amountMinor ?? left;
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${formatAmount(amount, charge.currency)}) is greater than unrefunded amount on charge (${formatAmount(left, charge.currency)})`,
      { param: 'amount' },
    );
  }
  const id = model.newId('re_');
  const movement = recordMovement(model, {
    amountMinor: -amount,
    currency: charge.currency,
    source: id,
    type: charge.payment_method_details?.type === 'card' ? 'refund' : 'payment_refund',
    reportingCategory: 'refund',
    description: 'REFUND FOR CHARGE',
  });
  const refund = state.refunds.put(buildRefund(model, id, charge, amount, movement.id, terms));
  const refunded = state.charges.put({
    ...charge,
    amount_refunded: charge.amount_refunded + amount,
    refunded: charge.amount_refunded + amount === charge.amount,
  });

  const about = announcementFor(id, fateInMetadata(terms.metadata));
  emit(model, 'charge.refunded', refunded, about, { amount_refunded: charge.amount_refunded, refunded: charge.refunded });
  emit(model, 'refund.created', refund, about);
  // The card network's reference for the customer comes right after: the same status once more.
  if (refund.destination_details?.card) {
    updateRefund(model, { ...refund, destination_details: { type: 'card', card: REFERENCE_AVAILABLE } }, refund, about.fate);
  }
  releaseReordered(model, about);
  return refund;
}

const REFERENCE_AVAILABLE: Stripe.Refund.DestinationDetails.Card = {
  reference: '123456789012',
  reference_status: 'available',
  reference_type: 'acquirer_reference_number',
  type: 'refund',
};

function buildRefund(model: Model, id: string, charge: Stripe.Charge, amount: number, movement: string, terms: RefundTerms): Stripe.Refund {
  const type = charge.payment_method_details?.type ?? 'card';
  return {
    id,
    object: 'refund',
    amount,
    balance_transaction: movement,
    charge: charge.id,
    created: model.clock.nowSeconds(),
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: {
      type,
      ...(type === 'card'
        ? { card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' as const } }
        : {}),
    },
    metadata: terms.metadata ?? {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: terms.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
}

/** `refund.updated` and `charge.refund.updated` say the same; shops listen to either. */
function updateRefund(model: Model, refund: Stripe.Refund, before: Stripe.Refund, fate: Fate): void {
  const about = announcementFor(refund.id, fate);
  model.state.refunds.put(refund);
  const previous =
    refund.status === before.status ? { destination_details: before.destination_details } : { status: before.status, failure_reason: null };
  emit(model, 'refund.updated', refund, about, previous);
  emit(model, 'charge.refund.updated', refund, about, previous);
}

/** The bank sends it back: the money is ours again. Belongs into a transaction. */
export function failRefund(model: Model, id: string, reason = 'expired_or_canceled_card'): Stripe.Refund {
  const { state } = model;
  const refund = found(state.refunds.get(id), 'refund', id);
  if (refund.status !== 'succeeded') throw invalidRequest(`Refund ${id} is ${refund.status}; only a succeeded one can fail.`);
  const charge = found(state.charges.get(String(refund.charge)), 'charge', String(refund.charge));
  const movement = recordMovement(model, {
    amountMinor: refund.amount,
    currency: refund.currency,
    source: id,
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    description: 'REFUND FAILURE',
  });
  state.charges.put({ ...charge, amount_refunded: charge.amount_refunded - refund.amount, refunded: false });
  const failed: Stripe.Refund = { ...refund, status: 'failed', failure_reason: reason, failure_balance_transaction: movement.id };
  const fate = fateInMetadata(refund.metadata) ?? 'delivered';
  updateRefund(model, failed, refund, fate);
  emit(model, 'refund.failed', failed, announcementFor(id, fate));
  releaseReordered(model, { group: id, fate });
  return failed;
}

function create({ model, parameters }: Call): object {
  const intentId = parameters.string('payment_intent');
  const chargeId = parameters.string('charge');
  const terms = {
    amountMinor: parameters.integer('amount', { min: 1 }),
    reason: parameters.oneOf('reason', REASONS),
    metadata: parameters.metadata(),
  };
  parameters.ignored('reverse_transfer', 'refund_application_fee', 'instructions_email');
  if (intentId !== undefined) return refundCharge(model, chargeToRefund(model, intentId), terms);
  if (chargeId === undefined)
    throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.');
  const charge = model.state.charges.get(chargeId);
  if (!charge) throw noSuchParameterObject('charge', chargeId, 'charge');
  return refundCharge(model, charge, terms);
}

export function chargeToRefund(model: Model, intentId: string): Stripe.Charge {
  const intent = model.state.intents.get(intentId);
  if (!intent) throw noSuchParameterObject('payment_intent', intentId, 'payment_intent');
  const charge = model.state.charges.get(String(intent.latest_charge));
  if (intent.status !== 'succeeded' || !charge) {
    throw invalidRequest(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`, { param: 'payment_intent' });
  }
  return charge;
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  const intent = parameters.string('payment_intent');
  const charge = parameters.string('charge');
  return listPage(model.state.refunds, parameters, '/v1/refunds', (refund) => {
    return (
      within(created, refund.created) &&
      (intent ?? refund.payment_intent) === refund.payment_intent &&
      (charge ?? refund.charge) === refund.charge
    );
  });
}

export const refundRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/refunds', handle: create },
  { method: 'GET', path: '/v1/refunds', handle: list },
  { method: 'GET', path: '/v1/refunds/:refund', handle: ({ model, id }) => found(model.state.refunds.get(id), 'refund', id) },
];
