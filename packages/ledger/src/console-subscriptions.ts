// What an operations console asks about subscriptions. Absent where the ledger keeps none.
import type { StoredEvent } from './event-store/event-store.ts';
import type { Resolution } from './order/events.ts';
import type { MembershipStatus } from './order/order.ts';
import type { Page, PageRequest } from './page.ts';
import type { LifecycleStatus } from './subscription/observation.ts';
import type { SubscriptionReview, UndeliveredSubscription } from './subscription/view.ts';
import type { UndeliveredGroup } from './undelivered-group.ts';

/** A subscription as a row of a list. Times are ISO 8601 UTC. */
export interface SubscriptionSummary {
  readonly subscriptionId: string;
  readonly memberId: string;
  /** What was paid for; before any access, what was placed. */
  readonly plan: string;
  readonly quantity: number;
  /** As it was decided. `none`: never granted. */
  readonly status: MembershipStatus;
  readonly account: string;
  readonly livemode: boolean;
  readonly placedAt: string;
  /** The provider's id. Absent: nothing was reported yet. */
  readonly reference?: string;
  /** Its state at the provider. Absent: none was reported. */
  readonly lifecycle?: LifecycleStatus;
  /** As they were decided. Absent: nothing was. */
  readonly paidThrough?: string;
  readonly validUntil?: string;
  /** When it must be looked at next. Absent: its access does not change by itself, or it was read from its stream alone. */
  readonly dueAt?: string;
  readonly lookedAt?: string;
  /** Since when the provider tries to collect a renewal that was not paid. Provider's clock. Absent: it does not. */
  readonly dunningSince?: string;
  /** True: the shop does not have the newest decision. */
  readonly isUndelivered: boolean;
  readonly openReviews: number;
}

/** How many wait in a list of subscriptions, and since when the first. */
export interface SubscriptionCount {
  readonly count: number;
  readonly oldestSince?: string;
}

/** The lists of a console about subscriptions. They have at most 1,000 rows a page. */
export interface SubscriptionReads {
  /** True if this process has `subscriptions.deliver`. */
  readonly delivers: boolean;
  /** Strong: the stored events, oldest first; also of one that is not placed. Empty: no such subscription. */
  history(subscriptionId: string): Promise<readonly StoredEvent[]>;
  /** Strong: from its own stream. Undefined until it is placed. */
  summary(subscriptionId: string): Promise<SubscriptionSummary | undefined>;
  /** A dry run of `resolveSubscriptionReview`: what it would do now. Nothing is written. @throws LedgerError as that. */
  previewResolution(
    subscriptionId: string,
    reviewId: string,
    how: { readonly resolution: Resolution; readonly seenRevision: number },
  ): Promise<
    | { readonly outcome: 'stale' }
    /** `openReviews`: how many are open afterwards. */
    | { readonly outcome: 'resolved'; readonly membership: MembershipStatus; readonly validUntil?: string; readonly openReviews: number }
  >;
  /**
   * Subscriptions of exactly this id, or of a provider's object of this id (`sub_…`, `in_…`, `cs_…`, `pi_…`): first, and read from
   * their streams. Then those whose own id, or whose member's, begins with it (at least 3 characters, in these letters). At most 50.
   */
  find(text: string): Promise<readonly SubscriptionSummary[]>;
  /** Placed ones, newest first. */
  newest(page?: PageRequest): Promise<Page<SubscriptionSummary>>;
  /** All of a member, newest first: placed ones too, not only granted ones. */
  ofMember(memberId: string, page?: PageRequest): Promise<Page<SubscriptionSummary>>;
  /** Those to look at now, longest due first: their access changes with nothing new said. */
  due(page?: PageRequest): Promise<Page<SubscriptionSummary & { readonly dueAt: string }>>;
  /** Those whose renewal the provider tries to collect, longest first. */
  inDunning(page?: PageRequest): Promise<Page<SubscriptionSummary & { readonly dunningSince: string }>>;
  /** The open reviews, oldest first. */
  reviews(page?: PageRequest): Promise<Page<SubscriptionReview & Pick<SubscriptionSummary, 'memberId' | 'plan' | 'status'>>>;
  /** Those whose newest decision the shop does not have, oldest decision first. */
  undelivered(page?: PageRequest): Promise<Page<UndeliveredSubscription & { readonly plan: string; readonly decidedAt: string }>>;
  /** As `undeliveredByError` of orders: at most 20 groups, most frequent first, and `other`. */
  undeliveredByError(): Promise<readonly UndeliveredGroup[]>;
  /**
   * How many wait in each list. `inGrace`: active, and past what is paid for, by our clock. `pendingSince`: when the oldest decision was
   * made that the shop does not have and that is still tried; absent: there is none. Cheap enough for each scrape.
   */
  counts(): Promise<{
    readonly reviews: SubscriptionCount;
    readonly undelivered: SubscriptionCount;
    readonly due: SubscriptionCount;
    readonly dunning: SubscriptionCount;
    readonly inGrace: number;
    readonly pendingSince?: string;
    readonly lagMs: number;
  }>;
}
