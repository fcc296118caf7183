// An invoice as the sandbox keeps it: how it is shown, whom its webhooks go with, and when it is looked at again.
import type Stripe from 'stripe';
import { firstOf, wholeList } from '../../api/lists.ts';
import { fateInMetadata } from '../../fate.ts';
import type { Model } from '../../model.ts';
import type { InvoicePayment, InvoiceRecord, SubscriptionRecord } from '../../state/billing-records.ts';
import { type Announcement, emit } from '../events.ts';
import { aboutSubscription } from './subscription-record.ts';

/** Stripe lets a draft lie for an hour, so that the shop can add to it. */
export const DRAFT_SECONDS = 3_600;

/** As `GET /v1/invoices/:id` answers it: of its lines the first ten. */
export function renderInvoice({ baseUrl }: Model, { id, invoice, lines }: InvoiceRecord): Stripe.Invoice {
  const hosted_invoice_url = invoice.status === 'draft' ? null : `${baseUrl}/i/${id}`;
  return { ...invoice, hosted_invoice_url, lines: firstOf(lines, `/v1/invoices/${id}/lines`) as Stripe.ApiList<Stripe.InvoiceLineItem> };
}

export function subscriptionIdOf({ invoice }: InvoiceRecord): string | null {
  const subscription = invoice.parent?.subscription_details?.subscription;
  return typeof subscription === 'string' ? subscription : null;
}

export function subscriptionOf({ state }: Model, record: InvoiceRecord): SubscriptionRecord | undefined {
  const id = subscriptionIdOf(record);
  return id === null ? undefined : state.subscriptions.get(id);
}

export function aboutInvoice(model: Model, record: InvoiceRecord): Announcement {
  const subscription = subscriptionOf(model, record);
  if (subscription) return aboutSubscription(subscription);
  return { group: record.id, fate: fateInMetadata(record.invoice.metadata) ?? 'delivered' };
}

/** Call it within a transaction. */
export function putInvoice(
  model: Model,
  before: InvoiceRecord,
  change: Partial<InvoiceRecord['invoice']> = {},
  payments: readonly string[] = before.payments,
): InvoiceRecord {
  const record = model.state.invoices.put({ ...before, payments, invoice: { ...before.invoice, ...change } });
  const dueAt = dueAtOf(record);
  if (dueAt !== null) model.agenda.add(dueAt * 1_000, { kind: 'invoice_due', id: record.id });
  return record;
}

/** Unix seconds at which Stripe goes on with it by itself. Null: it does not. */
export function dueAtOf({ invoice }: InvoiceRecord): number | null {
  if (invoice.status === 'draft') return invoice.auto_advance ? invoice.automatically_finalizes_at : null;
  if (invoice.status !== 'open') return null;
  return invoice.collection_method === 'send_invoice' ? invoice.due_date : invoice.next_payment_attempt;
}

export function tellInvoice(model: Model, type: Stripe.Event.Type, record: InvoiceRecord, previous?: object): void {
  emit(model, type, renderInvoice(model, record), aboutInvoice(model, record), previous);
}

export function paymentsOf({ state }: Model, { payments }: InvoiceRecord): InvoicePayment[] {
  return payments.flatMap((id) => state.invoicePayments.get(id) ?? []);
}

/** `payments`, which an answer contains only if it is asked for. */
export function paymentListOf(model: Model, record: InvoiceRecord): object {
  return wholeList(paymentsOf(model, record), `/v1/invoice_payments?invoice=${record.id}`);
}
