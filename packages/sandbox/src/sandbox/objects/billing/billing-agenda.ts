// What Stripe Billing does by itself when its time has come: trials end, periods are renewed, drafts are finalized, unpaid
// invoices are tried again.
import type { Model } from '../../model.ts';
import type { InvoiceRecord, SubscriptionRecord } from '../../state/billing-records.ts';
import { emit } from '../events.ts';
import { collectInvoice } from './invoice-collect.ts';
import { finalizeInvoice } from './invoice-finalize.ts';
import { dueAtOf, putInvoice, tellInvoice } from './invoice-record.ts';
import { voidInvoice } from './invoice-void.ts';
import { dropPending } from './pending-update.ts';
import { renew } from './renewal.ts';
import { endSubscription } from './subscription-end.ts';
import {
  aboutSubscription,
  type BoundaryKind,
  boundaries,
  changeSubscription,
  putSubscription,
  renderSubscription,
} from './subscription-record.ts';
import { subscriptionFailed } from './subscription-status.ts';

/** One step; the next one, if it is due too, is on the agenda again. Call it within a transaction. */
export function followSubscription(model: Model, id: string): void {
  const record = model.state.subscriptions.get(id);
  const [next] = record ? boundaries(record) : [];
  if (record && next && next.at <= model.clock.nowSeconds()) pass(model, record, next.at, next.kind);
}

function pass(model: Model, record: SubscriptionRecord, at: number, kind: BoundaryKind): void {
  switch (kind) {
    case 'never_begun':
      neverBegun(model, record);
      return;
    case 'cancel':
      endSubscription(model, record, { reason: 'cancellation_requested' });
      return;
    case 'update_expires': {
      const invoice = model.state.invoices.get(record.pending?.invoice ?? '');
      // With its invoice goes the change.
      if (invoice?.invoice.status === 'open') voidInvoice(model, invoice);
      else dropPending(model, record);
      return;
    }
    case 'trial_will_end': {
      const told = putSubscription(model, { ...record, toldTrialEnd: record.subscription.trial_end });
      emit(model, 'customer.subscription.trial_will_end', renderSubscription(told), aboutSubscription(told));
      return;
    }
    case 'collection_resumes':
      changeSubscription(model, record, { pause_collection: null });
      return;
    case 'period_ends':
      renew(model, record, at);
  }
}

/** Its first invoice was not paid within a day. */
function neverBegun(model: Model, record: SubscriptionRecord): void {
  const now = model.clock.nowSeconds();
  const expired = changeSubscription(model, record, { status: 'incomplete_expired', ended_at: now });
  const invoice = model.state.invoices.get(String(expired.subscription.latest_invoice));
  if (invoice?.invoice.status === 'open') voidInvoice(model, invoice);
}

/** Call it within a transaction. */
export function followInvoice(model: Model, id: string): void {
  const record = model.state.invoices.get(id);
  const dueAt = record ? dueAtOf(record) : null;
  if (!record || dueAt === null || dueAt > model.clock.nowSeconds()) return;
  if (record.invoice.status === 'open') {
    if (record.invoice.collection_method === 'send_invoice') overdue(model, record);
    else collectInvoice(model, record, { automatic: true });
    return;
  }
  const open = finalizeInvoice(model, record);
  if (open.invoice.status !== 'open') return;
  if (open.invoice.collection_method === 'send_invoice') tellInvoice(model, 'invoice.sent', open);
  else collectInvoice(model, open, { automatic: true });
}

/** Sent with terms, and not paid by then. Told once: the date stays what it was. */
function overdue(model: Model, record: InvoiceRecord): void {
  if (record.invoice.attempted) return;
  const late = putInvoice(model, { ...record, invoice: { ...record.invoice, attempted: true } });
  tellInvoice(model, 'invoice.overdue', late);
  subscriptionFailed(model, late, false);
}
