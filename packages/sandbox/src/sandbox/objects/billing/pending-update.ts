// `payment_behavior: pending_if_incomplete`: a change that waits for the payment of its invoice, for a day.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { InvoiceRecord, SubscriptionRecord } from '../../state/billing-records.ts';
import { changeSubscription, putSubscription } from './subscription-record.ts';

const PENDING_SECONDS = 23 * 3_600;

type Fields = Partial<Omit<Stripe.Subscription, 'items'>>;

/** Not shown yet: the payment may follow at once. Call it within a transaction. */
export function holdBack(
  model: Model,
  before: SubscriptionRecord,
  invoice: string,
  { change, items }: { readonly change: Fields; readonly items: readonly Stripe.SubscriptionItem[] },
): SubscriptionRecord {
  const subscription = { ...before.subscription, latest_invoice: invoice };
  return putSubscription(model, { ...before, subscription, pending: { invoice, change, items } });
}

/** The payment did not follow: the subscription stays as it is, and shows what waits. Call it within a transaction. */
export function showPending(model: Model, id: string): void {
  const record = model.state.subscriptions.get(id);
  if (!record?.pending) return;
  const { change, items } = record.pending;
  changeSubscription(model, record, {
    pending_update: {
      billing_cycle_anchor: change.billing_cycle_anchor ?? null,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: model.clock.nowSeconds() + PENDING_SECONDS,
      metadata: null,
      subscription_items: [...items],
      trial_end: change.trial_end ?? null,
      trial_from_plan: null,
    },
  });
}

/** Its invoice is paid. Returns the subscription as it is then. Call it within a transaction. */
export function applyPending(model: Model, record: SubscriptionRecord, invoice: InvoiceRecord): SubscriptionRecord {
  const { pending, subscription } = record;
  if (pending?.invoice !== invoice.id) return record;
  const also = subscription.pending_update === null ? undefined : 'customer.subscription.pending_update_applied';
  return changeSubscription(model, { ...record, pending: null }, { ...pending.change, pending_update: null }, pending.items, also);
}

/** It is too late, or its invoice is void. Call it within a transaction. */
export function dropPending(model: Model, record: SubscriptionRecord): void {
  if (!record.pending) return;
  changeSubscription(
    model,
    { ...record, pending: null },
    { pending_update: null },
    record.items,
    'customer.subscription.pending_update_expired',
  );
}
