// What a change in the middle of a period costs: what is left of the lines that were paid for is given back, and the rest of
// the period is charged anew.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { LineDraft, SubscriptionRecord } from '../../state/billing-records.ts';
import { discountsInForce } from './discounts.ts';
import { waitingItems } from './invoice-items.ts';
import { netOf } from './invoice-lines.ts';
import { isMetered } from './subscription-items.ts';
import { creditLine, remainingLine } from './subscription-lines.ts';

/** A line that was charged for the period that is running. */
interface Debit {
  readonly netMinor: number;
  readonly start: number;
  readonly end: number;
  readonly credited: LineDraft['credited'];
}

/** For each item the credit of what is left of it at `from`. Nothing for a trial or what was never charged. */
export function creditsFor(model: Model, record: SubscriptionRecord, items: readonly Stripe.SubscriptionItem[], from: number): LineDraft[] {
  const billed = { subscription: record.id, currency: record.subscription.currency };
  return items.flatMap((item) => {
    const debit = lastDebit(model, record, item);
    if (!debit || isMetered(item.price) || debit.end <= from) return [];
    const share = (debit.end - from) / (debit.end - debit.start);
    const wanted = Math.round(debit.netMinor * Math.min(1, share));
    const amountMinor = Math.min(wanted, debit.netMinor - creditedSoFar(model, record, debit));
    if (amountMinor <= 0) return [];
    return creditLine(model, billed, { ...item, current_period_end: debit.end }, { from, amountMinor, credited: debit.credited });
  });
}

/** For each item the rest of its period, from `from` on, less what coupons take off. */
export function chargesFor(model: Model, record: SubscriptionRecord, items: readonly Stripe.SubscriptionItem[], from: number): LineDraft[] {
  const billed = { subscription: record.id, currency: record.subscription.currency };
  const kept = discountsInForce(model, record, from).reduce((share, { coupon }) => share * (1 - (coupon.percent_off ?? 0) / 100), 1);
  return items.flatMap((item) => {
    const line = isMetered(item.price) || item.current_period_end <= from ? undefined : remainingLine(model, billed, item, from, 1 - kept);
    return line ?? [];
  });
}

/** What was given back of this line before: by a pause, or by a change that charged nothing anew. */
function creditedSoFar({ state }: Model, record: SubscriptionRecord, { credited }: Debit): number {
  const [line] = credited?.lines ?? [];
  if (line === undefined) return 0;
  const waiting = state.invoiceItems
    .withKey(String(record.subscription.customer))
    .filter(({ item, draft }) => item.invoice === null && draft.credited?.lines.includes(line));
  const billed = state.invoices
    .withKey(record.id)
    .filter(({ invoice }) => invoice.status !== 'void')
    .flatMap(({ lines }) => lines.filter(({ parent }) => creditedBy(parent).includes(line)));
  return -waiting.reduce((sum, { draft }) => sum + draft.amountMinor, 0) - billed.reduce((sum, { amount }) => sum + amount, 0);
}

function creditedBy(parent: Stripe.InvoiceLineItem['parent']): readonly string[] {
  const { proration_details: details } = parent?.subscription_item_details ?? parent?.invoice_item_details ?? {};
  return details?.credited_items?.invoice_line_items ?? [];
}

/** The newest line that charged this item for the period that is running; an older one was credited when that was made. */
function lastDebit(model: Model, record: SubscriptionRecord, item: Stripe.SubscriptionItem): Debit | undefined {
  const { state } = model;
  const waiting = waitingItems(model, String(record.subscription.customer), record.id)
    .map(({ draft }) => draft)
    .findLast((draft) => draft.subscriptionItem === item.id && draft.amountMinor >= 0 && draft.period.end === item.current_period_end);
  if (waiting) return { netMinor: waiting.amountMinor, ...waiting.period, credited: null };
  for (const { id, invoice, lines } of state.invoices.withKey(record.id).toReversed()) {
    if (invoice.status === 'void') continue;
    const line = lines.findLast((each) => {
      return each.amount >= 0 && itemOf(model, each) === item.id && each.period.end === item.current_period_end;
    });
    if (line) return { netMinor: netOf(line), ...line.period, credited: { invoice: id, lines: [line.id] } };
  }
  return undefined;
}

/** The item that a line is of, whichever its parent names. */
function itemOf({ state }: Model, { parent }: Stripe.InvoiceLineItem): string | null | undefined {
  const waited = state.invoiceItems.get(parent?.invoice_item_details?.invoice_item ?? '');
  return parent?.subscription_item_details?.subscription_item ?? waited?.draft.subscriptionItem;
}
