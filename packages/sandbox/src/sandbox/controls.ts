// What a test, a demo or the control page may do to the sandbox: be the customer, the bank, and the network. Objects
// are found by their id, in whichever account they are.
import type Stripe from 'stripe';
import { noSuchObject } from './api/stripe-error.ts';
import type { SandboxCore } from './core.ts';
import { FATE_METADATA, type Fate, parseFate } from './fate.ts';
import type { Model } from './model.ts';
import { type Authentication, authenticate } from './objects/checkout-authenticate.ts';
import { type Confirmation, confirm } from './objects/checkout-confirm.ts';
import { expire, recover } from './objects/checkout-expire.ts';
import { renderSession } from './objects/checkout-record.ts';
import { type DisputeStatus, type DisputeTerms, openDispute, updateDispute } from './objects/disputes.ts';
import { type LinkVisit, visitLink } from './objects/payment-links.ts';
import { enterPromotionCode } from './objects/promotion-entry.ts';
import { endRefund, type RefundEnd } from './objects/refund-status.ts';
import { chargeToRefund, refundCharge } from './objects/refunds.ts';
import { settle } from './objects/settlement.ts';
import type { CheckoutRecord } from './state/records.ts';
import { CARD_NAMES, type CardName, paymentOption } from './test-cards.ts';

export interface PayOptions {
  /** A test card by name or number. Default `success`. */
  readonly card?: CardName | (string & Record<never, never>);
  /** What happens to the payment's webhooks. Default: what the session was given, else `delivered`. */
  readonly fate?: Fate;
  readonly promotionCode?: string;
  /** The customer sees and pays this currency, where the session was created with adaptive pricing. */
  readonly presentmentCurrency?: string;
}

export interface RefundOptions {
  /** Default: all that is left. */
  readonly amountMinor?: number;
  readonly reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer';
  /** How it starts out. Default: as the payment method behaves, mostly `succeeded`. */
  readonly status?: 'succeeded' | 'pending' | 'requires_action';
  /** What happens to this refund's webhooks. Default `delivered`, whatever the payment's own fate was. */
  readonly fate?: Fate;
}

export class Controls {
  readonly #core: SandboxCore;

  constructor(core: SandboxCore) {
    this.#core = core;
  }

  /** The customer pays on the hosted page. @throws StripeApiError where the session is unknown or not open. */
  pay(sessionId: string, { card = 'success', fate, promotionCode, presentmentCurrency }: PayOptions = {}): Confirmation {
    const option = paymentOption(card);
    if (!option) throw new Error(`There is no test card ${card}. Use one of: ${CARD_NAMES}.`);
    const chosen = fate === undefined ? undefined : knownFate(fate);
    return this.#change(sessionId, (model) => {
      const record = sessionOf(model, sessionId);
      if (promotionCode !== undefined) enterPromotionCode(model, record, promotionCode);
      return confirm(model, sessionId, option, { fate: chosen, presentmentCurrency });
    });
  }

  /** The customer's bank answers a 3-D Secure challenge, of a payment intent or of a session's. Default `succeeded`. */
  authenticate(payment: string, outcome: 'succeeded' | 'failed' = 'succeeded'): Authentication {
    return this.#change(payment, (model) => authenticate(model, intentIdOf(model, payment), outcome));
  }

  /** Fixed before the customer pays; the hosted page shows it, and the customer may still choose another. */
  setFate(sessionId: string, fate: Fate): void {
    const chosen = knownFate(fate);
    this.#change(sessionId, (model) => model.state.sessions.put({ ...sessionOf(model, sessionId), fate: chosen }));
  }

  enterPromotionCode(sessionId: string, code: string): CheckoutRecord {
    return this.#change(sessionId, (model) => enterPromotionCode(model, sessionOf(model, sessionId), code));
  }

  expire(sessionId: string): Stripe.Checkout.Session {
    return this.#change(sessionId, (model) => renderSession(model, expire(model, sessionOf(model, sessionId))));
  }

  /** The customer follows the recovery link of an expired session: a new session with `recovered_from`. */
  recover(sessionId: string): Stripe.Checkout.Session {
    return this.#change(sessionId, (model) => renderSession(model, recover(model, sessionId)));
  }

  /** A visitor opens a Payment Link: the new session. @throws StripeApiError where the link takes no more payments. */
  openPaymentLink(linkId: string, visit: LinkVisit = {}): Stripe.Checkout.Session {
    return this.#change(linkId, (model) => renderSession(model, visitLink(model, linkId, visit)));
  }

  /** A debit or voucher is decided now. False: this payment waits for nothing. */
  settle(paymentIntentId: string, outcome?: 'succeeded' | 'failed'): boolean {
    return this.#change(paymentIntentId, (model) => settle(model, paymentIntentId, outcome));
  }

  /** A refund in Stripe's dashboard, of a payment intent or of a session's. */
  refund(payment: string, { amountMinor, reason, status, fate }: RefundOptions = {}): Stripe.Refund {
    const metadata = fate === undefined ? undefined : { [FATE_METADATA]: knownFate(fate) };
    return this.#change(payment, (model) => refundCharge(model, chargeOf(model, payment), { amountMinor, reason, status, metadata }));
  }

  /** The bank sends a refund back, days later. */
  failRefund(refundId: string, reason?: string): Stripe.Refund {
    return this.endRefund(refundId, 'failed', reason);
  }

  /** A refund that is pending, or needs the customer, ends. */
  endRefund(refundId: string, end: RefundEnd, reason?: string): Stripe.Refund {
    return this.#change(refundId, (model) => endRefund(model, refundId, end, reason));
  }

  /** The customer's bank disputes a payment, named by its payment intent or session. */
  dispute(payment: string, terms: DisputeTerms = {}): Stripe.Dispute {
    return this.#change(payment, (model) => openDispute(model, chargeOf(model, payment).id, terms));
  }

  updateDispute(disputeId: string, status: DisputeStatus, fate?: Fate): Stripe.Dispute {
    return this.#change(disputeId, (model) => updateDispute(model, disputeId, status, fate));
  }

  session(id: string): CheckoutRecord {
    return sessionOf(this.#core.accounts.holding(id), id);
  }

  #change<T>(id: string, change: (model: Model) => T): T {
    this.#core.catchUp();
    const model = this.#core.accounts.holding(id);
    return model.state.transaction(() => change(model));
  }
}

function sessionOf({ state }: Model, id: string): CheckoutRecord {
  const record = state.sessions.get(id);
  if (!record) throw noSuchObject('checkout.session', id);
  return record;
}

function intentIdOf(model: Model, payment: string): string {
  return payment.startsWith('cs_') ? String(sessionOf(model, payment).session.payment_intent) : payment;
}

function chargeOf(model: Model, payment: string): Stripe.Charge {
  return chargeToRefund(model, intentIdOf(model, payment));
}

function knownFate(fate: string): Fate {
  const known = parseFate(fate);
  if (known === undefined)
    throw new Error(`${fate} is no fate. One of: delivered, lost, doubled, late, late:SECONDS, reordered, never_made.`);
  return known;
}
