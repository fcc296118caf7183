// An invoice is paid: by its payments, by the customer's balance, by credits, or outside Stripe.
import type { Model } from '../../model.ts';
import type { InvoicePayment, InvoiceRecord } from '../../state/billing-records.ts';
import { releaseReordered } from '../../webhooks/enqueue.ts';
import { emit } from '../events.ts';
import { changeBalance } from './customer-balance.ts';
import { aboutInvoice, paymentsOf, putInvoice, subscriptionOf, tellInvoice } from './invoice-record.ts';
import { subscriptionPaid } from './subscription-status.ts';

/** Nothing is left to pay. `outside`: paid by other means than Stripe's. Call it within a transaction. */
export function markPaid(model: Model, record: InvoiceRecord, { outside = false }: { readonly outside?: boolean } = {}): InvoiceRecord {
  const { invoice } = record;
  const rest = invoice.amount_remaining;
  const paid = putInvoice(model, record, {
    status: 'paid',
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    amount_paid: invoice.amount_paid + (outside ? rest : 0),
    amount_paid_off_stripe: (invoice.amount_paid_off_stripe ?? 0) + (outside ? rest : 0),
    amount_remaining: 0,
    status_transitions: { ...invoice.status_transitions, paid_at: model.clock.nowSeconds() },
  });
  cancelOpenPayments(model, paid);
  tellInvoice(model, 'invoice.paid', paid);
  // A payment outside Stripe is no attempt that succeeded.
  if (!outside) tellInvoice(model, 'invoice.payment_succeeded', paid);
  subscriptionPaid(model, paid);
  release(model, paid);
  return paid;
}

/** A payment of this invoice has arrived: it counts as far as the invoice needs it, the rest is the customer's. Call it within a transaction. */
export function applyPayment(model: Model, record: InvoiceRecord, payment: InvoicePayment, receivedMinor: number): InvoiceRecord {
  const { invoice } = record;
  const amount = Math.min(receivedMinor, invoice.amount_remaining);
  const over = payment.is_default ? receivedMinor - amount : 0;
  const paid = model.state.invoicePayments.put({
    ...payment,
    amount_paid: amount,
    status: 'paid',
    status_transitions: { ...payment.status_transitions, paid_at: model.clock.nowSeconds() },
  });
  const counted = putInvoice(model, record, {
    amount_paid: invoice.amount_paid + amount,
    amount_remaining: invoice.amount_remaining - amount,
    amount_overpaid: invoice.amount_overpaid + over,
    attempted: true,
  });
  changeBalance(model, String(invoice.customer), {
    amountMinor: -over,
    currency: invoice.currency,
    type: 'invoice_overpaid',
    invoice: record.id,
  });
  emit(model, 'invoice_payment.paid', paid, aboutInvoice(model, counted));
  if (counted.invoice.amount_remaining === 0) return markPaid(model, counted);
  tellInvoice(model, 'invoice.updated', counted, { amount_paid: invoice.amount_paid, amount_remaining: invoice.amount_remaining });
  return counted;
}

/** What would still pay the invoice pays it no more. Call it within a transaction. */
export function cancelOpenPayments(model: Model, record: InvoiceRecord): void {
  const now = model.clock.nowSeconds();
  for (const payment of paymentsOf(model, record)) {
    if (payment.status !== 'open') continue;
    model.state.invoicePayments.put({
      ...payment,
      status: 'canceled',
      status_transitions: { ...payment.status_transitions, canceled_at: now },
    });
    const intent = model.state.intents.get(String(payment.payment.payment_intent));
    if (!intent || !payment.is_default || ['succeeded', 'canceled', 'processing'].includes(intent.status)) continue;
    const canceled = model.state.intents.put({
      ...intent,
      status: 'canceled',
      canceled_at: now,
      cancellation_reason: 'void_invoice',
      next_action: null,
    });
    model.state.challenges.remove(intent.id);
    emit(model, 'payment_intent.canceled', canceled, aboutInvoice(model, record));
  }
}

/** What is held back until the payment has ended goes out; a Checkout session that is being completed waits for its own end. */
export function release(model: Model, record: InvoiceRecord): void {
  if (!subscriptionOf(model, record)?.session) releaseReordered(model, aboutInvoice(model, record));
}
