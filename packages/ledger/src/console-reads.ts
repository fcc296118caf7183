// What an operations console asks the ledger: lists with ages and amounts, a search over every known id, counts by the hour,
// and what people did. All of it comes from read models, so each answer says by `lagMs` how old it may be.
import type { SubscriptionReads } from './console-subscriptions.ts';
import type { AmountParts, PaidAmount, PaymentReference, Source } from './observation.ts';
import type { DeliveryError, ReviewKind } from './order/events.ts';
import type { MembershipStatus } from './order/order.ts';
import type { Review, UndeliveredDecision } from './order/view.ts';
import type { Page, PageRequest } from './page.ts';
import type { UndeliveredGroup } from './undelivered-group.ts';

/** The lists in which an order, a payment or an object may wait. */
export type Queue = 'reviews' | 'undelivered' | 'awaiting' | 'held' | 'suspended' | 'unreadable';

/** An order as a row of a list. Amounts in Stripe's minor unit. Times in ISO 8601 UTC. */
export interface OrderSummary {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly status: MembershipStatus;
  /** The lists in which it waits now, most urgent first. */
  readonly queues: readonly Queue[];
  /** What was received on the payments of the order, in `currency` alone, before refunds. */
  readonly paidMinor: number;
  readonly expectedMinor: number;
  /** ISO 4217, lower case: of the expected amount. */
  readonly currency: string;
  /** The source that led to the grant. Absent: never granted. */
  readonly grantedBy?: Source;
  /** True: the poll or a status query led to the grant, and no webhook had reported the payment 120 s after it. */
  readonly rescued: boolean;
  readonly placedAt: string;
  readonly grantedAt?: string;
  /** Milliseconds from the newest decision until the shop had it. Absent: no decision, or not delivered. */
  readonly savedAfterMs?: number;
  /** `recordedAt` of its newest event. */
  readonly newestAt: string;
}

/** What `find` looks for. `object`: an id of the provider. */
export type HitKind = 'order' | 'member' | 'object' | 'held';
export type Hit =
  | { readonly kind: 'order'; readonly order: OrderSummary }
  | { readonly kind: 'member'; readonly memberId: string; readonly orders: number; readonly newest: OrderSummary }
  /** `type`: its prefix, as `pi` or `re`; `manual` for money without a provider object. */
  | { readonly kind: 'object'; readonly objectId: string; readonly type: string; readonly order: OrderSummary }
  | { readonly kind: 'held'; readonly payment: PaymentReference };

/** The money of a review: what came beside what was expected. */
export interface ReviewAmounts {
  /** Absent: the payment of the review is not paid. */
  readonly came?: PaidAmount;
  readonly expectedMinor: number;
  /** The least that counts for this payment: expected, with the parts that the order allows. */
  readonly owedMinor: number;
  readonly currency: string;
  readonly parts?: AmountParts;
  /** The other order that claims the payment. */
  readonly otherOrderId?: string;
  readonly access: MembershipStatus;
}

/** A decision that the shop does not have, with what is known of the attempts. */
export interface UndeliveredDetails extends UndeliveredDecision {
  readonly decidedAt: string;
  readonly lastError?: DeliveryError;
  /** Absent: no process tries it any more. */
  readonly nextTryAt?: string;
  readonly givesUpAt: string;
}

/** A payment that no order is known for. */
export interface HeldPayment {
  readonly payment: PaymentReference;
  /** The order that the payment's own metadata names. */
  readonly claims?: string;
  /** Absent: nothing was paid on it. */
  readonly amount?: PaidAmount;
  /** Who reported it first. */
  readonly source: Source;
  readonly heldSince: string;
}

export interface SuspendedOrder extends OrderSummary {
  readonly because: { readonly kind: 'dispute' | 'returned_debit'; readonly id: string; readonly amountMinor: number };
  readonly since: string;
}

/** An object of the provider that this release could not read. */
export interface UnreadableEntry {
  readonly objectId: string;
  /** Absent: unknown. */
  readonly eventId?: string;
  readonly type: string;
  readonly account?: string;
  readonly livemode?: boolean;
  /** The field that could not be read; empty: the object itself. */
  readonly path: string;
  readonly apiVersion?: string;
  /** Since when it cannot be read; where it was read meanwhile, since it could not again. ISO 8601 UTC. */
  readonly since: string;
  /** When a later fact about the object was recorded. Absent: none was. */
  readonly readSince?: string;
}

/** What people do. */
export type Action = 'recheck' | 'redeliver' | 'observe' | 'move' | 'link' | 'resolve' | 'withdraw' | 'import' | 'run' | 'cancel_run';
export interface ActionTaken {
  readonly at: string;
  readonly actor: string;
  readonly reason?: string;
  readonly action: Action;
  /** What it was done to: one of these. */
  readonly orderId?: string;
  readonly subscriptionId?: string;
  readonly runId?: string;
  /**
   * One word: what came of it. `granted`, `suspended`, `restored`, `revoked`, of a subscription also `extended`, `plan_changed`,
   * `adjusted`, `ended`: the decision that followed in the same append;
   * `review`: the review that it opened. Else, of a `redeliver`, `asked` until the attempt ends, then `delivered`, `failed` or
   * `abandoned`; of a `recheck`, `recorded` or `nothing_new`; of a `resolve`, the resolution; of a `run`, `started`, `finished` or
   * `canceled`; and `recorded`, `imported`, `linked`, `moved`, `withdrawn`, `canceled`.
   */
  readonly outcome: string;
  /** The place of its event in the log. */
  readonly position: string;
}

/** How long a stage took. `buckets`: counts of at most 1, 5, 15, 60, 300, 900, 3600, 21600, 86400 seconds, and of more. Absent percentiles: nothing was counted. */
export interface Latency {
  readonly buckets: readonly number[];
  readonly count: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
}

export interface Statistics {
  /** One for each local day of the span, oldest first. `day`: `2026-01-31`. Imported orders are left out: the shop had granted them. */
  readonly days: readonly {
    readonly day: string;
    readonly grants: Readonly<Record<Source, number>>;
    readonly rescued: Readonly<Record<'poll' | 'status_query', number>>;
  }[];
  readonly latency: Readonly<Record<'paid_to_granted' | 'granted_to_saved', Latency>>;
  /** 84 slots of the span, oldest first: the longest wait of an undelivered decision in each, without abandoned ones. Waits are kept by the hour. */
  readonly oldest: readonly { readonly from: string; readonly ageMs: number }[];
  readonly lagMs: number;
}

/**
 * Counts since the log began, for the counters of a monitoring system. The sum of what `statistics` shows by the day, so that both
 * show the same numbers; only `rescued` is without the newest few minutes, in which a webhook may still take one back.
 */
export interface Totals {
  readonly grants: Readonly<Record<Source, number>>;
  readonly rescued: Readonly<Record<'poll' | 'status_query', number>>;
  /** `buckets` as of {@link Latency}; `totalMs`: all of them together. */
  readonly latency: Readonly<
    Record<
      'paid_to_granted' | 'granted_to_saved',
      { readonly buckets: readonly number[]; readonly count: number; readonly totalMs: number }
    >
  >;
  /** When the oldest decision was made that the shop does not have and that is still tried. Absent: there is none. */
  readonly pendingSince?: string;
  /** Infinity: the read models have never caught up, and the counts are those of a part of the log. */
  readonly lagMs: number;
}

/** The span of statistics: at most 400 days. Times in ISO 8601 UTC. */
export interface StatisticsSpan {
  readonly from: string;
  readonly to: string;
  /** Whole hours that local days are ahead of UTC. Default 0. */
  readonly utcOffsetHours?: number;
  /** Default: all accounts. */
  readonly account?: string;
}

/** What webhooks reported in the hours of one account: for the health of its endpoint. From the log, so all processes show the same. */
export interface AccountHealth {
  readonly account: string;
  readonly livemode: boolean;
  readonly lastWebhookAt?: string;
  /** How late webhooks came (`observedAt` less `asOf`) in the last 24 hours. */
  readonly latency: Latency;
  /** Orders of the last 24 hours that a webhook should have reported and did not. */
  readonly missed: number;
  /** 24 hours, oldest first. */
  readonly hours: readonly { readonly from: string; readonly webhooks: number; readonly missed: number }[];
}

/** The lists of a console. `ledger.console` of `createPaymentLedger`. Lists have at most 1,000 rows a page. */
export interface ConsoleReads {
  /** Orders, members and provider ids that are, or begin with, `text` (at least 3 characters for a beginning; case does not matter). At most 50: first what is named so exactly, which is read from its stream, then the newest. Of more than 500 names that begin so, the first 500 by name count. `query`: the id that was found in the text. */
  find(
    text: string,
    options?: { readonly kind?: HitKind; readonly limit?: number },
  ): Promise<{
    readonly query: string;
    readonly hits: readonly Hit[];
    readonly more: boolean;
    readonly lagMs: number;
  }>;
  /** Placed orders, newest first. */
  orders(
    page?: PageRequest & { readonly status?: MembershipStatus; readonly plan?: string; readonly account?: string },
  ): Promise<Page<OrderSummary>>;
  /** All orders of a member, newest first: placed ones too, not only granted ones. */
  memberOrders(memberId: string, page?: PageRequest): Promise<Page<OrderSummary>>;
  /** How many wait in each list, and since when the oldest. */
  queues(): Promise<{
    readonly queues: Readonly<Record<Queue, { readonly count: number; readonly oldestSince?: string }>>;
    readonly lagMs: number;
  }>;
  /** The open reviews with their money, oldest first. */
  reviews(
    page?: PageRequest & { readonly kind?: ReviewKind },
  ): Promise<Page<Review & ReviewAmounts & { readonly memberId: string; readonly plan: string }>>;
  /** Oldest decision first. `error`: as in `undeliveredByError`. */
  undelivered(page?: PageRequest & { readonly error?: string }): Promise<Page<UndeliveredDetails>>;
  /** At most 20 groups, most frequent first, and `other`. */
  undeliveredByError(): Promise<readonly UndeliveredGroup[]>;
  /** Placed, not active, and a payment is still possible: oldest first. */
  awaiting(page?: PageRequest): Promise<Page<OrderSummary & { readonly until: string }>>;
  /** Oldest first. */
  held(page?: PageRequest): Promise<Page<HeldPayment>>;
  /** Longest suspended first. */
  suspended(page?: PageRequest): Promise<Page<SuspendedOrder>>;
  /** Oldest first. */
  unreadable(page?: PageRequest): Promise<Page<UnreadableEntry>>;
  /** Newest first. */
  activity(
    page?: PageRequest & {
      readonly actor?: string;
      readonly action?: Action;
      readonly orderId?: string;
      readonly subscriptionId?: string;
      /** What was done to his orders and to his subscriptions. */
      readonly memberId?: string;
    },
  ): Promise<Page<ActionTaken>>;
  /** From counters by the hour, never by a scan of orders. @throws LedgerError `invalid_input`: the span is longer than 400 days. */
  statistics(span: StatisticsSpan): Promise<Statistics>;
  /** Cheap enough for each scrape. */
  totals(): Promise<Totals>;
  /** Each account and mode in which an order was placed. */
  accountHealth(): Promise<readonly AccountHealth[]>;
  /** What is about subscriptions. Absent: the ledger keeps none. */
  readonly subscriptions?: SubscriptionReads;
}
