// Subscriptions over the API: retrieve, list, cancel. What creates and changes them has files of its own.
import { listPage, within } from '../../api/lists.ts';
import { type Call, found, type Route } from '../../api/route.ts';
import { invalidRequest, noSuchObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { cancelSubscription } from './subscription-cancel.ts';
import { createSubscription } from './subscription-create.ts';
import { pauseNow, resumeSubscription } from './subscription-pause.ts';
import { isEnded, renderSubscription } from './subscription-record.ts';
import { updateEnded, updateSubscription } from './subscription-update.ts';

const STATUSES = [
  'active',
  'all',
  'canceled',
  'ended',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
] as const;

/** What a subscription that has ended still takes. */
const KEPT_OPEN = ['cancellation_details', 'metadata'];

function subscriptionNamed({ model, id }: Call): SubscriptionRecord {
  return found(model.state.subscriptions.get(id), 'subscription', id);
}

function list({ model, parameters }: Call): object {
  const status = parameters.oneOf('status', STATUSES);
  const customer = parameters.string('customer');
  const price = parameters.string('price');
  const collection = parameters.oneOf('collection_method', ['charge_automatically', 'send_invoice']);
  const created = parameters.range('created');
  parameters.refused('The sandbox has no test clocks.', 'test_clock');
  const page = listPage(model.state.subscriptions, parameters, '/v1/subscriptions', (record) => {
    const { subscription, items } = record;
    return (
      hasStatus(record, status) &&
      within(created, subscription.created) &&
      (customer ?? subscription.customer) === subscription.customer &&
      (collection ?? subscription.collection_method) === subscription.collection_method &&
      (price === undefined || items.some((item) => item.price.id === price))
    );
  });
  return { ...page, data: page.data.map(renderSubscription) };
}

/** By default all that are not canceled, as at Stripe. */
function hasStatus(record: SubscriptionRecord, wanted: (typeof STATUSES)[number] | undefined): boolean {
  const { status } = record.subscription;
  if (wanted === undefined) return status !== 'canceled';
  if (wanted === 'ended') return isEnded(record);
  return wanted === 'all' || wanted === status;
}

/** @throws StripeApiError 400 for what is over. */
function living(call: Call): SubscriptionRecord {
  const record = subscriptionNamed(call);
  if (!isEnded(record)) return record;
  throw invalidRequest('A canceled subscription can only update its cancellation_details and metadata.', {
    code: 'invalid_canceled_subscription_fields',
  });
}

/** @throws StripeApiError 400 for what is over, but for its metadata and the comment on its end. */
function update(call: Call): void {
  const record = subscriptionNamed(call);
  if (isEnded(record) && call.parameters.names().every((name) => KEPT_OPEN.includes(name))) updateEnded(call, record);
  else updateSubscription(call, living(call));
}

/** @throws StripeApiError 404 for what is over, as at Stripe: nothing is there that could be canceled. */
function cancel(call: Call): void {
  const record = subscriptionNamed(call);
  if (isEnded(record)) throw noSuchObject('subscription', record.id);
  cancelSubscription(call, record);
}

function answered(model: Model, id: string): object {
  return renderSubscription(found(model.state.subscriptions.get(id), 'subscription', id));
}

const SUBSCRIPTION = '/v1/subscriptions/:subscription';

/** The entry as it is once `change` has done its work. */
function changing(change: (call: Call) => void): Route['handle'] {
  return (call) => {
    change(call);
    return answered(call.model, call.id);
  };
}

export const subscriptionRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/subscriptions', handle: createSubscription },
  { method: 'GET', path: '/v1/subscriptions', handle: list },
  { method: 'GET', path: SUBSCRIPTION, handle: (call) => renderSubscription(subscriptionNamed(call)) },
  { method: 'POST', path: SUBSCRIPTION, handle: changing(update) },
  { method: 'DELETE', path: SUBSCRIPTION, handle: changing(cancel) },
  { method: 'POST', path: `${SUBSCRIPTION}/resume`, handle: changing((call) => resumeSubscription(call, living(call))) },
  { method: 'POST', path: `${SUBSCRIPTION}/pause`, handle: changing((call) => pauseNow(call, living(call))) },
];
