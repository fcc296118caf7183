// A new subscription and its first invoice, the same for the API and for a Checkout session.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { LineDraft, Period, SubscriptionRecord } from '../../state/billing-records.ts';
import { emit } from '../events.ts';
import { periodAround } from './calendar.ts';
import { putDiscount, type WantedDiscount } from './discounts.ts';
import type { Collected } from './invoice-collect.ts';
import { putInvoiceItem } from './invoice-items.ts';
import { DRAFT_SECONDS } from './invoice-record.ts';
import { invoiceSubscription, settleNow } from './subscription-invoice.ts';
import { isMetered, newItem, type WantedItem } from './subscription-items.ts';
import { baseLine, intervalOf, remainingLine, trialLine } from './subscription-lines.ts';
import { aboutSubscription, putSubscription, renderSubscription } from './subscription-record.ts';

export type NewItem = Pick<WantedItem, 'price' | 'quantity' | 'metadata'>;

export interface SubscriptionTerms {
  readonly customer: string;
  readonly currency: string;
  readonly items: readonly NewItem[];
  /** Beside the items, on the first invoice. */
  readonly added: readonly LineDraft[];
  readonly discounts: readonly WantedDiscount[];
  /** Unix seconds; null: no trial. */
  readonly trialEnd: number | null;
  /** Unix seconds in the future; null: it begins now. */
  readonly anchor: number | null;
  /** Whether the time up to the anchor is paid for. */
  readonly prorates: boolean;
  readonly taxed: boolean;
  /** False: the first invoice is left open for the customer to pay. */
  readonly collect: boolean;
  /** The payment of the Checkout session, which pays the first invoice. */
  readonly intent?: Stripe.PaymentIntent | undefined;
  readonly session: SubscriptionRecord['session'];
  readonly sessionId: string | null;
  readonly fields: Partial<Omit<Stripe.Subscription, 'items'>>;
}

export interface Begun {
  readonly id: string;
  readonly collected: Collected;
}

/** Call it within a transaction. */
export function beginSubscription(model: Model, terms: SubscriptionTerms): Begun {
  const id = model.newId('sub_');
  const items = firstItems(model, id, terms);
  const discounts = terms.discounts.map((wanted) => {
    return putDiscount(model, wanted, { customer: terms.customer, subscription: id, session: terms.sessionId }).id;
  });
  const subscription = { ...emptySubscription(model, id, terms), ...terms.fields, discounts };
  const fresh: SubscriptionRecord = {
    id,
    subscription,
    items,
    fate: null,
    fates: {},
    session: terms.session,
    toldTrialEnd: null,
    pending: null,
  };
  for (const line of terms.added) putInvoiceItem(model, terms.customer, { ...line, subscription: id });
  const lines = firstLines(model, fresh, terms);
  const now = model.clock.nowSeconds();
  if (lines.length === 0 && terms.added.length === 0) {
    const started = putSubscription(model, withStatus(fresh, terms.trialEnd === null ? 'active' : 'trialing'));
    emit(model, 'customer.subscription.created', renderSubscription(started), aboutSubscription(started));
    return { id, collected: { outcome: 'nothing_to_do' } };
  }
  // Stored first: its invoice's webhooks go with its own.
  putSubscription(model, fresh);
  const period = { start: now, end: now };
  // What is sent with terms lies for an hour first, as renewals do.
  const isSent = fresh.subscription.collection_method === 'send_invoice';
  const finalizesAt = isSent ? now + DRAFT_SECONDS : null;
  const { record, invoice } = invoiceSubscription(model, fresh, { reason: 'subscription_create', period, lines, finalizesAt });
  const owes = invoice.invoice.amount_due > 0 && invoice.invoice.collection_method === 'charge_automatically';
  const started = putSubscription(model, withStatus(record, owes ? 'incomplete' : terms.trialEnd === null ? 'active' : 'trialing'));
  emit(model, 'customer.subscription.created', renderSubscription(started), aboutSubscription(started));
  if (isSent && invoice.invoice.amount_due > 0) return { id, collected: { outcome: 'nothing_to_do' } };
  return { id, collected: settleNow(model, invoice, { collect: terms.collect, intent: terms.intent }) };
}

/** For each item the line that the first invoice would have for it: what a Checkout session shows before there is a subscription. */
export function previewLines(
  model: Model,
  terms: Pick<SubscriptionTerms, 'currency' | 'items' | 'trialEnd' | 'anchor' | 'prorates'>,
): (LineDraft | undefined)[] {
  const billed = { subscription: 'sub_preview', currency: terms.currency };
  return firstItems(model, billed.subscription, terms).map((item) => lineFor(model, billed, item, terms));
}

function withStatus(record: SubscriptionRecord, status: Stripe.Subscription.Status): SubscriptionRecord {
  return { ...record, subscription: { ...record.subscription, status } };
}

function firstItems(model: Model, id: string, terms: Pick<SubscriptionTerms, 'items' | 'trialEnd' | 'anchor'>): Stripe.SubscriptionItem[] {
  const now = model.clock.nowSeconds();
  return terms.items.map((wanted) => {
    const item = newItem(model, id, wanted, { start: now, end: now });
    return { ...item, ...periodFields(firstPeriod(item, now, terms)) };
  });
}

function firstPeriod(
  item: Stripe.SubscriptionItem,
  now: number,
  { trialEnd, anchor }: Pick<SubscriptionTerms, 'trialEnd' | 'anchor'>,
): Period {
  return { start: now, end: trialEnd ?? periodAround(anchor ?? now, intervalOf(item), now).end };
}

/** The period of an item, as the API shows it. */
export function periodFields({ start, end }: Period): Pick<Stripe.SubscriptionItem, 'current_period_start' | 'current_period_end'> {
  return { current_period_start: start, current_period_end: end };
}

function firstLines(model: Model, { id, items }: SubscriptionRecord, terms: SubscriptionTerms): LineDraft[] {
  return items.flatMap((item) => lineFor(model, { subscription: id, currency: terms.currency }, item, terms) ?? []);
}

/** Undefined: nothing is billed for it yet. */
function lineFor(
  model: Model,
  billed: { readonly subscription: string; readonly currency: string },
  item: Stripe.SubscriptionItem,
  { trialEnd, anchor, prorates }: Pick<SubscriptionTerms, 'trialEnd' | 'anchor' | 'prorates'>,
): LineDraft | undefined {
  if (isMetered(item.price)) return undefined;
  const period = { start: item.current_period_start, end: item.current_period_end };
  if (trialEnd !== null) return trialLine(model, billed, item, period);
  if (anchor === null || periodAround(anchor, intervalOf(item), period.start).start === period.start)
    return baseLine(model, billed, item, period);
  return prorates ? remainingLine(model, billed, item, period.start) : undefined;
}

function emptySubscription(model: Model, id: string, terms: SubscriptionTerms): SubscriptionRecord['subscription'] {
  const now = model.clock.nowSeconds();
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: terms.taxed, liability: terms.taxed ? { type: 'self' } : null },
    billing_cycle_anchor: terms.trialEnd ?? terms.anchor ?? now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: now,
    currency: terms.currency,
    customer: terms.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: 'self' } },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: 'active',
    test_clock: null,
    transfer_data: null,
    trial_end: terms.trialEnd,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' } },
    trial_start: terms.trialEnd === null ? null : now,
  };
}
