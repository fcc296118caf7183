// A subscription as the sandbox keeps it: how it is shown, how a change is told, and when it is looked at again.
import type Stripe from 'stripe';
import { firstOf } from '../../api/lists.ts';
import { fateInMetadata } from '../../fate.ts';
import type { Model } from '../../model.ts';
import type { SubscriptionRecord } from '../../state/billing-records.ts';
import { type Announcement, emit } from '../events.ts';
import { DAY_SECONDS } from './calendar.ts';

/** A first invoice may be paid that long; then the subscription has never begun. */
const INCOMPLETE_SECONDS = 23 * 3_600;
const TRIAL_END_TOLD_SECONDS = 3 * DAY_SECONDS;

export function renderSubscription({ id, subscription, items }: SubscriptionRecord): Stripe.Subscription {
  return { ...subscription, items: firstOf(items, `/v1/subscription_items?subscription=${id}`) as Stripe.ApiList<Stripe.SubscriptionItem> };
}

export function aboutSubscription({ id, fate, fates, session, subscription }: SubscriptionRecord): Announcement {
  return session ?? { group: id, fate: fate ?? fateInMetadata(subscription.metadata) ?? 'delivered', fates };
}

/** Living: begun, and not ended. */
export function isEnded({ subscription: { status } }: SubscriptionRecord): boolean {
  return status === 'canceled' || status === 'incomplete_expired';
}

/** Seconds at which something happens to it by itself, with what it is; those to come and those past. */
export function boundaries(record: SubscriptionRecord): readonly { readonly at: number; readonly kind: BoundaryKind }[] {
  const { subscription, items, toldTrialEnd } = record;
  if (isEnded(record)) return [];
  const found: { at: number; kind: BoundaryKind }[] = [];
  if (subscription.status === 'incomplete') found.push({ at: subscription.created + INCOMPLETE_SECONDS, kind: 'never_begun' });
  if (subscription.cancel_at !== null) found.push({ at: subscription.cancel_at, kind: 'cancel' });
  const expiresAt = subscription.pending_update?.expires_at;
  if (expiresAt !== undefined) found.push({ at: expiresAt, kind: 'update_expires' });
  const resumesAt = subscription.pause_collection?.resumes_at ?? null;
  if (resumesAt !== null) found.push({ at: resumesAt, kind: 'collection_resumes' });
  const { trial_end: trialEnd } = subscription;
  if (subscription.status === 'trialing' && trialEnd !== null && toldTrialEnd !== trialEnd) {
    found.push({ at: trialEnd - TRIAL_END_TOLD_SECONDS, kind: 'trial_will_end' });
  }
  if (subscription.status !== 'paused' && subscription.status !== 'incomplete') {
    for (const item of items) found.push({ at: item.current_period_end, kind: 'period_ends' });
  }
  return found.sort((a, b) => a.at - b.at || RANK.indexOf(a.kind) - RANK.indexOf(b.kind));
}

export type BoundaryKind = 'never_begun' | 'cancel' | 'update_expires' | 'trial_will_end' | 'collection_resumes' | 'period_ends';
/** What falls on one second happens in this order: an end comes before the renewal that it prevents. */
const RANK: readonly BoundaryKind[] = ['never_begun', 'cancel', 'update_expires', 'trial_will_end', 'collection_resumes', 'period_ends'];

/** Call it within a transaction. */
export function putSubscription(model: Model, record: SubscriptionRecord): SubscriptionRecord {
  const [next] = boundaries(record);
  if (next) model.agenda.add(next.at * 1_000, { kind: 'subscription_due', id: record.id });
  return model.state.subscriptions.put(record);
}

/** Stores a change, and tells it where the API would show one; `also`: by another event, too. Call it within a transaction. */
export function changeSubscription(
  model: Model,
  before: SubscriptionRecord,
  change: Partial<Omit<Stripe.Subscription, 'items'>>,
  items: readonly Stripe.SubscriptionItem[] = before.items,
  also?: Stripe.Event.Type,
): SubscriptionRecord {
  const after = putSubscription(model, { ...before, items, subscription: { ...before.subscription, ...change } });
  const previous = difference(renderSubscription(before), renderSubscription(after));
  const about = aboutSubscription(after);
  if (Object.keys(previous).length > 0) emit(model, 'customer.subscription.updated', renderSubscription(after), about, previous);
  if (also !== undefined) emit(model, also, renderSubscription(after), about);
  return after;
}

/** The fields that differ, as they were before. */
function difference<T extends object>(before: T, after: T): Partial<T> {
  const differs = (key: keyof T): boolean => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  return Object.fromEntries(Object.entries(before).filter(([key]) => differs(key as keyof T))) as Partial<T>;
}
