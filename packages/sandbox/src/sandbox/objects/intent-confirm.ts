// A payment intent is confirmed with a test card or account: what happens to it, its charge and its money. The same for a
// Checkout session, a Payment Link and the API.
import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import type { Failure, PaymentOption } from '../test-cards.ts';
import { authorizeCharge } from './authorization.ts';
import { startChallenge } from './challenge.ts';
import { buildCharge, capturedCharge, submittedCharge } from './charges.ts';
import { type Announcement, emit } from './events.ts';
import { failed, succeeded } from './intent-object.ts';
import { scheduleSettlement } from './settlement.ts';

export type Confirmed =
  | { readonly outcome: 'paid' | 'authorized' | 'processing' | 'awaiting_customer' | 'challenge'; readonly intent: Stripe.PaymentIntent }
  | { readonly outcome: 'declined'; readonly intent: Stripe.PaymentIntent; readonly failure: Failure; readonly charge: string };

export interface ConfirmTerms {
  /** The customer's bank has approved the payment already. */
  readonly authenticated?: boolean;
  /** Where the customer goes after a challenge. */
  readonly returnUrl?: string | null;
  /** The page that shows the voucher. */
  readonly voucherUrl?: string;
}

/** Call it within a transaction. */
export function confirmIntent(
  model: Model,
  intent: Stripe.PaymentIntent,
  option: PaymentOption,
  about: Announcement,
  { authenticated = false, returnUrl = null, voucherUrl = model.baseUrl }: ConfirmTerms = {},
): Confirmed {
  const { state } = model;
  switch (option.behaviour) {
    case 'declined':
      return decline(model, intent, option, about);
    case 'processing': {
      const charge = state.charges.put(submittedCharge(model, buildCharge(model, intent, option, 'pending')));
      emit(model, 'charge.pending', charge, about);
      const processing = state.intents.put({ ...intent, status: 'processing', latest_charge: charge.id });
      emit(model, 'payment_intent.processing', processing, about);
      scheduleSettlement(model, intent.id, option.name, option.settles ?? 'succeeded');
      return { outcome: 'processing', intent: processing };
    }
    case 'voucher': {
      const waiting = state.intents.put({ ...intent, status: 'requires_action', next_action: voucher(model, voucherUrl) });
      emit(model, 'payment_intent.requires_action', waiting, about);
      scheduleSettlement(model, intent.id, option.name, option.settles ?? 'succeeded');
      return { outcome: 'awaiting_customer', intent: waiting };
    }
    case 'challenge':
      if (!authenticated) {
        const waiting = startChallenge(model, intent, option, returnUrl);
        emit(model, 'payment_intent.requires_action', waiting, about);
        return { outcome: 'challenge', intent: waiting };
      }
  }
  if (option.type === 'card' && intent.capture_method === 'manual') {
    return { outcome: 'authorized', intent: authorizeCharge(model, intent, option, about) };
  }
  const charge = state.charges.put(capturedCharge(model, buildCharge(model, intent, option, 'succeeded')));
  emit(model, 'charge.succeeded', charge, about);
  const paid = state.intents.put({ ...succeeded(intent), latest_charge: charge.id });
  emit(model, 'payment_intent.succeeded', paid, about);
  return { outcome: 'paid', intent: paid };
}

function decline(model: Model, intent: Stripe.PaymentIntent, option: PaymentOption, about: Announcement): Confirmed {
  const charge = model.state.charges.put(buildCharge(model, intent, option, 'failed'));
  const failure = option.failure ?? { code: 'card_declined', message: 'Your card was declined.' };
  emit(model, 'charge.failed', charge, about);
  const declined = model.state.intents.put(failed(intent, failure, charge.id));
  emit(model, 'payment_intent.payment_failed', declined, about);
  return { outcome: 'declined', intent: declined, failure, charge: charge.id };
}

function voucher(model: Model, url: string): Stripe.PaymentIntent.NextAction {
  return {
    type: 'konbini_display_details',
    konbini_display_details: {
      expires_at: model.clock.nowSeconds() + 3 * 24 * 3_600,
      hosted_voucher_url: url,
      stores: { familymart: null, lawson: null, ministop: null, seicomart: null },
    },
  };
}
