// A payment intent has ended by another way than Stripe's own try: a debit was decided, the customer answered his bank, or
// paid in a page of the shop. What it pays for is told.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { InvoiceRecord } from '../../state/billing-records.ts';
import { applyPayment, release } from './invoice-paid.ts';
import { putInvoice, subscriptionOf, tellInvoice } from './invoice-record.ts';
import { putSubscription } from './subscription-record.ts';
import { subscriptionFailed } from './subscription-status.ts';

/** Nothing where it belongs to no invoice, or has not ended. Call it within a transaction. */
export function intentEnded(model: Model, intent: Stripe.PaymentIntent): void {
  const { state } = model;
  for (const payment of state.invoicePayments.withKey(intent.id)) {
    const record = state.invoices.get(String(payment.invoice));
    if (payment.status !== 'open' || !record || !['open', 'uncollectible'].includes(String(record.invoice.status))) continue;
    if (intent.status === 'succeeded') {
      keepMethod(model, record, intent);
      applyPayment(model, record, payment, leftOf(model, intent));
    } else if (intent.status === 'requires_payment_method' && payment.is_default) {
      const tried = putInvoice(model, record, { attempted: true, attempt_count: Math.max(1, record.invoice.attempt_count) });
      tellInvoice(model, 'invoice.payment_failed', tried);
      subscriptionFailed(model, tried, false);
      release(model, tried);
    }
  }
}

/** `save_default_payment_method: on_subscription`: what paid it pays the renewals. */
function keepMethod(model: Model, invoice: InvoiceRecord, { payment_method: method }: Stripe.PaymentIntent): void {
  const record = subscriptionOf(model, invoice);
  const known = model.state.paymentMethods.get(String(method));
  if (!record || !known || record.subscription.payment_settings?.save_default_payment_method !== 'on_subscription') return;
  model.state.paymentMethods.put({ ...known, method: { ...known.method, customer: String(record.subscription.customer) } });
  putSubscription(model, { ...record, subscription: { ...record.subscription, default_payment_method: known.id } });
}

/** What this intent has received and has not given to an invoice yet: one payment may pay several. */
function leftOf({ state }: Model, intent: Stripe.PaymentIntent): number {
  const given = state.invoicePayments.withKey(intent.id).reduce((sum, { amount_paid: amount }) => sum + (amount ?? 0), 0);
  return intent.amount_received - given;
}
