// What a test, a demo or the control page may do to the sandbox: be the customer, the bank, and the network.
import type Stripe from 'stripe';
import { noSuchObject } from './api/stripe-error.ts';
import type { SandboxCore } from './core.ts';
import { FATE_METADATA, type Fate, parseFate } from './fate.ts';
import { type Confirmation, confirm } from './objects/checkout-confirm.ts';
import { expire, recover } from './objects/checkout-expire.ts';
import { type CheckoutRecord, renderSession } from './objects/checkout-record.ts';
import { type DisputeStatus, type DisputeTerms, openDispute, updateDispute } from './objects/disputes.ts';
import { enterPromotionCode } from './objects/promotion-entry.ts';
import { chargeToRefund, failRefund, refundCharge } from './objects/refunds.ts';
import { settle } from './objects/settlement.ts';
import { type CardName, paymentOption } from './test-cards.ts';

export interface PayOptions {
  /** A test card by name or number. Default `success`. */
  readonly card?: CardName | (string & Record<never, never>);
  /** What happens to the payment's webhooks. Default: what the session was given, else `delivered`. */
  readonly fate?: Fate;
  readonly promotionCode?: string;
}

export interface RefundOptions {
  /** Default: all that is left. */
  readonly amountMinor?: number;
  readonly reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer';
  /** What happens to this refund's webhooks. Default `delivered`, whatever the payment's own fate was. */
  readonly fate?: Fate;
}

export class Controls {
  readonly #core: SandboxCore;

  constructor(core: SandboxCore) {
    this.#core = core;
  }

  /** The customer pays on the hosted page. @throws StripeApiError where the session is unknown or not open. */
  pay(sessionId: string, { card = 'success', fate, promotionCode }: PayOptions = {}): Confirmation {
    const option = paymentOption(card);
    if (!option)
      throw new Error(
        `There is no test card ${card}. Use success, declined, insufficient_funds, disputed, processing, processing_fails or voucher.`,
      );
    const chosen = fate === undefined ? undefined : knownFate(fate);
    return this.#change((model) => {
      const record = this.session(sessionId);
      if (promotionCode !== undefined) enterPromotionCode(model, record, promotionCode);
      return confirm(model, sessionId, option, chosen);
    });
  }

  /** Fixed before the customer pays; the hosted page shows it, and the customer may still choose another. */
  setFate(sessionId: string, fate: Fate): void {
    const chosen = knownFate(fate);
    this.#change((model) => model.state.sessions.put({ ...this.session(sessionId), fate: chosen }));
  }

  enterPromotionCode(sessionId: string, code: string): CheckoutRecord {
    return this.#change((model) => enterPromotionCode(model, this.session(sessionId), code));
  }

  expire(sessionId: string): Stripe.Checkout.Session {
    return this.#change((model) => renderSession(model, expire(model, this.session(sessionId))));
  }

  /** The customer follows the recovery link of an expired session: a new session with `recovered_from`. */
  recover(sessionId: string): Stripe.Checkout.Session {
    return this.#change((model) => renderSession(model, recover(model, sessionId)));
  }

  /** A debit or voucher is decided now. False: this payment waits for nothing. */
  settle(paymentIntentId: string, outcome?: 'succeeded' | 'failed'): boolean {
    return this.#change((model) => settle(model, paymentIntentId, outcome));
  }

  /** A refund in Stripe's dashboard, of a payment intent or of a session's. */
  refund(payment: string, { amountMinor, reason, fate }: RefundOptions = {}): Stripe.Refund {
    const metadata = fate === undefined ? undefined : { [FATE_METADATA]: knownFate(fate) };
    return this.#change((model) => refundCharge(model, this.#charge(payment), { amountMinor, reason, metadata }));
  }

  /** The bank sends a refund back, days later. */
  failRefund(refundId: string, reason?: string): Stripe.Refund {
    return this.#change((model) => failRefund(model, refundId, reason));
  }

  /** The customer's bank disputes a payment, named by its payment intent or session. */
  dispute(payment: string, terms: DisputeTerms = {}): Stripe.Dispute {
    return this.#change((model) => openDispute(model, this.#charge(payment).id, terms));
  }

  updateDispute(disputeId: string, status: DisputeStatus, fate?: Fate): Stripe.Dispute {
    return this.#change((model) => updateDispute(model, disputeId, status, fate));
  }

  session(id: string): CheckoutRecord {
    const record = this.#core.model.state.sessions.get(id);
    if (!record) throw noSuchObject('checkout.session', id);
    return record;
  }

  #charge(payment: string): Stripe.Charge {
    const intent = payment.startsWith('cs_') ? String(this.session(payment).session.payment_intent) : payment;
    return chargeToRefund(this.#core.model, intent);
  }

  #change<T>(change: (model: SandboxCore['model']) => T): T {
    const { model } = this.#core;
    this.#core.catchUp();
    return model.state.transaction(() => change(model));
  }
}

function knownFate(fate: string): Fate {
  const known = parseFate(fate);
  if (known === undefined)
    throw new Error(`${fate} is no fate. One of: delivered, lost, doubled, late, late:SECONDS, reordered, never_made.`);
  return known;
}
