// A subscription changes its price, its quantity, its trial or its anchor: the new items, and what that costs now or with the
// next invoice.
import type Stripe from 'stripe';
import { invalidRequest, noSuchParameterObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { LineDraft, SubscriptionRecord } from '../../state/billing-records.ts';
import { periodAround } from './calendar.ts';
import type { Collected } from './invoice-collect.ts';
import { putInvoiceItem } from './invoice-items.ts';
import { holdBack, showPending } from './pending-update.ts';
import { chargesFor, creditsFor } from './proration.ts';
import { periodFields } from './subscription-begin.ts';
import { invoiceSubscription, oneMoment, settleNow } from './subscription-invoice.ts';
import { isMetered, newItem, type WantedItem, withPrice } from './subscription-items.ts';
import { baseLine, intervalOf, trialLine } from './subscription-lines.ts';
import { changeSubscription } from './subscription-record.ts';
import type { Proration } from './subscription-terms.ts';

export interface Change {
  readonly fields: Partial<Omit<Stripe.Subscription, 'items'>>;
  readonly items: readonly WantedItem[];
  readonly proration: Proration;
  /** Unix seconds from which on what is left is counted. */
  readonly from: number;
  readonly resetsAnchor: boolean;
  /** Null: it ends now. Undefined: as it is. */
  readonly trialEnd: number | null | undefined;
  readonly collect: boolean;
  /** Only once its invoice is paid. */
  readonly waits: boolean;
}

const NOTHING: Collected = { outcome: 'nothing_to_do' };

/** Call it within a transaction. @throws StripeApiError 400 for an unknown item. */
export function applyChange(model: Model, before: SubscriptionRecord, change: Change): Collected {
  const { status } = before.subscription;
  const isWanted = change.items.length > 0 || change.resetsAnchor || change.trialEnd !== undefined;
  if (status === 'incomplete' && isWanted) {
    throw invalidRequest(`The subscription ${before.id} is incomplete: its first invoice is to be paid before it can be changed.`);
  }
  const items = nextItems(model, before, change.items);
  if (status === 'paused') {
    // Nothing runs, so nothing is given back or charged: the next period is, when it is resumed.
    changeSubscription(model, before, change.fields, items);
    return NOTHING;
  }
  const isTrial = status === 'trialing';
  const trialEnd = change.trialEnd === undefined && isTrial ? before.subscription.trial_end : (change.trialEnd ?? null);
  const isTrialMoved = isTrial && trialEnd !== null && !change.resetsAnchor;
  if (isTrialMoved) {
    // Nothing is paid for yet, so there is nothing to give back: only the end of the trial counts.
    const moved = items.map((item) => ({ ...item, current_period_end: trialEnd }));
    changeSubscription(model, before, { ...change.fields, trial_end: trialEnd, billing_cycle_anchor: trialEnd }, moved);
    return NOTHING;
  }
  const hasNewInterval = items.some((item) => {
    const old = before.items.find(({ id }) => id === item.id);
    return old !== undefined && !isSameInterval(old, item);
  });
  const endsTrial = isTrial && change.trialEnd === null;
  if (change.resetsAnchor || hasNewInterval || endsTrial || trialEnd !== null) return beginAnew(model, before, items, trialEnd, change);
  return prorate(model, before, items, change);
}

function isSameInterval(a: Stripe.SubscriptionItem, b: Stripe.SubscriptionItem): boolean {
  const [x, y] = [intervalOf(a), intervalOf(b)];
  return x.interval === y.interval && x.interval_count === y.interval_count;
}

/** A whole period begins now and is invoiced at once; what is left of the old one is given back. */
function beginAnew(
  model: Model,
  before: SubscriptionRecord,
  items: readonly Stripe.SubscriptionItem[],
  trialEnd: number | null,
  { fields, proration, from, collect, waits }: Change,
): Collected {
  const now = model.clock.nowSeconds();
  const wasTrial = before.subscription.status === 'trialing';
  const credits = proration === 'none' || wasTrial ? [] : creditsFor(model, before, before.items, from);
  const begun = items.map((item) => {
    const end = trialEnd ?? periodAround(now, intervalOf(item), now).end;
    return { ...item, ...periodFields({ start: now, end }) };
  });
  const change = {
    ...fields,
    billing_cycle_anchor: trialEnd ?? now,
    status: statusOf(before, trialEnd),
    ...(trialEnd === null ? (wasTrial ? { trial_end: now } : {}) : { trial_end: trialEnd, trial_start: now }),
  };
  const after = { ...before, items: begun, subscription: { ...before.subscription, ...change } };
  const billed = { subscription: before.id, currency: before.subscription.currency };
  const lines = begun.flatMap((item) => {
    if (isMetered(item.price)) return [];
    const period = { start: now, end: item.current_period_end };
    return trialEnd === null ? baseLine(model, billed, item, period) : trialLine(model, billed, item, period);
  });
  setAside(model, before, credits);
  return invoiceChange(model, before, after, lines, { change, collect, waits });
}

function statusOf({ subscription: { status } }: SubscriptionRecord, trialEnd: number | null): Stripe.Subscription.Status {
  if (trialEnd !== null) return 'trialing';
  return status === 'trialing' ? 'active' : status;
}

/** The period goes on: what changed is charged or given back for the rest of it. */
function prorate(model: Model, before: SubscriptionRecord, items: readonly Stripe.SubscriptionItem[], change: Change): Collected {
  const { fields, proration, from, collect, waits } = change;
  const isSame = (a: Stripe.SubscriptionItem, b: Stripe.SubscriptionItem): boolean =>
    a.price.id === b.price.id && a.quantity === b.quantity;
  const gone = before.items.filter((old) => !items.some((item) => item.id === old.id && isSame(item, old)));
  const come = items.filter((item) => !before.items.some((old) => item.id === old.id && isSame(item, old)));
  const after = { ...before, items, subscription: { ...before.subscription, ...fields } };
  const isUnbilled = before.subscription.status === 'trialing' || proration === 'none';
  const lines = isUnbilled ? [] : [...creditsFor(model, before, gone, from), ...chargesFor(model, after, come, from)];
  setAside(model, before, lines);
  if (lines.length === 0 || proration === 'create_prorations') {
    changeSubscription(model, before, fields, items);
    return NOTHING;
  }
  return invoiceChange(model, before, after, [], { change: fields, collect, waits });
}

/** For the next invoice, which may follow at once. */
function setAside(model: Model, { subscription }: SubscriptionRecord, lines: readonly LineDraft[]): void {
  for (const line of lines) putInvoiceItem(model, String(subscription.customer), line);
}

function invoiceChange(
  model: Model,
  before: SubscriptionRecord,
  after: SubscriptionRecord,
  lines: readonly LineDraft[],
  { change, collect, waits }: Pick<Change, 'collect' | 'waits'> & { readonly change: Change['fields'] },
): Collected {
  const period = oneMoment(model.clock.nowSeconds());
  const { record, invoice } = invoiceSubscription(model, after, { reason: 'subscription_update', period, lines, finalizesAt: null });
  const { latest_invoice, discounts } = record.subscription;
  if (waits) {
    holdBack(model, before, invoice.id, { change: { ...change, discounts }, items: after.items });
    const collected = settleNow(model, invoice, { collect });
    showPending(model, before.id);
    return collected;
  }
  changeSubscription(model, before, { ...change, latest_invoice, discounts }, after.items);
  return settleNow(model, invoice, { collect });
}

function nextItems(model: Model, record: SubscriptionRecord, wanted: readonly WantedItem[]): Stripe.SubscriptionItem[] {
  const { billing_cycle_anchor: anchor, trial_end: trialEnd, status } = record.subscription;
  for (const { id } of wanted) {
    if (id !== undefined && !record.items.some((item) => item.id === id))
      throw noSuchParameterObject('subscription_item', id, 'items[0][id]');
  }
  const kept = record.items.flatMap((item) => {
    const change = wanted.find(({ id }) => id === item.id);
    if (!change) return item;
    if (change.deleted) return [];
    const quantity = change.quantity ?? item.quantity ?? 1;
    const changed = { ...item, metadata: change.metadata ?? item.metadata, quantity };
    return withPrice(changed, change.price ?? (item.price as unknown as Parameters<typeof withPrice>[1]));
  });
  const now = model.clock.nowSeconds();
  const added = wanted.flatMap((each) => {
    if (each.id !== undefined || each.deleted) return [];
    const item = newItem(model, record.id, each, { start: now, end: now });
    const end = status === 'trialing' && trialEnd !== null ? trialEnd : periodAround(anchor, intervalOf(item), now).end;
    return { ...item, ...periodFields({ start: now, end }) };
  });
  if (kept.length + added.length === 0)
    throw invalidRequest('A subscription must have at least one item: cancel it instead.', { param: 'items' });
  return [...kept, ...added];
}
