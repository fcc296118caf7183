// Reads the state of a subscription. Part of the pure mapping of subscriptions (`to-subscription-observation.ts`). No status is
// proof of a payment.
import type { Lifecycle, LifecycleStatus } from '@paidonce/ledger/adapter';
import { defined, isId } from '@paidonce/ledger/adapter';
import { identityOf } from '../stripe/stripe-objects.ts';
import { itemsSchema, type StripeSubscription, type StripeSubscriptionItem, subscriptionSchema } from '../stripe/subscription-objects.ts';
import { type BillingReading, ignored, incomplete, stated, unread } from './billing-reading.ts';
import { ofTestClock } from './invoice.ts';
import { isoTime } from './received.ts';

const statuses: readonly LifecycleStatus[] = [
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
];

/** True of the two states that nothing leads out of. */
export function isEnded({ status }: Pick<Lifecycle, 'status'>): boolean {
  return status === 'canceled' || status === 'incomplete_expired';
}

export function readSubscription(object: object): BillingReading {
  if ('test_clock' in object && object.test_clock !== null && object.test_clock !== undefined) return ignored(ofTestClock);
  const parsed = subscriptionSchema.safeParse(object);
  if (!parsed.success) return unread('subscription', identityOf(object).id, parsed.error);
  const { id, items: part } = parsed.data;
  const status = statuses.find((each) => each === parsed.data.status);
  if (status === undefined) return unread('subscription', id, 'status');
  if (part.has_more) return incomplete('items', id);
  const items = itemsSchema.safeParse(part.data);
  if (!items.success) return unread('subscription', id, items.error, 'items.data.');
  return stated(lifecycleOf(parsed.data, status, items.data), id, parsed.data.ended_at);
}

/** Times of the current period are no content: they change with each renewal, and prove nothing. */
function lifecycleOf(subscription: StripeSubscription, status: LifecycleStatus, items: readonly StripeSubscriptionItem[]): Lifecycle {
  const { customer, pause_collection: paused, ended_at: endedAt, trial_end: trialEnd } = subscription;
  const isOver = isEnded({ status });
  const because = isOver ? subscription.canceled_because : status === 'paused' ? subscription.paused_because : null;
  const endsAt = isOver ? null : endOf(subscription, items);
  return {
    kind: 'lifecycle',
    status,
    customer,
    items: items.map(({ price, quantity }) => ({ price, quantity: quantity ?? 1 })).toSorted(byPrice),
    ...defined({
      collectionPaused: paused === null ? undefined : defined({ resumesAt: timeOf(paused.resumes_at) }),
      endedAt: timeOf(endedAt),
      endsAt: timeOf(endsAt),
      trialEnd: timeOf(trialEnd),
      because: isId(because) ? because : undefined,
    }),
  };
}

/** Items with periods of their own end one by one: the last of them. */
function endOf({ cancel_at: cancelAt, cancel_at_period_end: atPeriodEnd }: StripeSubscription, items: readonly StripeSubscriptionItem[]) {
  if (cancelAt !== null || !atPeriodEnd) return cancelAt;
  const ends = items.flatMap(({ current_period_end: end }) => end ?? []);
  return ends.length === 0 ? null : Math.max(...ends);
}

function byPrice(a: Lifecycle['items'][number], b: Lifecycle['items'][number]): number {
  if (a.price === b.price) return a.quantity - b.quantity;
  return a.price < b.price ? -1 : 1;
}

function timeOf(seconds: number | null): string | undefined {
  return seconds === null ? undefined : isoTime(seconds);
}
