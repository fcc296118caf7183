// Stripe tries to collect an open invoice: from the subscription's payment method, else from the customer's.
import type Stripe from 'stripe';
import { defined } from '../../../defined.ts';
import { StripeApiError } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { InvoiceRecord } from '../../state/billing-records.ts';
import type { Failure } from '../../test-cards.ts';
import { disputeByItself } from '../disputes.ts';
import { confirmIntent } from '../intent-confirm.ts';
import { failed } from '../intent-object.ts';
import { optionOfMethod } from '../payment-method-record.ts';
import { DAY_SECONDS } from './calendar.ts';
import { applyPayment, release } from './invoice-paid.ts';
import { aboutInvoice, paymentsOf, putInvoice, subscriptionOf, tellInvoice } from './invoice-record.ts';
import { subscriptionFailed } from './subscription-status.ts';

export interface Collecting {
  /** Undefined: the subscription's method, else the customer's. */
  readonly method?: string | undefined;
  /** By Stripe's schedule, so that the next try is planned. */
  readonly automatic: boolean;
}

export type Collected =
  | { readonly outcome: 'paid' | 'processing' | 'nothing_to_do' }
  /** The customer's bank asks first (3-D Secure). */
  | {
      readonly outcome: 'failed' | 'action';
      readonly failure: Failure;
      readonly intent: Stripe.PaymentIntent;
      readonly charge: string | null;
    };

/** Nobody has said what to charge. */
export const NO_METHOD: Failure = {
  code: 'missing',
  message: 'There is no default payment method set on this subscription or customer: set one, then pay the invoice.',
};
const ACTION: Failure = { code: 'authentication_required', message: "The customer's bank asks the customer to authenticate the payment." };

/** Call it within a transaction. */
export function collectInvoice(model: Model, record: InvoiceRecord, { method, automatic }: Collecting): Collected {
  const { state } = model;
  const payment = paymentsOf(model, record).find(({ is_default: isDefault, status }) => isDefault && status === 'open');
  const intent = state.intents.get(String(payment?.payment.payment_intent));
  const isOwed = record.invoice.status === 'open' || (!automatic && record.invoice.status === 'uncollectible');
  if (!isOwed || !payment || !intent || intent.status === 'processing') return { outcome: 'nothing_to_do' };
  const chosen = method ?? methodOf(model, record);
  const option = optionOfMethod(model, chosen);
  const about = aboutInvoice(model, record);
  if (chosen === null || !option) {
    const declined = state.intents.put(failed(intent, NO_METHOD, null));
    return fail(model, record, { outcome: 'failed', failure: NO_METHOD, intent: declined, charge: null }, automatic);
  }
  const amount = record.invoice.amount_remaining;
  const ready = { ...intent, amount, payment_method: chosen, payment_method_types: [option.type], next_action: null };
  state.challenges.remove(intent.id);
  const confirmed = confirmIntent(model, ready, option, about);
  switch (confirmed.outcome) {
    case 'declined':
      return fail(
        model,
        record,
        { outcome: 'failed', failure: confirmed.failure, intent: confirmed.intent, charge: confirmed.charge },
        automatic,
      );
    case 'challenge':
      return fail(model, record, { outcome: 'action', failure: ACTION, intent: confirmed.intent, charge: null }, automatic);
    case 'paid': {
      const tried = putInvoice(model, record, attemptOf(record, automatic));
      applyPayment(model, tried, payment, confirmed.intent.amount_received);
      disputeByItself(model, confirmed.intent, option);
      return { outcome: 'paid' };
    }
    default:
      putInvoice(model, record, { ...attemptOf(record, automatic), next_payment_attempt: null });
      return { outcome: 'processing' };
  }
}

/** The first try counts, whoever makes it; then only those of the schedule. */
function attemptOf({ invoice }: InvoiceRecord, automatic: boolean): Pick<Stripe.Invoice, 'attempt_count' | 'attempted'> {
  return { attempted: true, attempt_count: automatic ? invoice.attempt_count + 1 : Math.max(1, invoice.attempt_count) };
}

function fail(model: Model, record: InvoiceRecord, result: Extract<Collected, { intent: unknown }>, automatic: boolean): Collected {
  const { invoice } = record;
  const attempt = attemptOf(record, automatic);
  // The first invoice of a subscription is not tried again: it is paid within a day, or the subscription has never begun.
  const isRetried = automatic && invoice.billing_reason !== 'subscription_create' && invoice.auto_advance === true;
  const days = isRetried ? model.dunning.retryDays[attempt.attempt_count - 1] : undefined;
  const next = days === undefined ? null : model.clock.nowSeconds() + Math.round(days * DAY_SECONDS);
  const tried = putInvoice(model, record, { ...attempt, ...(automatic ? { next_payment_attempt: next } : {}) });
  tellInvoice(model, result.outcome === 'action' ? 'invoice.payment_action_required' : 'invoice.payment_failed', tried);
  tellInvoice(model, 'invoice.updated', tried, {
    attempt_count: invoice.attempt_count,
    next_payment_attempt: invoice.next_payment_attempt,
  });
  subscriptionFailed(model, tried, isRetried && next === null);
  release(model, tried);
  return result;
}

/** Null: there is none. */
function methodOf(model: Model, record: InvoiceRecord): string | null {
  const { invoice } = record;
  const customer = model.state.customers.get(String(invoice.customer));
  const method =
    invoice.default_payment_method ??
    subscriptionOf(model, record)?.subscription.default_payment_method ??
    customer?.invoice_settings.default_payment_method ??
    null;
  return typeof method === 'string' ? method : null;
}

/** The error of an API call whose payment did not go through. */
export function paymentError({ failure, intent, charge }: Extract<Collected, { intent: unknown }>): StripeApiError {
  return new StripeApiError(402, 'card_error', failure.message, {
    code: failure.code,
    paymentIntent: intent,
    ...defined({ declineCode: failure.declineCode, charge: charge ?? undefined }),
  });
}
