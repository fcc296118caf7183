// What an invoice does to the status of its subscription: paid, it begins or goes on; unpaid, it is past due, and after the
// last try it ends as the schedule says.
import type Stripe from 'stripe';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { InvoiceRecord, SubscriptionRecord } from '../../state/billing-records.ts';
import { subscriptionOf } from './invoice-record.ts';
import { applyPending, dropPending } from './pending-update.ts';
import { endSubscription } from './subscription-end.ts';
import { changeSubscription, isEnded } from './subscription-record.ts';

export const DUNNING_ENDS = ['canceled', 'unpaid', 'past_due', 'paused'] as const;
/** What becomes of a subscription whose invoice stays unpaid after the last try. */
export type DunningEnd = (typeof DUNNING_ENDS)[number];

/** The metadata key by which a subscription has an end of its own. */
const DUNNING_METADATA = 'sandbox_dunning';

/** Call it within a transaction. */
export function subscriptionPaid(model: Model, invoice: InvoiceRecord): void {
  const found = subscriptionOf(model, invoice);
  if (!found || isEnded(found)) return;
  const record = applyPending(model, found, invoice);
  const { status } = record.subscription;
  if (status === 'incomplete') changeSubscription(model, record, { status: statusRunning(model, record) });
  // Only the invoice of a resumption: paying an older one leaves it paused.
  const resumes = record.subscription.latest_invoice === invoice.id && invoice.invoice.billing_reason === 'subscription_update';
  if (status === 'paused' && resumes) runAgain(model, record);
  if ((status === 'past_due' || status === 'unpaid') && !hasOpenSince(model, record, invoice)) {
    changeSubscription(model, record, { status: statusRunning(model, record) });
  }
}

/** Its invoice is owed no more, though nobody has paid it: what was past due goes on, what had not begun never does. */
export function subscriptionForgiven(model: Model, invoice: InvoiceRecord): void {
  const record = subscriptionOf(model, invoice);
  if (!record || isEnded(record) || record.subscription.latest_invoice !== invoice.id) return;
  if (record.pending?.invoice === invoice.id) {
    dropPending(model, record);
    return;
  }
  const { status } = record.subscription;
  if (status === 'past_due' || status === 'unpaid') changeSubscription(model, record, { status: statusRunning(model, record) });
  if (status === 'incomplete' && invoice.invoice.status === 'void') {
    changeSubscription(model, record, { status: 'incomplete_expired', ended_at: model.clock.nowSeconds() });
  }
}

/** Out of a pause. Call it within a transaction. */
export function runAgain(model: Model, record: SubscriptionRecord): SubscriptionRecord {
  const { status_details: _over, ...subscription } = record.subscription;
  const running = { ...record, subscription };
  return changeSubscription(model, running, { status: statusRunning(model, record) }, record.items, 'customer.subscription.resumed');
}

function statusRunning({ clock }: Model, { subscription }: SubscriptionRecord): Stripe.Subscription.Status {
  return (subscription.trial_end ?? 0) > clock.nowSeconds() ? 'trialing' : 'active';
}

/** Whether this invoice or a newer one is owed. Drafts and older invoices change no status. */
function hasOpenSince({ state }: Model, record: SubscriptionRecord, since: InvoiceRecord): boolean {
  const place = state.invoices.place(since.id) ?? 0;
  return state.invoices.withKey(record.id).some(({ id, invoice }) => {
    return invoice.status === 'open' && invoice.attempted && (state.invoices.place(id) ?? 0) >= place;
  });
}

/** A try to collect has failed. `last`: no other follows. Call it within a transaction. */
export function subscriptionFailed(model: Model, invoice: InvoiceRecord, last: boolean): void {
  const record = subscriptionOf(model, invoice);
  if (!record || isEnded(record)) return;
  if (record.pending?.invoice === invoice.id) return;
  const { status } = record.subscription;
  const owing = status === 'active' || status === 'trialing' ? changeSubscription(model, record, { status: 'past_due' }) : record;
  if (last && owing.subscription.status === 'past_due') giveUp(model, owing);
}

function giveUp(model: Model, record: SubscriptionRecord): void {
  switch (endOf(model, record.subscription.metadata)) {
    case 'canceled':
      endSubscription(model, record, { reason: 'payment_failed' });
      return;
    case 'unpaid':
      changeSubscription(model, record, { status: 'unpaid' });
      return;
    case 'paused':
      pauseSubscription(model, record, 'final_payment_failure');
      return;
    case 'past_due':
  }
}

function endOf(model: Model, metadata: Record<string, string>): DunningEnd {
  const own = metadata[DUNNING_METADATA];
  return DUNNING_ENDS.find((end) => end === own) ?? model.dunning.end;
}

/** @throws StripeApiError 400: a misspelt end must not silently become the usual one. */
export function refuseUnknownDunning(metadata: Readonly<Record<string, string>>): void {
  const own = metadata[DUNNING_METADATA];
  if (own === undefined || DUNNING_ENDS.some((end) => end === own)) return;
  throw invalidRequest(`${DUNNING_METADATA} is no end: ${own}. One of: ${DUNNING_ENDS.join(', ')}.`, {
    param: `metadata[${DUNNING_METADATA}]`,
  });
}

/** Call it within a transaction. */
export function pauseSubscription(
  model: Model,
  record: SubscriptionRecord,
  reason: Stripe.Subscription.StatusDetails.Paused.Subscription.Type,
): SubscriptionRecord {
  const paused = { subscription: { type: reason }, transitioned_at: model.clock.nowSeconds(), type: 'subscription' as const };
  return changeSubscription(model, record, { status: 'paused', status_details: { paused } }, record.items, 'customer.subscription.paused');
}
