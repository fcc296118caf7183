// What a test, a demo or the control page can do to the sandbox: act as the customer, the bank, and the network. An object
// is found by its id, in any account.
import type Stripe from 'stripe';
import { defined } from '../defined.ts';
import { invalidRequest, noSuchObject } from './api/stripe-error.ts';
import type { SandboxCore } from './core.ts';
import { FATE_METADATA, type Fate, parseFate } from './fate.ts';
import type { Model } from './model.ts';
import { paymentsOf } from './objects/billing/invoice-record.ts';
import { type Authentication, authenticate } from './objects/checkout-authenticate.ts';
import { type Confirmation, confirm } from './objects/checkout-confirm.ts';
import { expire, recover } from './objects/checkout-expire.ts';
import { renderSession } from './objects/checkout-record.ts';
import type { CustomerChoices } from './objects/customer-choices.ts';
import { type DisputeCaseType, type DisputeStatus, type DisputeTerms, openDispute, updateDispute } from './objects/disputes.ts';
import { payIntent } from './objects/intent-pay.ts';
import { type LinkVisit, visitLink } from './objects/payment-links.ts';
import { enterPromotionCode } from './objects/promotion-entry.ts';
import { endRefund, type RefundEnd } from './objects/refund-status.ts';
import { chargeToRefund, refundCharge } from './objects/refunds.ts';
import { settle } from './objects/settlement.ts';
import type { CheckoutRecord } from './state/records.ts';
import { type CardName, optionNamed } from './test-cards.ts';

/** How the customer pays. */
export interface PayOptions extends CustomerChoices {
  /** A test card by name or number. Default `success`. */
  readonly card?: CardName | (string & Record<never, never>);
  /** What happens to the payment's webhooks. Default: the session's own fate, else `delivered`. */
  readonly fate?: Fate;
  /** The code that the customer types. Default: none. */
  readonly promotionCode?: string;
  /** The currency that the customer sees and pays. Only for a session created with adaptive pricing. Default: the session's. */
  readonly presentmentCurrency?: string;
}

/** How a refund is made. */
export interface RefundOptions {
  /** In the currency's minor unit. Default: all that is left. */
  readonly amountMinor?: number;
  readonly reason?: 'duplicate' | 'fraudulent' | 'requested_by_customer';
  /** The status that it starts with. Default: as the payment method behaves, mostly `succeeded`. */
  readonly status?: 'succeeded' | 'pending' | 'requires_action';
  /** What happens to the refund's webhooks. Default `delivered`, whatever the payment's own fate was. */
  readonly fate?: Fate;
}

export class Controls {
  readonly #core: SandboxCore;

  constructor(core: SandboxCore) {
    this.#core = core;
  }

  /**
   * The customer pays: on the hosted page, or by the form in a page of the shop.
   *
   * @throws StripeApiError 404 for an unknown session, 400 for one that is not open or that refuses the code, the
   *   currency or another choice.
   * @throws Error for an unknown card or fate.
   */
  pay(sessionId: string, { card = 'success', fate, promotionCode, ...choices }: PayOptions = {}): Confirmation {
    const option = optionNamed(card);
    const chosen = fate === undefined ? undefined : knownFate(fate);
    return this.#core.change(sessionId, (model) => {
      const record = sessionOf(model, sessionId);
      if (promotionCode !== undefined) enterPromotionCode(model, record, promotionCode);
      return confirm(model, sessionId, option, { ...choices, fate: chosen });
    });
  }

  /**
   * The customer pays a bare payment intent, as by Stripe.js in a page of the shop. Default fate: as its metadata says, else
   * `delivered`; what is settled later follows the metadata alone.
   *
   * @throws StripeApiError 400 for an unknown intent, or one that takes no payment.
   * @throws Error for an unknown card or fate.
   */
  payIntent(paymentIntentId: string, { card = 'success', fate }: Pick<PayOptions, 'card' | 'fate'> = {}): Stripe.PaymentIntent {
    const option = optionNamed(card);
    const chosen = fate === undefined ? undefined : knownFate(fate);
    return this.#core.change(paymentIntentId, (model) => payIntent(model, paymentIntentId, option, chosen));
  }

  /**
   * The customer's bank answers a 3-D Secure challenge. `payment`: a payment intent, its session or its invoice. Default `succeeded`.
   *
   * @throws StripeApiError 400 if the payment waits for no answer.
   */
  authenticate(payment: string, outcome: 'succeeded' | 'failed' = 'succeeded'): Authentication {
    return this.#core.change(payment, (model) => authenticate(model, intentIdOf(model, payment), outcome));
  }

  /**
   * Sets the fate of a payment's webhooks in advance: of a session, whose hosted page shows it, and where the customer may still
   * choose another one; or of a subscription, for all that happens to it from now on. `type`: only for events of that type, like
   * `invoice_payment.paid`, of a subscription.
   *
   * @throws StripeApiError 404 for an unknown session or subscription.
   * @throws Error for an unknown fate.
   */
  setFate(id: string, fate: Fate, type?: string): void {
    const chosen = knownFate(fate);
    this.#core.change(id, (model) => {
      const subscription = model.state.subscriptions.get(id);
      if (subscription && type !== undefined) {
        model.state.subscriptions.put({ ...subscription, fates: { ...subscription.fates, [type]: chosen } });
      } else if (subscription) model.state.subscriptions.put({ ...subscription, fate: chosen, fates: {} });
      else model.state.sessions.put({ ...sessionOf(model, id), fate: chosen });
    });
  }

  enterPromotionCode(sessionId: string, code: string): CheckoutRecord {
    return this.#core.change(sessionId, (model) => enterPromotionCode(model, sessionOf(model, sessionId), code));
  }

  /** Expires an open session. @throws StripeApiError 404 for an unknown session, 400 if it is not open. */
  expire(sessionId: string): Stripe.Checkout.Session {
    return this.#core.change(sessionId, (model) => renderSession(model, expire(model, sessionOf(model, sessionId))));
  }

  /**
   * The customer follows the recovery link of an expired session. Returns the new session, with `recovered_from`.
   *
   * @throws StripeApiError 400 if the session is unknown or cannot be recovered.
   */
  recover(sessionId: string): Stripe.Checkout.Session {
    return this.#core.change(sessionId, (model) => renderSession(model, recover(model, sessionId)));
  }

  /** A visitor opens a Payment Link. Returns the new session. @throws StripeApiError 404 for an unknown link, 400 if it is not active. */
  openPaymentLink(linkId: string, visit: LinkVisit = {}): Stripe.Checkout.Session {
    return this.#core.change(linkId, (model) => renderSession(model, visitLink(model, linkId, visit)));
  }

  /** Decides a debit or voucher now. Default outcome: the test card's. False: the payment waits for no decision. */
  settle(paymentIntentId: string, outcome?: 'succeeded' | 'failed'): boolean {
    return this.#core.change(paymentIntentId, (model) => settle(model, paymentIntentId, outcome));
  }

  /**
   * Makes a refund as in Stripe's dashboard. `payment`: a payment intent, its session or its invoice.
   *
   * @throws StripeApiError 404 for an unknown session, 400 for an unknown payment, or if there is nothing or too little to
   *   refund.
   * @throws Error for an unknown fate.
   */
  refund(payment: string, { amountMinor, reason, status, fate }: RefundOptions = {}): Stripe.Refund {
    const metadata = fate === undefined ? undefined : { [FATE_METADATA]: knownFate(fate) };
    return this.#core.change(payment, (model) => refundCharge(model, chargeOf(model, payment), { amountMinor, reason, status, metadata }));
  }

  /** The bank sends a refund back, days later. Default reason `expired_or_canceled_card`. @throws StripeApiError as `endRefund`. */
  failRefund(refundId: string, reason?: string): Stripe.Refund {
    return this.endRefund(refundId, 'failed', reason);
  }

  /** Ends a refund. @throws StripeApiError 404 if it is unknown, 400 if it cannot come to this end from its status. */
  endRefund(refundId: string, end: RefundEnd, reason?: string): Stripe.Refund {
    return this.#core.change(refundId, (model) => endRefund(model, refundId, end, reason));
  }

  /**
   * The customer's bank opens a dispute. `payment`: a payment intent, its session or its invoice.
   *
   * @throws StripeApiError 404 for an unknown session, 400 if there is no charge.
   */
  dispute(payment: string, terms: DisputeTerms = {}): Stripe.Dispute {
    return this.#core.change(payment, (model) => openDispute(model, chargeOf(model, payment).id, terms));
  }

  /**
   * Changes a dispute's status, also after it was closed. Default fate `delivered`; `caseType` as in `DisputeTerms`.
   *
   * @throws StripeApiError 404 if it is unknown, 400 for a block of money that is gone.
   */
  updateDispute(disputeId: string, status: DisputeStatus, fate?: Fate, caseType?: DisputeCaseType): Stripe.Dispute {
    return this.#core.change(disputeId, (model) => updateDispute(model, disputeId, status, defined({ fate, caseType })));
  }

  session(id: string): CheckoutRecord {
    return sessionOf(this.#core.accounts.holding(id), id);
  }
}

function sessionOf({ state }: Model, id: string): CheckoutRecord {
  const record = state.sessions.get(id);
  if (!record) throw noSuchObject('checkout.session', id);
  return record;
}

function intentIdOf(model: Model, payment: string): string {
  if (payment.startsWith('in_')) return intentOfInvoice(model, payment);
  if (!payment.startsWith('cs_')) return payment;
  const { session, intent } = sessionOf(model, payment);
  return intent ?? String(session.payment_intent);
}

/** The intent of its newest payment. @throws StripeApiError 404, or 400 where it has none. */
function intentOfInvoice(model: Model, id: string): string {
  const record = model.state.invoices.get(id);
  if (!record) throw noSuchObject('invoice', id);
  const payment = paymentsOf(model, record).findLast(({ status }) => status !== 'canceled');
  if (payment) return String(payment.payment.payment_intent);
  throw invalidRequest(`The invoice ${id} has no payment: the balance, a credit or somebody outside Stripe has paid it.`);
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
