// The period of a subscription is over: the next one begins, and its invoice is made, an hour before it is collected.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { LineDraft, SubscriptionRecord } from '../../state/billing-records.ts';
import { periodAround } from './calendar.ts';
import { finalizeInvoice } from './invoice-finalize.ts';
import { DRAFT_SECONDS, putInvoice } from './invoice-record.ts';
import { markUncollectible, voidInvoice } from './invoice-void.ts';
import { periodFields } from './subscription-begin.ts';
import { endSubscription } from './subscription-end.ts';
import { invoiceSubscription } from './subscription-invoice.ts';
import { isMetered } from './subscription-items.ts';
import { baseLine, intervalOf, usageLine } from './subscription-lines.ts';
import { changeSubscription } from './subscription-record.ts';
import { pauseSubscription } from './subscription-status.ts';

/** `at`: the end of the period. Call it within a transaction. */
export function renew(model: Model, record: SubscriptionRecord, at: number): void {
  const { subscription } = record;
  const isTrialOver = subscription.status === 'trialing' && subscription.trial_end !== null && subscription.trial_end <= at;
  if (isTrialOver && !hasMethod(model, record)) {
    const missing = subscription.trial_settings?.end_behavior.missing_payment_method;
    if (missing === 'cancel') {
      endSubscription(model, record, { reason: 'payment_failed' });
      return;
    }
    if (missing === 'pause') {
      pauseSubscription(model, record, 'trial_end_without_payment_method');
      return;
    }
  }
  const due = record.items.filter((item) => item.current_period_end === at);
  const period = { start: Math.min(...due.map((item) => item.current_period_start)), end: at };
  const renewed = { ...record, items: record.items.map((item) => (due.includes(item) ? nextPeriod(item, subscription, at) : item)) };
  const lines = linesOf(model, renewed, due);
  const status = isTrialOver ? 'active' : subscription.status;
  if (lines.length === 0) {
    changeSubscription(model, record, { status }, renewed.items);
    return;
  }
  const paused = subscription.pause_collection?.behavior;
  const autoAdvance = paused !== 'keep_as_draft' && status !== 'unpaid';
  const finalizesAt = model.clock.nowSeconds() + DRAFT_SECONDS;
  const { record: invoiced, invoice } = invoiceSubscription(model, renewed, {
    reason: 'subscription_cycle',
    period,
    lines,
    autoAdvance,
    finalizesAt,
  });
  const { latest_invoice, discounts } = invoiced.subscription;
  changeSubscription(model, record, { status, latest_invoice, discounts }, renewed.items);
  if (paused === 'void' || paused === 'mark_uncollectible') {
    const open = finalizeInvoice(model, putInvoice(model, invoice, { auto_advance: false }));
    if (open.invoice.status === 'open') (paused === 'void' ? voidInvoice : markUncollectible)(model, open);
  }
}

function hasMethod(model: Model, record: SubscriptionRecord): boolean {
  const { default_payment_method: own, customer } = record.subscription;
  return (own ?? model.state.customers.get(String(customer))?.invoice_settings.default_payment_method ?? null) !== null;
}

function nextPeriod(
  item: Stripe.SubscriptionItem,
  { billing_cycle_anchor: anchor }: Pick<Stripe.Subscription, 'billing_cycle_anchor'>,
  at: number,
): Stripe.SubscriptionItem {
  return { ...item, ...periodFields({ start: at, end: periodAround(anchor, intervalOf(item), at).end }) };
}

/** What is licensed is paid ahead; what is metered, for the period that is over. */
function linesOf(model: Model, { id, subscription, items }: SubscriptionRecord, over: readonly Stripe.SubscriptionItem[]): LineDraft[] {
  const billed = { subscription: id, currency: subscription.currency };
  return over.flatMap((before) => {
    const item = items.find((each) => each.id === before.id);
    if (!item) return [];
    if (!isMetered(item.price)) return baseLine(model, billed, item, { start: item.current_period_start, end: item.current_period_end });
    const isTrial = subscription.status === 'trialing';
    return isTrial ? [] : usageLine(model, billed, item, { start: before.current_period_start, end: before.current_period_end });
  });
}
