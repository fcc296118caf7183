// The next invoice of a subscription: its lines, what waits for it, its discounts; and how far Stripe goes with it at once.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { InvoiceRecord, LineDraft, Period, SubscriptionRecord } from '../../state/billing-records.ts';
import { discountsInForce, discountsLeft } from './discounts.ts';
import { intentEnded } from './intent-ended.ts';
import { type Collected, collectInvoice } from './invoice-collect.ts';
import { createInvoice, type InvoiceTerms, termsOf } from './invoice-create.ts';
import { finalizeInvoice } from './invoice-finalize.ts';
import { invoiceTook, itemsToInvoice } from './invoice-items.ts';
import { putSubscription } from './subscription-record.ts';

export interface SubscriptionInvoice extends Pick<InvoiceTerms, 'reason' | 'period'> {
  /** Beside what waits for it, which stands before them. */
  readonly lines: readonly LineDraft[];
  /** Whether Stripe goes on by itself. Default true. */
  readonly autoAdvance?: boolean;
  /** Null: at once, by who makes it. */
  readonly finalizesAt: number | null;
}

export interface Invoiced {
  /** With the invoice as its latest; not told yet. */
  readonly record: SubscriptionRecord;
  readonly invoice: InvoiceRecord;
}

/** A draft. Call it within a transaction. */
export function invoiceSubscription(model: Model, record: SubscriptionRecord, wanted: SubscriptionInvoice): Invoiced {
  const now = model.clock.nowSeconds();
  const { reason, period, lines, autoAdvance = true, finalizesAt } = wanted;
  const waiting = itemsToInvoice(model, String(record.subscription.customer), record.id, record.subscription.currency);
  const all = [...waiting, ...lines];
  const discounts = discountsInForce(model, record, now);
  const invoice = createInvoice(model, { ...termsOf(record), reason, period, lines: all, autoAdvance, finalizesAt, discounts });
  invoiceTook(model, invoice.id, all);
  const subscription = { ...record.subscription, latest_invoice: invoice.id, discounts: discountsLeft(model, record, now) };
  return { record: putSubscription(model, { ...record, subscription }), invoice };
}

/** Finalized and, where Stripe collects by itself, tried. Call it within a transaction. */
export function settleNow(
  model: Model,
  draft: InvoiceRecord,
  { collect = true, intent }: { readonly collect?: boolean; readonly intent?: Stripe.PaymentIntent | undefined } = {},
): Collected {
  const open = finalizeInvoice(model, draft, { intent });
  if (intent) {
    intentEnded(model, intent);
    return { outcome: intent.status === 'succeeded' ? 'paid' : 'processing' };
  }
  if (!collect || open.invoice.status !== 'open' || open.invoice.collection_method === 'send_invoice') return { outcome: 'nothing_to_do' };
  return collectInvoice(model, open, { automatic: true });
}

export function oneMoment(at: number): Period {
  return { start: at, end: at };
}
