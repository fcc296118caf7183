// The ends of an invoice that is not paid: void, as if it had never been; uncollectible, which may still be paid.
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { InvoiceRecord } from '../../state/billing-records.ts';
import { changeBalance } from './customer-balance.ts';
import { cancelOpenPayments, release } from './invoice-paid.ts';
import { putInvoice, tellInvoice } from './invoice-record.ts';
import { subscriptionForgiven } from './subscription-status.ts';

/** What the customer's balance had paid goes back to it. Call it within a transaction. @throws StripeApiError 400 if it is not open. */
export function voidInvoice(model: Model, record: InvoiceRecord): InvoiceRecord {
  const { invoice } = record;
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') throw notOpen(record, 'voided');
  if (invoice.amount_paid > 0) throw invalidRequest(`The invoice ${record.id} is paid in part and cannot be voided: make a credit note.`);
  const voided = putInvoice(model, record, {
    status: 'void',
    auto_advance: false,
    next_payment_attempt: null,
    amount_remaining: 0,
    status_transitions: { ...invoice.status_transitions, voided_at: model.clock.nowSeconds() },
  });
  changeBalance(model, String(invoice.customer), {
    amountMinor: invoice.starting_balance - (invoice.ending_balance ?? invoice.starting_balance),
    currency: invoice.currency,
    type: 'unapplied_from_invoice',
    invoice: record.id,
  });
  cancelOpenPayments(model, voided);
  tellInvoice(model, 'invoice.voided', voided, { status: invoice.status });
  subscriptionForgiven(model, voided);
  release(model, voided);
  return voided;
}

/** Call it within a transaction. @throws StripeApiError 400 if it is not open. */
export function markUncollectible(model: Model, record: InvoiceRecord): InvoiceRecord {
  const { invoice } = record;
  if (invoice.status !== 'open') throw notOpen(record, 'marked as uncollectible');
  const marked = putInvoice(model, record, {
    status: 'uncollectible',
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...invoice.status_transitions, marked_uncollectible_at: model.clock.nowSeconds() },
  });
  tellInvoice(model, 'invoice.marked_uncollectible', marked, { status: invoice.status });
  subscriptionForgiven(model, marked);
  release(model, marked);
  return marked;
}

function notOpen({ id, invoice }: InvoiceRecord, verb: string): Error {
  return invalidRequest(`The invoice ${id} is ${invoice.status}; only one that is open can be ${verb}.`, { code: 'invoice_not_editable' });
}
