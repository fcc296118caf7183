// From draft to open: the invoice gets its number, the customer's balance is taken into account, and a payment intent stands
// ready for the rest. With nothing left to pay it is paid at once.
import type Stripe from 'stripe';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { InvoicePayment, InvoiceRecord } from '../../state/billing-records.ts';
import { leastCharge } from '../charge-limits.ts';
import { emit } from '../events.ts';
import { buildIntent } from '../intent-object.ts';
import { METHODS } from '../method-types.ts';
import { changeBalance } from './customer-balance.ts';
import { parentOf } from './invoice-create.ts';
import { markPaid } from './invoice-paid.ts';
import { aboutInvoice, putInvoice, subscriptionOf, tellInvoice } from './invoice-record.ts';

export interface Finalizing {
  /** A payment intent that is there already: of the Checkout session that begins the subscription. */
  readonly intent?: Stripe.PaymentIntent | undefined;
}

/** Call it within a transaction. @throws StripeApiError 400 if it is no draft. */
export function finalizeInvoice(model: Model, record: InvoiceRecord, { intent }: Finalizing = {}): InvoiceRecord {
  const { invoice } = record;
  if (invoice.status !== 'draft') {
    throw invalidRequest(
      `This invoice is already finalized, you can't re-finalize a non-draft invoice (${record.id} is ${invoice.status}).`,
    );
  }
  const customerId = String(invoice.customer);
  const balance = model.state.customers.get(customerId)?.balance ?? 0;
  // What the customer has agreed to on the payment page leaves his balance as it is.
  const left = intent ? invoice.total : invoice.total + balance;
  const isCarried = left > 0 && left < leastCharge(invoice.currency) && invoice.collection_method === 'charge_automatically';
  const due = isCarried ? 0 : Math.max(0, left);
  const ending = intent ? balance : isCarried || left < 0 ? left : 0;
  const type = isCarried ? 'invoice_too_small' : 'applied_to_invoice';
  changeBalance(model, customerId, { amountMinor: ending - balance, currency: invoice.currency, type, invoice: record.id });
  const now = model.clock.nowSeconds();
  const subscription = subscriptionOf(model, record);
  const open = putInvoice(model, record, {
    status: 'open',
    number: nextNumber(model, customerId),
    amount_due: due,
    amount_remaining: due,
    starting_balance: balance,
    ending_balance: ending,
    automatically_finalizes_at: null,
    effective_at: now,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, finalized_at: now },
    ...(subscription ? { parent: parentOf(subscription) } : {}),
  });
  const payable = due === 0 ? open : withPayment(model, open, intent);
  tellInvoice(model, 'invoice.finalized', payable);
  return due === 0 ? markPaid(model, payable) : payable;
}

function nextNumber({ state }: Model, customerId: string): string {
  const customer = state.customers.get(customerId);
  const sequence = customer?.next_invoice_sequence ?? 1;
  if (customer) state.customers.put({ ...customer, next_invoice_sequence: sequence + 1 });
  return `${customer?.invoice_prefix ?? 'SANDBOX'}-${String(sequence).padStart(4, '0')}`;
}

/** The invoice with a payment that is still to come. */
function withPayment(model: Model, record: InvoiceRecord, given: Stripe.PaymentIntent | undefined): InvoiceRecord {
  const { invoice } = record;
  const intent = given ?? newIntent(model, record);
  const payment = addPayment(model, record, { type: 'payment_intent', payment_intent: intent.id }, invoice.amount_due, true);
  return putInvoice(model, record, {}, [...record.payments, payment.id]);
}

/** Stored, but the invoice does not know of it yet. */
export function addPayment(
  model: Model,
  record: InvoiceRecord,
  payment: InvoicePayment['payment'],
  requestedMinor: number,
  isDefault: boolean,
): InvoicePayment {
  return model.state.invoicePayments.put({
    id: model.newId('inpay_'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: requestedMinor,
    created: model.clock.nowSeconds(),
    currency: record.invoice.currency,
    invoice: record.id,
    is_default: isDefault,
    livemode: false,
    payment,
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

function newIntent(model: Model, record: InvoiceRecord): Stripe.PaymentIntent {
  const { invoice } = record;
  const intent = model.state.intents.put(
    buildIntent(model, {
      amountMinor: invoice.amount_due,
      currency: invoice.currency,
      customer: String(invoice.customer),
      metadata: {},
      captureMethod: 'automatic',
      description: DESCRIPTIONS[String(invoice.billing_reason)] ?? `Payment for Invoice ${invoice.number}`,
      receiptEmail: null,
      statementDescriptor: null,
      statementDescriptorSuffix: null,
      setupFutureUsage: invoice.parent === null ? null : 'off_session',
      overcapture: false,
      methodTypes: METHODS,
    }),
  );
  emit(model, 'payment_intent.created', intent, aboutInvoice(model, record));
  return intent;
}

/** What the intent of such an invoice says. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  subscription_create: 'Subscription creation',
  subscription_cycle: 'Subscription update',
  subscription_update: 'Subscription update',
};
