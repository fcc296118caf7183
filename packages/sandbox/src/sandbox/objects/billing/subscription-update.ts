// `POST /v1/subscriptions/:id`: what is to change, read from the parameters.
import type Stripe from 'stripe';
import { defined } from '../../../defined.ts';
import type { Parameters } from '../../api/parameters.ts';
import type { Call } from '../../api/route.ts';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { releaseReordered } from '../../webhooks/enqueue.ts';
import { refuseUnknownFate } from '../announcement.ts';
import { putDiscount, readDiscounts } from './discounts.ts';
import { paymentError } from './invoice-collect.ts';
import { putInvoiceItem, readAddedLine } from './invoice-items.ts';
import { readDetails } from './subscription-cancel.ts';
import { applyChange, type Change } from './subscription-change.ts';
import { readTax } from './subscription-create.ts';
import { NO_DETAILS } from './subscription-end.ts';
import { readItems } from './subscription-items.ts';
import { aboutSubscription, changeSubscription } from './subscription-record.ts';
import { refuseUnknownDunning } from './subscription-status.ts';
import { PRORATIONS, readAnchorMove, readEnd, readPlainFields, readTrialEnd, refuseMissing } from './subscription-terms.ts';

const BEHAVIOURS = ['allow_incomplete', 'default_incomplete', 'error_if_incomplete', 'pending_if_incomplete'] as const;

export function updateSubscription({ model, parameters }: Call, before: SubscriptionRecord): void {
  refuseMissing(parameters);
  const behaviour = parameters.oneOf('payment_behavior', BEHAVIOURS) ?? 'allow_incomplete';
  const fields = { ...readPlainFields(model, parameters, before), ...readOtherFields(model, parameters, before) };
  refuseUnknownFate(fields.metadata ?? {});
  refuseUnknownDunning(fields.metadata ?? {});
  for (const added of parameters.hashes('add_invoice_items')) {
    added.ignored('discounts', 'period', 'tax_rates');
    const line = readAddedLine(model, added, before.subscription.currency, before.id);
    putInvoiceItem(model, String(before.subscription.customer), line);
  }
  const change: Change = {
    fields,
    items: readItems(model, parameters),
    proration: parameters.oneOf('proration_behavior', PRORATIONS) ?? 'create_prorations',
    from: parameters.integer('proration_date', { max: Number.MAX_SAFE_INTEGER }) ?? model.clock.nowSeconds(),
    resetsAnchor: readAnchorMove(parameters) === 'now',
    trialEnd: readTrialEnd(model, parameters),
    collect: behaviour !== 'default_incomplete',
    waits: behaviour === 'pending_if_incomplete',
  };
  const collected = applyChange(model, before, change);
  if (behaviour === 'error_if_incomplete' && (collected.outcome === 'failed' || collected.outcome === 'action'))
    throw paymentError(collected);
  planEnd(model, parameters, before.id);
  const after = model.state.subscriptions.get(before.id);
  if (after) releaseReordered(model, aboutSubscription(after));
}

/** One that has ended: its metadata, and the comment on its end. */
export function updateEnded({ model, parameters }: Call, record: SubscriptionRecord): void {
  const { subscription } = record;
  const metadata = parameters.changedMetadata(subscription.metadata);
  refuseUnknownFate(metadata);
  changeSubscription(model, record, { metadata, cancellation_details: withDetails(subscription, readDetails(parameters)) });
}

type Fields = Partial<Omit<Stripe.Subscription, 'items'>>;

function readOtherFields(model: Model, parameters: Parameters, record: SubscriptionRecord): Fields {
  const discounts = readDiscounts(model, parameters)?.map((each) => {
    const place = { customer: String(record.subscription.customer), subscription: record.id, session: null };
    return 'known' in each ? each.known : putDiscount(model, each, place).id;
  });
  const automatic_tax = parameters.has('automatic_tax')
    ? { ...record.subscription.automatic_tax, enabled: readTax(parameters) }
    : undefined;
  return { ...defined({ discounts, automatic_tax }), ...readPause(parameters) };
}

/** An empty `pause_collection` ends the pause. */
function readPause(parameters: Parameters): Pick<Fields, 'pause_collection'> {
  if (!parameters.has('pause_collection')) return {};
  const pause = parameters.hash('pause_collection');
  if (!pause) return { pause_collection: null };
  const behavior = pause.oneOf('behavior', ['keep_as_draft', 'mark_uncollectible', 'void']);
  if (behavior === undefined)
    throw invalidRequest('Missing required param: pause_collection[behavior].', { param: 'pause_collection[behavior]' });
  return { pause_collection: { behavior, resumes_at: pause.integer('resumes_at', { max: Number.MAX_SAFE_INTEGER }) ?? null } };
}

/** When it is to end; said after the change, whose periods count. */
function planEnd(model: Model, parameters: Parameters, id: string): void {
  const record = model.state.subscriptions.get(id);
  if (!record) return;
  const { subscription, items } = record;
  const details = readDetails(parameters);
  const asked = readEnd(parameters, items);
  const kept = subscription.cancel_at_period_end ? { cancel_at: Math.max(...items.map((item) => item.current_period_end)) } : {};
  const end = asked ?? kept;
  const isPlanned = (end.cancel_at ?? null) !== null;
  if (asked === undefined) {
    changeSubscription(model, record, { ...kept, cancellation_details: withDetails(subscription, details) });
    return;
  }
  changeSubscription(model, record, {
    ...end,
    canceled_at: isPlanned ? (subscription.canceled_at ?? model.clock.nowSeconds()) : null,
    cancellation_details: isPlanned
      ? { ...withDetails(subscription, details), reason: 'cancellation_requested' }
      : { ...withDetails(subscription, details), reason: null },
  });
}

function withDetails(
  { cancellation_details: before }: Pick<Stripe.Subscription, 'cancellation_details'>,
  { comment, feedback }: ReturnType<typeof readDetails>,
): Stripe.Subscription.CancellationDetails {
  return { ...(before ?? NO_DETAILS), ...(comment === null ? {} : { comment }), ...(feedback === null ? {} : { feedback }) };
}
