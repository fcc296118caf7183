// Manual capture: the bank holds the money for seven days. It is captured in part, in full, or with over-capture a little
// more; or the hold ends.
import type Stripe from 'stripe';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { PaymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementOf } from './announcement.ts';
import { buildCharge, capturedCharge } from './charges.ts';
import { type Announcement, emit } from './events.ts';
import { refundUncaptured, releasePart } from './refunds.ts';

const HELD_SECONDS = 7 * 24 * 3_600;
/** Percent of the authorized amount that can be captured with over-capture. */
const OVERCAPTURE_PERCENT = 120;

/** Call it within a transaction. */
export function authorizeCharge(
  model: Model,
  intent: Stripe.PaymentIntent,
  option: PaymentOption,
  about: Announcement,
): Stripe.PaymentIntent {
  const { state, clock } = model;
  const captureBefore = clock.nowSeconds() + HELD_SECONDS;
  const built = buildCharge(model, intent, option, 'succeeded');
  const charge = state.charges.put(withHold(built, captureBefore, maximumOf(intent)));
  emit(model, 'charge.succeeded', charge, about);
  const authorized = state.intents.put({
    ...intent,
    status: 'requires_capture',
    amount_capturable: intent.amount,
    latest_charge: charge.id,
    last_payment_error: null,
    next_action: null,
  });
  emit(model, 'payment_intent.amount_capturable_updated', authorized, about);
  model.agenda.add(captureBefore * 1_000, { kind: 'authorization_expires', id: intent.id });
  return authorized;
}

function maximumOf({ amount, payment_method_options: options }: Stripe.PaymentIntent): number {
  return options?.card?.request_overcapture === 'if_available' ? Math.floor((amount * OVERCAPTURE_PERCENT) / 100) : amount;
}

function withHold(charge: Stripe.Charge, captureBefore: number, maximum: number): Stripe.Charge {
  const card = charge.payment_method_details?.card;
  if (!card) return charge;
  const overcapture: Stripe.Charge.PaymentMethodDetails.Card.Overcapture = {
    maximum_amount_capturable: maximum,
    status: maximum > charge.amount ? 'available' : 'unavailable',
  };
  const held = { ...card, amount_authorized: charge.amount, capture_before: captureBefore, overcapture };
  return { ...charge, payment_method_details: { type: 'card', card: held } };
}

/** Call it within a transaction. @throws StripeApiError 400 if there is nothing, or too little, to capture. */
export function captureIntent(model: Model, intent: Stripe.PaymentIntent, asked: number | undefined): Stripe.PaymentIntent {
  if (intent.status !== 'requires_capture') throw unexpectedState(intent, 'captured', 'requires_capture');
  const amount = asked ?? intent.amount_capturable;
  const most = Math.max(intent.amount_capturable, maximumOf(intent));
  if (amount > most) {
    throw invalidRequest(`The requested capture amount ${amount} is greater than the amount ${most} that can be captured.`, {
      code: 'amount_too_large',
      param: 'amount_to_capture',
    });
  }
  const { state } = model;
  const about = announcementOf(model, intent);
  const charge = state.charges.get(String(intent.latest_charge));
  // No session event follows a capture: only the charge and the intent show it.
  const captured = charge && state.charges.put(capturedCharge(model, charge, amount));
  if (captured) emit(model, 'charge.captured', captured, about);
  if (captured && amount < captured.amount) releasePart(model, captured, about);
  const succeeded = state.intents.put({ ...intent, status: 'succeeded', amount_capturable: 0, amount_received: amount });
  emit(model, 'payment_intent.succeeded', succeeded, about);
  releaseReordered(model, about);
  return succeeded;
}

/** Nobody captured in time, so the bank releases the hold. Call it within a transaction. */
export function expireAuthorization(model: Model, intentId: string): void {
  const { state, clock } = model;
  const intent = state.intents.get(intentId);
  const charge = state.charges.get(String(intent?.latest_charge));
  if (intent?.status !== 'requires_capture' || !charge) return;
  if ((captureBefore(charge) ?? Number.POSITIVE_INFINITY) > clock.nowSeconds()) return;
  const about = announcementOf(model, intent);
  const released = refundUncaptured(model, charge, about);
  emit(model, 'charge.expired', released, about);
  const canceled = state.intents.put({
    ...intent,
    status: 'canceled',
    canceled_at: clock.nowSeconds(),
    cancellation_reason: 'automatic',
    amount_capturable: 0,
  });
  emit(model, 'payment_intent.canceled', canceled, about);
  releaseReordered(model, about);
}

/** Unix seconds at which the hold of this charge ends. Undefined: it holds nothing. */
export function captureBefore(charge: Stripe.Charge | undefined): number | undefined {
  return charge?.payment_method_details?.card?.capture_before;
}

export function unexpectedState(intent: Stripe.PaymentIntent, verb: string, needed: string): Error {
  return invalidRequest(
    `This PaymentIntent (${intent.id}) could not be ${verb} because it has a status of ${intent.status}. It must be one of: ${needed}.`,
    { code: 'payment_intent_unexpected_state', paymentIntent: intent },
  );
}
