// The customer pays: what the hosted page's button does to the session, its intent and its charge.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Fate } from '../fate.ts';
import type { Model } from '../model.ts';
import type { PaymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { fateOfSession } from './announcement.ts';
import { buildCharge, capturedCharge } from './charges.ts';
import { type CheckoutRecord, filledSuccessUrl, renderSession } from './checkout-record.ts';
import { couponOfSession } from './coupons.ts';
import { openDispute } from './disputes.ts';
import { type Announcement, emit } from './events.ts';
import { buildIntent } from './payment-intents.ts';
import { computeAmounts } from './session-amounts.ts';
import { failed, scheduleSettlement, succeeded } from './settlement.ts';

export type Confirmation =
  | { readonly outcome: 'completed'; readonly successUrl: string; readonly session: Stripe.Checkout.Session }
  /** The session stays open: the customer may try again. */
  | { readonly outcome: 'declined'; readonly message: string; readonly session: Stripe.Checkout.Session };

/** Belongs into a transaction. @throws StripeApiError 400 where the session is not open. */
export function confirm(model: Model, id: string, option: PaymentOption, chosen: Fate | undefined): Confirmation {
  const { state } = model;
  const found = state.sessions.get(id);
  if (found?.session.status !== 'open') {
    throw invalidRequest(`Checkout session ${id} is ${found?.session.status ?? 'unknown'}: it cannot be paid.`, {
      code: 'resource_missing',
    });
  }
  const record = state.sessions.put(taxed(couponOfSession(model, found.session), { ...found, fate: chosen ?? found.fate }));
  const about: Announcement = { group: id, fate: fateOfSession(record) };
  if (record.session.mode === 'payment' && record.session.amount_total !== 0) return pay(model, record, option, about);

  const { mode } = record.session;
  return complete(model, record, about, {
    payment_status: mode === 'setup' ? 'no_payment_required' : mode === 'payment' ? model.zeroAmountStatus : 'paid',
    ...(mode === 'subscription' ? { subscription: model.newId('sub_'), invoice: model.newId('in_') } : {}),
    ...(mode === 'setup' ? { setup_intent: model.newId('seti_') } : {}),
  });
}

function pay(model: Model, record: CheckoutRecord, option: PaymentOption, about: Announcement): Confirmation {
  const { state } = model;
  const intent = intentOf(model, record, option, about);
  const linked = state.sessions.put({ ...record, session: { ...record.session, payment_intent: intent.id } });
  switch (option.behaviour) {
    case 'declined': {
      const charge = state.charges.put(buildCharge(model, intent, option, 'failed'));
      const failure = option.failure ?? { code: 'card_declined', message: 'Your card was declined.' };
      emit(model, 'charge.failed', charge, about);
      const declined = state.intents.put({ ...failed(intent, failure, charge.id), latest_charge: charge.id });
      emit(model, 'payment_intent.payment_failed', declined, about);
      return { outcome: 'declined', message: failure.message, session: renderSession(model, linked) };
    }
    case 'processing': {
      const charge = state.charges.put(buildCharge(model, intent, option, 'pending'));
      emit(model, 'charge.pending', charge, about);
      emit(model, 'payment_intent.processing', state.intents.put({ ...intent, status: 'processing', latest_charge: charge.id }), about);
      scheduleSettlement(model, intent.id, option.name, option.settles ?? 'succeeded');
      return complete(model, linked, about, { payment_status: 'unpaid' });
    }
    case 'voucher': {
      const waiting = state.intents.put({ ...intent, status: 'requires_action', next_action: voucher(model, record.id) });
      emit(model, 'payment_intent.requires_action', waiting, about);
      scheduleSettlement(model, intent.id, option.name, option.settles ?? 'succeeded');
      return complete(model, linked, about, { payment_status: 'unpaid' });
    }
    default:
      return option.type === 'card' && intent.capture_method === 'manual'
        ? authorize(model, linked, intent, option, about)
        : succeed(model, linked, intent, option, about);
  }
}

/** One intent a session, made at the first confirmation; a retry after a decline uses it again. */
function intentOf(model: Model, record: CheckoutRecord, option: PaymentOption, about: Announcement): Stripe.PaymentIntent {
  const { state } = model;
  const method = { payment_method: model.newId('pm_') };
  const known = state.intents.get(String(record.session.payment_intent));
  // A retry after a promotion code was entered pays the new amount.
  if (known)
    return state.intents.put({ ...known, ...method, amount: record.session.amount_total ?? known.amount, last_payment_error: null });
  const intent = buildIntent(model, record);
  emit(model, 'payment_intent.created', intent, about);
  return state.intents.put({ ...intent, ...method, payment_method_types: [option.type] });
}

function succeed(
  model: Model,
  record: CheckoutRecord,
  intent: Stripe.PaymentIntent,
  option: PaymentOption,
  about: Announcement,
): Confirmation {
  const { state } = model;
  const charge = state.charges.put(capturedCharge(model, buildCharge(model, intent, option, 'succeeded')));
  emit(model, 'charge.succeeded', charge, about);
  const paid = state.intents.put({ ...succeeded(intent), latest_charge: charge.id });
  emit(model, 'payment_intent.succeeded', paid, about);
  const confirmation = complete(model, record, about, { payment_status: 'paid' });
  if (option.disputed) openDispute(model, charge.id);
  return confirmation;
}

function authorize(
  model: Model,
  record: CheckoutRecord,
  intent: Stripe.PaymentIntent,
  option: PaymentOption,
  about: Announcement,
): Confirmation {
  const { state } = model;
  const charge = state.charges.put(buildCharge(model, intent, option, 'succeeded'));
  emit(model, 'charge.succeeded', charge, about);
  const authorized = state.intents.put({
    ...intent,
    status: 'requires_capture',
    amount_capturable: intent.amount,
    latest_charge: charge.id,
  });
  emit(model, 'payment_intent.amount_capturable_updated', authorized, about);
  return complete(model, record, about, { payment_status: 'unpaid' });
}

function complete(model: Model, record: CheckoutRecord, about: Announcement, fields: Partial<Stripe.Checkout.Session>): Confirmation {
  const { session } = record;
  const completed = model.state.sessions.put({
    ...record,
    session: {
      ...session,
      ...fields,
      status: 'complete',
      customer_details: {
        address: null,
        business_name: null,
        email: session.customer_email ?? 'customer@example.com',
        individual_name: null,
        name: 'A. Customer',
        phone: null,
        tax_exempt: 'none',
        tax_ids: [],
      },
    },
  });
  const rendered = renderSession(model, completed);
  emit(model, 'checkout.session.completed', rendered, about);
  // Still unpaid, the payment goes on: its settlement or capture lets the held webhooks go.
  if (completed.session.payment_status !== 'unpaid') releaseReordered(model, about);
  return { outcome: 'completed', successUrl: filledSuccessUrl(completed), session: rendered };
}

/** Automatic tax needs an address, so it is known only now. */
function taxed(coupon: Stripe.Coupon | undefined, record: CheckoutRecord): CheckoutRecord {
  const { session } = record;
  if (!session.automatic_tax.enabled) return record;
  const amounts = computeAmounts(record.lineItems, { coupon, shippingMinor: session.total_details?.amount_shipping ?? 0, taxed: true });
  return {
    ...record,
    lineItems: amounts.lineItems,
    session: {
      ...session,
      amount_total: amounts.totalMinor,
      total_details: amounts.details,
      automatic_tax: { ...session.automatic_tax, status: 'complete' },
    },
  };
}

function voucher(model: Model, sessionId: string): Stripe.PaymentIntent.NextAction {
  return {
    type: 'konbini_display_details',
    konbini_display_details: {
      expires_at: model.clock.nowSeconds() + 3 * 24 * 3_600,
      hosted_voucher_url: `${model.baseUrl}/c/pay/${sessionId}`,
      stores: { familymart: null, lawson: null, ministop: null, seicomart: null },
    },
  };
}
