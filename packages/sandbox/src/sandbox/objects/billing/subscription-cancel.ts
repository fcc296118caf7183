// `DELETE /v1/subscriptions/:id`: the end, now; on wish with a credit for the time that is left, and with its invoice.

import type Stripe from 'stripe';
import type { Parameters } from '../../api/parameters.ts';
import type { Call } from '../../api/route.ts';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { putInvoiceItem, waitingItems } from './invoice-items.ts';
import { creditsFor } from './proration.ts';
import { endSubscription } from './subscription-end.ts';
import { invoiceSubscription, oneMoment, settleNow } from './subscription-invoice.ts';

const FEEDBACK = [
  'customer_service',
  'low_quality',
  'missing_features',
  'other',
  'switched_service',
  'too_complex',
  'too_expensive',
  'unused',
] as const;

export function cancelSubscription({ model, parameters }: Call, record: SubscriptionRecord): void {
  const prorate = parameters.boolean('prorate') ?? false;
  const invoiceNow = parameters.boolean('invoice_now') ?? false;
  cancelNow(model, record, { prorate, invoiceNow, ...readDetails(parameters) });
}

/** `cancellation_details` of a request. */
export function readDetails(parameters: Parameters): Pick<Stripe.Subscription.CancellationDetails, 'comment' | 'feedback'> {
  const details = parameters.hash('cancellation_details');
  details?.ignored('feedback_option');
  return { comment: details?.string('comment') ?? null, feedback: details?.oneOf('feedback', FEEDBACK) ?? null };
}

interface Cancelling extends Pick<Stripe.Subscription.CancellationDetails, 'comment' | 'feedback'> {
  readonly prorate: boolean;
  readonly invoiceNow: boolean;
}

/** Call it within a transaction. */
function cancelNow(model: Model, record: SubscriptionRecord, { prorate, invoiceNow, comment, feedback }: Cancelling): void {
  const now = model.clock.nowSeconds();
  const customer = String(record.subscription.customer);
  if (prorate) for (const credit of creditsFor(model, record, record.items, now)) putInvoiceItem(model, customer, credit);
  const isBilled = invoiceNow && waitingItems(model, customer, record.id).length > 0;
  if (!isBilled) {
    endSubscription(model, record, { reason: 'cancellation_requested', comment, feedback });
    return;
  }
  const invoiced = invoiceSubscription(model, record, {
    reason: 'subscription_update',
    period: oneMoment(now),
    lines: [],
    finalizesAt: null,
  });
  endSubscription(model, invoiced.record, { reason: 'cancellation_requested', comment, feedback });
  settleNow(model, model.state.invoices.get(invoiced.invoice.id) ?? invoiced.invoice);
}
