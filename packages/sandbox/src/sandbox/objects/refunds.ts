// Refunds: money back, at once here; a refund can still fail days after it succeeded.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, noSuchParameterObject } from '../api/stripe-error.ts';
import { fateInMetadata } from '../fate.ts';
import type { Model } from '../model.ts';
import { formatAmount } from '../money.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementFor } from './announcement.ts';
import { recordMovement } from './balance-transactions.ts';
import { type Announcement, emit } from './events.ts';
import { namedIn } from './look-up.ts';
import { optionOfMethod } from './payment-method-record.ts';
import { scheduleRefundSettlement } from './refund-settlement.ts';
import { announceUpdate, endRefund } from './refund-status.ts';

const EMAIL = 'customer@example.com';
const ACCOUNT_WITHIN_SECONDS = 45 * 24 * 3_600;
const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

export interface RefundTerms {
  /** Default: what is left. */
  readonly amountMinor?: number | undefined;
  readonly reason?: (typeof REASONS)[number] | undefined;
  /** How it starts out. Default: as the payment method behaves, mostly `succeeded`. */
  readonly status?: 'succeeded' | 'pending' | 'requires_action' | undefined;
  /** With `sandbox_fate`: what happens to this refund's webhooks. */
  readonly metadata?: Record<string, string> | undefined;
}

/** Call it within a transaction. @throws StripeApiError 400 if there is nothing, or too little, to refund. */
export function refundCharge(model: Model, charge: Stripe.Charge, terms: RefundTerms): Stripe.Refund {
  const { state } = model;
  // What a partial capture released counts as refunded on the charge.
  const whole = Math.max(charge.amount, charge.amount_captured);
  const left = whole - charge.amount_refunded;
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
  const behaviour = optionOfMethod(model, charge.payment_method)?.refund;
  const status = terms.status ?? (behaviour === 'pending' ? 'pending' : 'succeeded');
  const refund = state.refunds.put(buildRefund(model, id, charge, { amount, movement: movement.id, status, terms }));
  const amount_refunded = charge.amount_refunded + amount;
  const refunded = state.charges.put({ ...charge, amount_refunded, refunded: amount_refunded === whole });
  if (terms.status === undefined && behaviour !== undefined) {
    scheduleRefundSettlement(model, id, behaviour === 'pending' ? 'succeeded' : 'failed');
  }

  const about = announcementFor(id, fateInMetadata(terms.metadata));
  emit(model, 'charge.refunded', refunded, about, { amount_refunded: charge.amount_refunded, refunded: charge.refunded });
  emit(model, 'refund.created', refund, about);
  // The card network's reference for the customer comes right after: the same status once more.
  if (refund.destination_details?.card && status === 'succeeded') {
    announceUpdate(model, { ...refund, destination_details: { type: 'card', card: REFERENCE_AVAILABLE } }, refund, about.fate);
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

interface RefundFields {
  readonly amount: number;
  /** Null: it moves no money. */
  readonly movement: string | null;
  readonly status: 'succeeded' | 'pending' | 'requires_action';
  readonly terms?: RefundTerms;
}

function buildRefund(model: Model, id: string, charge: Stripe.Charge, fields: RefundFields): Stripe.Refund {
  const { amount, movement, status, terms = {} } = fields;
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
    ...(status === 'requires_action' ? { next_action: nextAction(model) } : {}),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    ...(status === 'pending' ? { pending_reason: 'processing' } : {}),
    reason: terms.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
  };
}

/** Where the method has no way back, the customer is asked for a bank account by e-mail. */
function nextAction(model: Model): Stripe.Refund.NextAction {
  const expiresAt = model.clock.nowSeconds() + ACCOUNT_WITHIN_SECONDS;
  return {
    type: 'display_details',
    display_details: { email_sent: { email_sent_at: model.clock.nowSeconds(), email_sent_to: EMAIL }, expires_at: expiresAt },
  };
}

/** A hold that nobody captured: the charge is let go, no money moves. Call it within a transaction. */
export function refundUncaptured(model: Model, charge: Stripe.Charge, about: Announcement): Stripe.Charge {
  const id = model.newId('re_');
  const built = buildRefund(model, id, charge, { amount: charge.amount, movement: null, status: 'succeeded' });
  const refund = model.state.refunds.put({ ...built, reason: 'expired_uncaptured_charge' });
  const released = model.state.charges.put({ ...charge, amount_refunded: charge.amount, refunded: true });
  emit(model, 'charge.refunded', released, about, { amount_refunded: 0, refunded: false });
  emit(model, 'refund.created', refund, about);
  return released;
}

/**
 * A partial capture: what was held beyond it is let go. Stripe's balance shows that as a row of type `refund`, and on the
 * charge as refunded, though no money goes back. Whether it sends `refund.created` is not documented: shops must stand it.
 * Call it within a transaction.
 */
export function releasePart(model: Model, charge: Stripe.Charge, about: Announcement): void {
  const id = model.newId('re_');
  const amount = charge.amount - charge.amount_captured;
  const row = recordMovement(model, {
    amountMinor: -amount,
    currency: charge.currency,
    source: id,
    type: 'refund',
    reportingCategory: 'partial_capture_reversal',
    description: 'PARTIAL CAPTURE REVERSAL',
  });
  const movement = model.releasedPart === 'with_row' ? row.id : null;
  const refund = model.state.refunds.put(buildRefund(model, id, charge, { amount, movement, status: 'succeeded' }));
  const released = model.state.charges.put({ ...charge, amount_refunded: amount });
  emit(model, 'charge.refunded', released, about, { amount_refunded: 0 });
  emit(model, 'refund.created', refund, about);
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
  const intent = namedIn(model, parameters, 'payment_intent');
  const charge = namedIn(model, parameters, 'charge');
  return listPage(model.state.refunds, parameters, '/v1/refunds', (refund) => {
    return (
      within(created, refund.created) &&
      (intent ?? refund.payment_intent) === refund.payment_intent &&
      (charge ?? refund.charge) === refund.charge
    );
  });
}

function update({ model, parameters, id }: Call): object {
  const refund = found(model.state.refunds.get(id), 'refund', id);
  return model.state.refunds.put({ ...refund, metadata: parameters.changedMetadata(refund.metadata) });
}

function cancel({ model, id }: Call): object {
  const { status } = found(model.state.refunds.get(id), 'refund', id);
  if (status !== 'requires_action') throw invalidRequest(`Refund ${id} is ${status}; only one that requires action can be canceled.`);
  return endRefund(model, id, 'canceled');
}

export const refundRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/refunds', handle: create },
  { method: 'GET', path: '/v1/refunds', handle: list },
  { method: 'GET', path: '/v1/refunds/:refund', handle: ({ model, id }) => found(model.state.refunds.get(id), 'refund', id) },
  { method: 'POST', path: '/v1/refunds/:refund', handle: update },
  { method: 'POST', path: '/v1/refunds/:refund/cancel', handle: cancel },
];
