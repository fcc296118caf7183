// The row of a subscription in the read models, and the fold that makes it. The live table uses it, and so does an audit that
// replays the log and compares.
import type { OpenInvoices, UnsettledSubscription } from '../adapter-subscriptions.ts';
import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { isDeliveryEvent, isPending } from '../order/delivery-state.ts';
import { unsettledBackOf } from '../order/view.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { accessOf } from '../subscription/access.ts';
import { isSubscriptionDecision } from '../subscription/events.ts';
import { isEndStatus } from '../subscription/facts.ts';
import { type SubscriptionPolicy, subscriptionPolicySchema } from '../subscription/policy.ts';
import { isJudgedOtherwise } from '../subscription/recording.ts';
import { noSubscription, type SubscriptionState } from '../subscription/subscription.ts';
import { openReviews } from '../subscription/view.ts';
import { type ActionsTaken, foldAction, type OpenAction } from './action-fold.ts';
import { deliveryChanges } from './delivery-progress.ts';

/** A subscription as its row stores it. `foldSubscription` writes all fields. */
export interface FoldedSubscription {
  state: SubscriptionState;
  /** When its status was decided: `recordedAt`, ISO 8601 UTC; null: never granted. */
  since: string | null;
  /** The hash of the policy that the newest event names. Empty: none yet. */
  policy: string;
  /** 1: the newest statement came while the provider's clock was in doubt. */
  doubtful: number;
  /** When the newest decision was recorded, ISO 8601 UTC; null: nothing was decided. */
  decidedAt: string | null;
  /** Since when the provider tries to collect a renewal that was not paid. Provider's clock, ISO 8601 UTC; null: it does not. */
  dunningSince: string | null;
  /** As of `DeliveryProgress`. */
  lastError: string | null;
  nextTryAt: string | null;
  /** The action of a person whose outcome later events may still tell. */
  action: OpenAction | null;
}

/** The policies of subscriptions that the log adopted. */
export interface AdoptedPolicies {
  readonly byHash: ReadonlyMap<string, SubscriptionPolicy>;
  /** The one adopted last, and when: our clock, ISO 8601 UTC. Absent: there is none. */
  readonly newest?: { readonly policy: SubscriptionPolicy; readonly adoptedAt: string };
}

export const noPolicies: AdoptedPolicies = { byHash: new Map() };

/** The columns of the table `subscriptions`, in its order. */
export const subscriptionColumns = [
  'subscription_id',
  'state',
  'member_id',
  'kind',
  'plan',
  'quantity',
  'status',
  'since',
  'valid_until',
  'due_at',
  'sub',
  'customer',
  'looked_at',
  'account',
  'livemode',
  'placed_at',
  'living',
  'open_invoices',
  'unsettled',
  'pending',
  'abandoned',
  'doubtful',
  'policy',
  'paid_through',
  'decided_at',
  'dunning_since',
  'last_error',
  'next_try_at',
  'action',
] as const;
export type SubscriptionCell = string | number | null;

/** True if the stream is a subscription's. */
export function isOfSubscription(stream: string): boolean {
  return stream.startsWith(subscriptionAggregate.stream(''));
}

export function subscriptionIdOf(stream: string): string {
  return stream.slice(subscriptionAggregate.stream('').length);
}

export function emptySubscription(subscriptionId: string): FoldedSubscription {
  const nothing = {
    since: null,
    policy: '',
    doubtful: 0,
    decidedAt: null,
    dunningSince: null,
    lastError: null,
    nextTryAt: null,
    action: null,
  };
  return { state: noSubscription(subscriptionId), ...nothing };
}

/** Folds one event into the subscription, and notes what people did. @throws LedgerError `corrupt`, `file_newer`. */
export function foldSubscription(folded: FoldedSubscription, event: StoredEvent, taken: ActionsTaken): void {
  const { state: before } = folded;
  const read = subscriptionAggregate.read(event);
  const { instance = '', policy = folded.policy, recordedAt } = event.metadata;
  folded.state = subscriptionAggregate.evolve(before, read, instance);
  folded.policy = policy;
  if (folded.state.membership !== before.membership) folded.since = recordedAt ?? null;
  if (read.type === 'SubscriptionObserved') folded.doubtful = Number(read.data.doubtful === true);
  if (isSubscriptionDecision(read)) {
    folded.decidedAt = recordedAt ?? null;
    folded.lastError = null;
    folded.nextTryAt = folded.decidedAt;
  } else if (isDeliveryEvent(read)) {
    const { lastError, nextTryAt } = deliveryChanges(read, folded.state, recordedAt ?? null);
    if (lastError !== undefined) folded.lastError = lastError;
    if (nextTryAt !== undefined) folded.nextTryAt = nextTryAt;
  }
  const { facts, subscriptionId } = folded.state;
  folded.action = foldAction(folded.action, event, { subscriptionId }, taken);
  const { lifecycle } = facts;
  folded.dunningSince = lifecycle?.fact.status === 'past_due' ? (folded.dunningSince ?? lifecycle.asOf) : null;
}

/**
 * With the policy that an event of the stream `policy` adopts. The same object: it is none of subscriptions.
 * @throws LedgerError `file_newer`: one of a newer release. A row made without it would say that nothing is ever due.
 */
export function withPolicy(policies: AdoptedPolicies, data: object, adoptedAt: string): AdoptedPolicies {
  const { hash, policy } = data as { readonly hash?: unknown; readonly policy?: unknown };
  const read = subscriptionPolicySchema.safeParse(policy);
  if (typeof hash !== 'string') return policies;
  if (read.success) return { byHash: new Map([...policies.byHash, [hash, read.data]]), newest: { policy: read.data, adoptedAt } };
  if ((policy as { readonly type?: unknown } | null | undefined)?.type !== 'subscription') return policies;
  throw new LedgerError('file_newer', `The policy ${hash} of subscriptions is of a newer release. Upgrade @paidonce/ledger`);
}

/** A subscription as its row has it. */
export function foldedSubscriptionIn(row: Readonly<Record<string, unknown>>): FoldedSubscription {
  return {
    state: JSON.parse(String(row['state'])) as SubscriptionState,
    since: row['since'] as string | null,
    policy: String(row['policy']),
    doubtful: Number(row['doubtful']),
    decidedAt: row['decided_at'] as string | null,
    dunningSince: row['dunning_since'] as string | null,
    lastError: row['last_error'] as string | null,
    nextTryAt: row['next_try_at'] as string | null,
    action: JSON.parse(String(row['action'])) as OpenAction | null,
  };
}

/** The columns of the row, and the rows of its open reviews: id, and the review as JSON. */
export function subscriptionRowOf(
  { state, since, policy, doubtful, decidedAt, dunningSince, lastError, nextTryAt, action }: FoldedSubscription,
  policies: AdoptedPolicies,
): {
  readonly columns: readonly SubscriptionCell[];
  readonly reviews: readonly (readonly [reviewId: string, review: string])[];
} {
  const { subscriptionId, placed, decided, membership, facts, reference, delivery, sequence } = state;
  const { lifecycle, invoices, looked } = facts;
  const isLiving = placed !== undefined && reference !== undefined && !isEndStatus(lifecycle?.fact.status);
  return {
    columns: [
      subscriptionId,
      JSON.stringify(state),
      placed?.memberId ?? null,
      placed?.kind ?? null,
      decided?.plan ?? placed?.plan ?? null,
      decided?.quantity ?? null,
      membership,
      since,
      decided?.validUntil ?? null,
      dueAtOf(state, policy, policies) ?? null,
      reference?.id ?? null,
      lifecycle?.fact.customer ?? null,
      looked ?? null,
      placed?.account ?? null,
      placed === undefined ? null : Number(placed.livemode),
      placed?.placedAt ?? null,
      Number(isLiving),
      invoices.filter(({ fact }) => fact.status === 'open').length,
      Number(unsettledIn(state) !== undefined),
      Number(isPending(state)),
      Number(sequence > delivery.settled && delivery.abandoned),
      doubtful,
      policy,
      decided?.paidThrough ?? null,
      decidedAt,
      dunningSince,
      lastError,
      nextTryAt,
      action && JSON.stringify(action),
    ],
    reviews: openReviews(state).map((review) => [review.reviewId, JSON.stringify(review)] as const),
  };
}

/** When it must be looked at next, by the policy that decided last. One paid at an unknown price, once more when a policy is new. */
function dueAtOf(state: SubscriptionState, hash: string, { byHash, newest }: AdoptedPolicies): string | undefined {
  const policy = byHash.get(hash);
  const dueAt = policy && accessOf(state, policy).dueAt;
  const isKnownNow = newest !== undefined && waitsForPolicy(state) && isJudgedOtherwise(state, newest.policy);
  return isKnownNow && (dueAt === undefined || newest.adoptedAt < dueAt) ? newest.adoptedAt : dueAt;
}

function waitsForPolicy(state: SubscriptionState): boolean {
  return openReviews(state).some(({ kind }) => kind === 'unknown_price');
}

/** Undefined: nothing was reported of it, or none is open. */
export function openInvoicesIn({ subscriptionId, reference, placed, decided, facts }: SubscriptionState): OpenInvoices | undefined {
  const invoices = facts.invoices.flatMap(({ id, fact }) => (fact.status === 'open' ? [id] : []));
  if (placed === undefined || reference === undefined || invoices.length === 0) return undefined;
  return { subscriptionId, reference, invoices, since: decided?.paidThrough ?? placed.placedAt };
}

/** Undefined: nothing was reported of it, or it is known how all of them ended. */
export function unsettledIn({ subscriptionId, reference, placed, facts }: SubscriptionState): UnsettledSubscription | undefined {
  const { refunds, disputes } = unsettledBackOf(facts.payments);
  if (placed === undefined || reference === undefined || refunds.length + disputes.length === 0) return undefined;
  return { subscriptionId, reference, refunds: refunds.map(({ id }) => id), disputes: disputes.map(({ id }) => id) };
}
