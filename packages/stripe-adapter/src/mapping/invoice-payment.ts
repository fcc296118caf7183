// Reads which payment paid for which invoice: the only link from the money to an invoice. Part of the pure mapping of
// subscriptions (`to-subscription-observation.ts`).
import { invoicePaymentSchema, type StripeInvoicePayment } from '../stripe/invoice-objects.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { type BillingReading, ignored, stated, unread } from './billing-reading.ts';

export function readInvoicePayment(object: unknown): BillingReading {
  const parsed = invoicePaymentSchema.safeParse(object);
  if (!parsed.success) return unread('invoice_payment', identityOf(object).id, parsed.error);
  const { id, status, invoice, amount_paid: amountPaid, status_transitions: times } = parsed.data;
  if (status === 'open') return ignored('a payment of an invoice that is not paid yet');
  if (status !== 'paid' && status !== 'canceled') return unread('invoice_payment', id, 'status');
  const payment = paymentOf(parsed.data);
  if (payment === null) return unread('invoice_payment', id, 'payment');
  if (status === 'paid' && amountPaid === null) return unread('invoice_payment', id, 'amount_paid');
  const at = status === 'paid' ? times.paid_at : times.canceled_at;
  return stated({ kind: 'allocation', id, invoice, payment, status, amountMinor: amountPaid ?? 0 }, id, at);
}

function paymentOf({ payment: { type, ...ids } }: StripeInvoicePayment): string | null {
  return type === 'payment_intent' || type === 'charge' || type === 'payment_record' ? ids[type] : null;
}
