// What callers read of a subscription.
import type { CheckoutAttached } from '../order/events.ts';
import type { MembershipStatus } from '../order/order.ts';
import type { UndeliveredDecision } from '../order/view.ts';
import { accessOfInvoices } from './access.ts';
import { type Stretch, stretchesOf } from './cover.ts';
import type { SubscriptionReviewOpened } from './events.ts';
import { compareTexts } from './facts.ts';
import { type JudgedInvoice, judgeInvoices, type Standing } from './invoices.ts';
import type { SubscriptionReference } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';
import type { SubscriptionState } from './subscription.ts';

/** A stretch of time that an invoice pays for, or would. Times are ISO 8601 UTC. */
export interface SubscriptionPeriod {
  readonly invoice: string;
  /** `held`: an open dispute holds it. `given_back`: undone. `open`: not paid yet. */
  readonly state: 'paid' | 'held' | 'given_back' | 'open';
  /** Absent: of an open invoice that was not sent with terms. */
  readonly from?: string;
  /** Credits are taken off. Absent: of an open invoice. */
  readonly to?: string;
  /** In Stripe's minor unit; below 0 where credits exceed the charges. Absent: of an open invoice. */
  readonly totalMinor?: number;
  /** ISO 4217, lower case. Absent: of an open invoice. */
  readonly currency?: string;
}

/** An open question about a subscription. A person answers it by `resolveReview`. */
export interface SubscriptionReview extends SubscriptionReviewOpened {
  readonly subscriptionId: string;
}

/** A placed subscription, as its events leave it. Times are ISO 8601 UTC. */
export interface SubscriptionView {
  readonly subscriptionId: string;
  /** Revision of the subscription's last event. Pass it to `resolveReview` as `seenRevision`. */
  readonly revision: number;
  readonly memberId: string;
  /** What was paid for; before any access, what was placed. */
  readonly plan: string;
  readonly quantity: number;
  readonly kind: string;
  readonly account: string;
  readonly livemode: boolean;
  /** The provider's subscription. Absent: nothing was reported yet. */
  readonly reference?: SubscriptionReference;
  readonly checkouts: readonly CheckoutAttached[];
  /** As it was decided. `none`: never granted. */
  readonly status: MembershipStatus;
  readonly trial: boolean;
  /** True: active, and what is paid for is over by what the provider last said. */
  readonly inGrace: boolean;
  readonly paidThrough?: string;
  /** As it was decided. Absent: nothing was. */
  readonly validUntil?: string;
  /** When it must be looked at next: access would change then. Absent: it would not. */
  readonly dueAt?: string;
  /** The customer has canceled it for then. */
  readonly endsAt?: string;
  readonly collectionPaused: boolean;
  /** The time of the last look that changed something. */
  readonly lookedAt?: string;
  /** Sorted by their beginning. */
  readonly periods: readonly SubscriptionPeriod[];
  /** Number of decisions so far. */
  readonly sequence: number;
  /** Every decision up to this sequence is settled at the shop; 0: none is. */
  readonly delivered: number;
  readonly openReviews: readonly SubscriptionReview[];
}

/** Answers undefined until the subscription is placed. */
export function subscriptionViewOf(state: SubscriptionState, policy: SubscriptionPolicy): SubscriptionView | undefined {
  const { placed, decided, facts, reference } = state;
  if (placed === undefined) return undefined;
  const invoices = judgeInvoices({ ...state, placed }, policy);
  const { paidThrough, dueAt } = accessOfInvoices(invoices, facts, policy);
  const { subscriptionId, memberId, kind, account, livemode } = placed;
  const { endsAt, collectionPaused } = facts.lifecycle?.fact ?? {};
  return {
    subscriptionId,
    revision: state.revision,
    memberId,
    plan: decided?.plan ?? placed.plan,
    quantity: decided?.quantity ?? 1,
    kind,
    account,
    livemode,
    ...(reference ? { reference } : {}),
    checkouts: state.checkouts,
    status: state.membership,
    trial: decided?.trial === true,
    inGrace: state.membership === 'active' && paidThrough !== undefined && (facts.seen ?? '') >= paidThrough,
    ...(paidThrough === undefined ? {} : { paidThrough }),
    ...(decided ? { validUntil: decided.validUntil } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(endsAt === undefined ? {} : { endsAt }),
    collectionPaused: collectionPaused !== undefined,
    ...(facts.looked === undefined ? {} : { lookedAt: facts.looked }),
    periods: periodsOf(state, invoices),
    sequence: state.sequence,
    delivered: state.delivery.settled,
    openReviews: openReviews(state),
  };
}

/** The open reviews, oldest first. */
export function openReviews({ subscriptionId, reviews }: SubscriptionState): readonly SubscriptionReview[] {
  return reviews.flatMap(({ resolution, ...review }) => (resolution === undefined ? [{ ...review, subscriptionId }] : []));
}

const stateOf: Readonly<Record<Exclude<Standing, 'none'>, SubscriptionPeriod['state']>> = {
  stands: 'paid',
  held: 'held',
  undone: 'given_back',
};

/** The periods of invoices that pay for one, and of those that are open. An invoice of prorations alone has no period. */
function periodsOf({ facts }: SubscriptionState, invoices: readonly JudgedInvoice[]): readonly SubscriptionPeriod[] {
  const stretches = stretchesOf(invoices).filter(({ isBase }) => isBase);
  const paid = invoices.flatMap(
    (invoice) =>
      periodOf(
        invoice,
        stretches.filter((stretch) => stretch.invoice === invoice),
      ) ?? [],
  );
  const open = facts.invoices.flatMap(({ id, fact }): readonly SubscriptionPeriod[] =>
    fact.status === 'open' ? [{ invoice: id, state: 'open', ...(fact.terms ? { from: fact.terms.from } : {}) }] : [],
  );
  return [...paid, ...open].sort((a, b) => compareTexts(a.from ?? '~', b.from ?? '~') || compareTexts(a.invoice, b.invoice));
}

function periodOf({ id, fact, standing }: JudgedInvoice, stretches: readonly Stretch[]): SubscriptionPeriod | undefined {
  const from = stretches.map(({ line }) => line.from).sort(compareTexts)[0];
  const to = stretches
    .map(({ end }) => end)
    .sort(compareTexts)
    .at(-1);
  if (standing === 'none' || from === undefined || to === undefined) return undefined;
  return { invoice: id, state: stateOf[standing], from, to, totalMinor: fact.totalMinor, currency: fact.currency };
}

/** A subscription whose newest decision the shop does not have. */
export interface UndeliveredSubscription extends Omit<UndeliveredDecision, 'orderId'> {
  readonly subscriptionId: string;
}

/** Answers undefined where the shop has the newest decision, or none was made. */
export function undeliveredSubscriptionIn(state: SubscriptionState): UndeliveredSubscription | undefined {
  const { subscriptionId, decided, membership, delivery } = state;
  if (decided === undefined || membership === 'none' || decided.sequence <= delivery.settled) return undefined;
  const { memberId, sequence } = decided;
  return { subscriptionId, memberId, status: membership, sequence, failures: delivery.failures, abandoned: delivery.abandoned };
}
