// `pause` and `resume`: a subscription that bills nothing and gives nothing, until somebody resumes it.
import type { Call } from '../../api/route.ts';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { periodAround } from './calendar.ts';
import { putInvoiceItem } from './invoice-items.ts';
import { creditsFor } from './proration.ts';
import { periodFields } from './subscription-begin.ts';
import { invoiceSubscription, oneMoment, settleNow } from './subscription-invoice.ts';
import { isMetered } from './subscription-items.ts';
import { baseLine, intervalOf } from './subscription-lines.ts';
import { changeSubscription } from './subscription-record.ts';
import { pauseSubscription, runAgain } from './subscription-status.ts';
import { readAnchorMove } from './subscription-terms.ts';

export function pauseNow({ model, parameters }: Call, record: SubscriptionRecord): void {
  if (record.subscription.status === 'paused') throw invalidRequest(`The subscription ${record.id} is paused already.`);
  parameters.oneOf('type', ['subscription']);
  const invoiceNow = parameters.oneOf('invoicing_behavior', ['invoice', 'pending_invoice_item']) === 'invoice';
  const billFor = parameters.hash('bill_for');
  const unused = billFor?.hash('unused_time_from')?.oneOf('type', ['item_current_period_start', 'none', 'now']) ?? 'now';
  billFor?.hash('outstanding_usage_through')?.oneOf('type', ['none', 'now']);
  const now = model.clock.nowSeconds();
  const customer = String(record.subscription.customer);
  const credited = unused === 'none' ? [] : record.items;
  const credits = credited.flatMap((item) => creditsFor(model, record, [item], unused === 'now' ? now : item.current_period_start));
  for (const credit of credits) putInvoiceItem(model, customer, credit);
  const paused = pauseSubscription(model, record, 'pause_requested');
  if (!invoiceNow || credits.length === 0) return;
  const { record: invoiced, invoice } = invoiceSubscription(model, paused, {
    reason: 'subscription_update',
    period: oneMoment(now),
    lines: [],
    finalizesAt: null,
  });
  changeSubscription(model, paused, { latest_invoice: invoiced.subscription.latest_invoice });
  settleNow(model, invoice);
}

/** A new period begins. It runs at once, or once its invoice is paid. */
export function resumeSubscription({ model, parameters }: Call, record: SubscriptionRecord): void {
  if (record.subscription.status !== 'paused') {
    throw invalidRequest(`The subscription ${record.id} is ${record.subscription.status}; only one that is paused can be resumed.`);
  }
  if (readAnchorMove(parameters) === 'unchanged') {
    throw invalidRequest('The sandbox resumes with a new period: leave billing_cycle_anchor out.', { param: 'billing_cycle_anchor' });
  }
  const behaviour = parameters.oneOf('payment_behavior', ['resume_on_payment_attempt', 'resume_on_payment_success']);
  parameters.ignored('proration_behavior', 'proration_date');
  const now = model.clock.nowSeconds();
  const items = record.items.map((item) => ({ ...item, ...periodFields(periodAround(now, intervalOf(item), now)) }));
  const begun = { ...record, items, subscription: { ...record.subscription, billing_cycle_anchor: now } };
  const billed = { subscription: record.id, currency: record.subscription.currency };
  const lines = items.flatMap((item) => {
    const period = { start: item.current_period_start, end: item.current_period_end };
    return isMetered(item.price) ? [] : baseLine(model, billed, item, period);
  });
  const invoiced = invoiceSubscription(model, begun, { reason: 'subscription_update', period: oneMoment(now), lines, finalizesAt: null });
  const { latest_invoice, discounts } = invoiced.record.subscription;
  const waiting = changeSubscription(model, record, { billing_cycle_anchor: now, latest_invoice, discounts }, items);
  if (behaviour !== 'resume_on_payment_success') runAgain(model, waiting);
  settleNow(model, invoiced.invoice);
}
