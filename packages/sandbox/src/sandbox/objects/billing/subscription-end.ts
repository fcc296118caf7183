// The end of a subscription. It is final: nothing is billed any more, and what is open is collected by nobody.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { releaseReordered } from '../../webhooks/enqueue.ts';
import { emit } from '../events.ts';
import { putInvoice } from './invoice-record.ts';
import { aboutSubscription, putSubscription, renderSubscription } from './subscription-record.ts';

export interface End {
  readonly reason: Stripe.Subscription.CancellationDetails.Reason | null;
  readonly comment?: string | null;
  readonly feedback?: Stripe.Subscription.CancellationDetails.Feedback | null;
}

export const NO_DETAILS: Stripe.Subscription.CancellationDetails = { comment: null, feedback: null, feedback_option: null, reason: null };

/** Call it within a transaction. */
export function endSubscription(model: Model, record: SubscriptionRecord, end: End): SubscriptionRecord {
  const now = model.clock.nowSeconds();
  const { subscription } = record;
  stopCollecting(model, record.id);
  const ended = putSubscription(model, {
    ...record,
    subscription: {
      ...subscription,
      status: 'canceled',
      ended_at: now,
      canceled_at: subscription.canceled_at ?? now,
      cancellation_details: {
        ...(subscription.cancellation_details ?? NO_DETAILS),
        ...(end.reason === null ? {} : { reason: end.reason }),
        ...(end.comment ? { comment: end.comment } : {}),
        ...(end.feedback ? { feedback: end.feedback } : {}),
      },
    },
  });
  emit(model, 'customer.subscription.deleted', renderSubscription(ended), aboutSubscription(ended));
  if (!ended.session) releaseReordered(model, aboutSubscription(ended));
  return ended;
}

/** Its open invoices and drafts stay, and wait for somebody to pay them by hand. */
function stopCollecting(model: Model, subscriptionId: string): void {
  for (const invoice of model.state.invoices.withKey(subscriptionId)) {
    const { status } = invoice.invoice;
    if (status === 'open' || status === 'draft') putInvoice(model, invoice, { auto_advance: false, next_payment_attempt: null });
  }
}
