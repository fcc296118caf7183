// The public interface: what a shop calls, and what a payment adapter calls on its behalf.

import type { AdapterLedger } from './adapter-ledger.ts';
import type { Alert } from './alerts.ts';
import type { CheckpointSettings } from './audit/checkpoint/checkpoint-settings.ts';
import type { BulkRuns } from './bulk-runs.ts';
import type { ConsoleReads } from './console-reads.ts';
import type { DeliverAnswer } from './delivery/shop-ahead.ts';
import type { LedgerError } from './errors.ts';
import type { EventStore, StoredEvent } from './event-store/event-store.ts';
import type { Logger } from './logger.ts';
import type { DuplicateOrder, MemberAccess, Membership } from './member-access.ts';
import type { ManualAction, Observation, PaymentReference, Statement } from './observation.ts';
import type { Resolution } from './order/events.ts';
import type { MembershipStatus } from './order/order.ts';
import type { PolicyOptions } from './order/policy.ts';
import type { PlacedOtherwise } from './order/terms.ts';
import type { OrderView, Preview, Review, UndeliveredDecision } from './order/view.ts';
import type { Page, PageRequest } from './page.ts';
import type { Runtime } from './runtime.ts';
import type { BelongsTo, MoveOutcome, RedeliverOutcome, Seen, SeenBoth, StaleAction } from './seen.ts';
import type { SubscriptionReview, UndeliveredSubscription } from './subscription/view.ts';
import type { ObserveSubscriptionResult, SubscriptionLedger, SubscriptionSettings } from './subscription-ledger.ts';

/** An order as the shop places it. Ids: 1 to 128 of `A-Z a-z 0-9 . _ : -`; no personal data. */
export interface PlaceOrder {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** Before discounts, tax and shipping. Stripe's minor unit, a safe integer of 0 or more. */
  readonly amountMinor: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** The provider's account that must receive the payment. */
  readonly account: string;
  /** True: live mode. False: test mode. */
  readonly livemode: boolean;
  /** What may make the total differ from `amountMinor`. Default: discount, tax and shipping may, and nothing else. */
  readonly allow?: {
    readonly discount?: boolean;
    readonly tax?: boolean;
    readonly shipping?: boolean;
    /**
     * True: the buyer may pay more, by adjustable quantity, optional items or a price of his own choice. `amountMinor` is then
     * the least that counts, and more opens no review. Default false.
     */
    readonly more?: boolean;
  };
}

/** What `observePayment` did with a statement of a source. Branch on `outcome`. */
export type ObserveResult =
  /**
   * The observation was recorded. `granted`, `suspended`, `restored`, `revoked`: the decision that followed. `review`: it opened
   * a review and no decision followed. `recorded`: neither followed. `membership`: the status after it.
   */
  | {
      readonly outcome: 'granted' | 'suspended' | 'restored' | 'revoked' | 'review' | 'recorded';
      readonly orderId: string;
      readonly membership: MembershipStatus;
    }
  /** The same source reported the same fact before. The answer may come from a cache, so it does not include the membership. */
  | { readonly outcome: 'duplicate'; readonly orderId: string }
  /**
   * The payment belongs to a subscription, so the answer is about that, as of `observeSubscription`. An attempt to pay is a
   * `duplicate`: of it the invoice speaks.
   */
  | (Exclude<ObserveSubscriptionResult, { readonly outcome: 'unknown' }> & { readonly orderId?: never })
  /** No order is known for the payment yet. The observation is held, and forwarded to the order when the link appears. */
  | { readonly outcome: 'held'; readonly payment: PaymentReference };

/** A decision, as it is delivered to the shop. The shop stores `status` where its stored sequence is lower (law 9). */
export interface MembershipChange {
  /** The order's id: a refund of last year's order must not end this year's membership. */
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly change: 'granted' | 'suspended' | 'restored' | 'revoked';
  /** The status after this change. Store it where your stored sequence is lower. */
  readonly status: Exclude<MembershipStatus, 'none'>;
  /** 1, 2, 3… within the membership. It jumps only where the shop had answered a higher one. */
  readonly sequence: number;
  /** Provider's clock, ISO 8601 UTC: when the payment was paid. A period starts here, also if the payment was found much later. */
  readonly paidAt: string;
  /** `${membershipId}:${sequence}`. It never changes, also not at a repeated delivery. */
  readonly idempotencyKey: string;
}

/** How a ledger in shadow asks the shop. */
export interface Shadow {
  /**
   * Whether the shop has for this order what the ledger decided: `same` if the member has, or has not, the access that
   * `change.status` says. It only reads. Called for the newest decision of an order, one minute after it and then ever more
   * rarely, at most once a day; also again where it rejects or takes longer than `deliverTimeoutMs`.
   */
  compare(change: MembershipChange, signal: AbortSignal): Promise<'same' | 'differs'>;
}

/** Options of `createPaymentLedger`. An unknown one is refused. */
export interface PaymentLedgerOptions {
  /** The ledger closes it when it is disposed. */
  readonly eventStore: EventStore;
  /** Fields that are missing take their defaults. */
  readonly policy?: PolicyOptions;
  /**
   * Delivers a decision to the shop: at least once, with a stable key. It returns or resolves once the shop has stored the
   * change, throws or rejects to be called again, and must stop when the signal aborts. The effect is exactly once inside `once` of
   * `@paidonce/ledger/once`, or if it writes status and sequence in one transaction. It should answer the sequence that the shop
   * has then ({@link DeliverAnswer}); `once` answers it. Absent: this process decides, and leaves the delivery to other processes.
   */
  readonly deliver?: (change: MembershipChange, signal: AbortSignal) => Promise<DeliverAnswer> | DeliverAnswer;
  /**
   * Instead of `deliver`, while an older handler of the shop gives access: this process decides and records, and delivers
   * nothing. What the shop has already is settled (`MembershipDelivered` with `found`); what differs stays in `undelivered`, is
   * never abandoned, calls no `onAlert`, and is counted in `backlog().shadowDiffers`. The first start with `deliver` then delivers
   * exactly what differs. Default: none. Given together with `deliver`, it is refused.
   */
  readonly shadow?: Shadow;
  /** Keeps subscriptions beside orders. Default: none, and every call about a subscription is refused. */
  readonly subscriptions?: SubscriptionSettings;
  /** How many milliseconds `deliver`, or `compare` of a `shadow`, may take before its signal aborts. Above 0. Default 10,000. */
  readonly deliverTimeoutMs?: number;
  /**
   * Path of the file for read models and cursors. It can be deleted and is rebuilt from the log. Default: beside the SQLite
   * log, with the suffix `.read-models`; on PostgreSQL a temporary file, which starts as the snapshot that the store carries;
   * with any other store in memory.
   */
  readonly readModels?: string;
  /**
   * True (the default): roll forward, deliver and update the read models in the background. False: only when `settle` is called,
   * for hosts that live briefly. Such a host takes over old deliveries by the times in the log, so its wall clock must be right.
   */
  readonly background?: boolean;
  /**
   * Where a member is granted a plan by two orders that were paid within this many hours, the alert `same_plan_twice` is sent,
   * and `duplicates()` lists the later one. 0 to 720; 0: never. Default 24. One value in all processes.
   */
  readonly duplicateWithinHours?: number;
  /** Signs checkpoints of the log: at every 1,000 events, and otherwise within 60 s; without a background, at `settle`. Default: none. */
  readonly checkpoints?: CheckpointSettings;
  /** Receives operational messages. Default: none are written. */
  readonly log?: Logger;
  /**
   * Receives the alerts of this ledger and of the payment adapters on it, to pass them to a person. It may throw, reject or hang
   * without harm. An alert may be lost; {@link AlertKind} names the list in which each can be found afterwards. Default: none.
   */
  readonly onAlert?: (alert: Alert) => unknown;
  /** Clocks, chance and timers, for tests. Default: `systemRuntime`. */
  readonly runtime?: Partial<Runtime>;
}

/** Counts of what waits, for gauges and overviews. */
export interface Backlog {
  /** Orders that are placed and not active, and on which a payment is still possible. */
  readonly openOrders: number;
  /** Payments of orders, and questions about subscriptions, that wait for a person. */
  readonly openReviews: number;
  /** Orders and subscriptions whose newest decision the shop does not have. */
  readonly undelivered: number;
  /** How many of these no process tries any more. */
  readonly abandoned: number;
  /**
   * How many of the undelivered the shop had differently when this process last asked it, by its `shadow`; 0 without one. The
   * other counts are the same in every process.
   */
  readonly shadowDiffers: number;
  /** Subscriptions to look at: their access changes with nothing new said, and nobody has looked since. */
  readonly due: number;
  /** Subscriptions whose newest word came while the provider's clock was in doubt. */
  readonly doubtful: number;
  /** How far the counts may be behind the log, in milliseconds. Infinity: the read models have not caught up yet. */
  readonly lagMs: number;
}

/**
 * The ledger. Dispose it before the process ends: calls and attempts under way have 10 s, then the store is closed.
 *
 * All methods throw {@link LedgerError}. `invalid_input`: an argument is wrong, and nothing was written. `closed`: the ledger
 * was disposed. `contention`: a method that appends met faster writers for 15 s. `corrupt`, `file_newer`: the stream cannot be
 * read. From the event store: `store_busy`, `store_full`, `store_unavailable`; after the last of these an append may be stored
 * or not, and the same call again settles it.
 */
export interface PaymentLedger extends SubscriptionLedger, AsyncDisposable {
  /** For payment adapters alone; a shop does not need it. */
  readonly forAdapters: AdapterLedger;
  /** True if this process has a `deliver`. */
  readonly delivers: boolean;
  /** The runtime of this ledger, for payment adapters on it. */
  readonly runtime: Runtime;
  /** From the read models: the lists, the search and the counts of an operations console. */
  readonly console: ConsoleReads;
  /**
   * Bulk runs: one action on many orders, carried out in the background by any process that can. A run of `redeliver` needs one
   * that has a `deliver`, a run of `recheck` one with a payment adapter.
   */
  readonly runs: BulkRuns;
  /**
   * Places an order. `exists`: it was placed before on the same terms. `differs`: on other terms, which stay as they were;
   * `terms` says which.
   */
  placeOrder(order: PlaceOrder): Promise<{ readonly outcome: 'placed' | 'exists' } | PlacedOtherwise>;
  /**
   * Links a provider's session or payment intent to the order. Durable when it answers, so call it before the customer is sent
   * there. `exists`: it was attached before. `belongs_to`: the payment belongs to that other order, and nothing was attached.
   *
   * @throws LedgerError `order_unknown`: the order is not placed. `belongs_to_subscription`: as of `movePayment`.
   */
  attachCheckout(
    orderId: string,
    payment: PaymentReference,
    /**
     * Times in ISO 8601. After `expiresAt` the provider accepts no payment on it. Default: it does not expire. Until
     * `recoverableUntil` the customer may recover it through a new session that nobody attaches. Default: never.
     */
    options?: { readonly expiresAt?: string; readonly recoverableUntil?: string },
  ): Promise<{ readonly outcome: 'attached' | 'exists' } | { readonly outcome: 'belongs_to'; readonly orderId: string }>;
  /**
   * Imports an order that the shop fulfilled before it had a ledger: it is placed, paid and granted in one append. The grant
   * is not delivered, since the shop has it. Later facts (a refund, a dispute) are decided and delivered as for any order.
   * `exists`: it had a membership here before. `not_entitled`: it is placed, but its payment does not count or is undone; see its
   * reviews. `differs`: it was placed before on other terms, which stay as they were. `belongs_to`: the payment belongs to that
   * other order.
   *
   * @throws LedgerError `belongs_to_subscription`: as of `movePayment`.
   */
  importOrder(
    order: PlaceOrder & { readonly placedAt: string },
    payment: Statement,
    by: ManualAction,
  ): Promise<
    | { readonly outcome: 'imported' | 'exists' | 'not_entitled' }
    | PlacedOtherwise
    | { readonly outcome: 'belongs_to'; readonly orderId: string }
  >;
  /**
   * Withdraws an order that nobody has paid: the customer changed his mind, or ordered anew. A payment that counts afterwards
   * opens the review `withdrawn` and gives no access until a person accepts it. A payment adapter also ends the order's open
   * checkouts: call its own method, as `payments.withdrawOrder` for Stripe. `exists`: it was withdrawn before.
   *
   * @throws LedgerError `order_unknown`: the order is not placed. `already_paid`: it was granted; refund the payment instead.
   *   `payment_under_way`: an attempt is `processing` or `authorized`. An unpaid voucher is not under way.
   */
  withdrawOrder(orderId: string, by: ManualAction): Promise<{ readonly outcome: 'withdrawn' | 'exists' }>;
  withdrawOrder(orderId: string, by: ManualAction, seen: Seen): Promise<{ readonly outcome: 'withdrawn' | 'exists' } | StaleAction>;
  /**
   * Records what a source reports, and decides. Durable when it answers (law 8). The same call again is safe. `seen` is for what a
   * person reports (`source: 'manual'`) on an order that he looked at. `belongs_to`: the payment is that other order's, so nothing
   * is recorded.
   *
   * @throws LedgerError `belongs_to_subscription`: the payment belongs to a subscription, and this process keeps none, or `seen` was
   *   given.
   */
  observePayment(observation: Observation): Promise<ObserveResult>;
  observePayment(observation: Observation, seen: Seen): Promise<ObserveResult | BelongsTo | StaleAction>;
  /**
   * Moves a payment to another order, because a person corrects its owner. The id of a session stands for the payment that it
   * took. `exists`: it belongs to that order already. `already_granted`: it gave access to its order, so it stays (refund it, or
   * resolve a review). `left_before`: it was moved away from the target before, and never goes back. `unknown_payment`: nothing
   * was reported of a payment under this id, so nothing moves; check the id, or wait until it is paid.
   *
   * @throws LedgerError `order_unknown`: the target is not placed. `invalid_input`: also where several payments have this name.
   *   `belongs_to_subscription`: the payment belongs to a subscription, so no order may have it.
   */
  movePayment(payment: PaymentReference, toOrderId: string, by: ManualAction): Promise<{ readonly outcome: MoveOutcome }>;
  /**
   * `seen.toRevision` is compared before the payment moves: what comes to that order in the same moment is decided on as ever.
   * `belongs_to`: another order than `seen.fromOrderId` has the payment, so it stays there.
   */
  movePayment(
    payment: PaymentReference,
    toOrderId: string,
    by: ManualAction,
    seen: SeenBoth,
  ): Promise<{ readonly outcome: MoveOutcome } | BelongsTo | StaleAction>;
  /**
   * Links a payment that no order is known for to this order, because a person knows whose it is. What was reported of it is
   * recorded in the order, and decided on as ever: who links grants nothing. An id of which nothing was reported yet is linked
   * too; then have the provider asked for it (`recheck` of the order). `exists`: it is this order's checkout already.
   * `belongs_to`: it belongs to that other order; see `movePayment`. `seen` is compared before the payment is linked.
   *
   * @throws LedgerError `order_unknown`: the order is not placed. `belongs_to_subscription`: as of `movePayment`.
   */
  linkPayment(
    payment: PaymentReference,
    orderId: string,
    by: ManualAction,
    seen?: Seen,
  ): Promise<{ readonly outcome: 'linked' | 'exists' } | { readonly outcome: 'belongs_to'; readonly orderId: string } | StaleAction>;
  /**
   * Resolves a review, because a person decided. `grant`: the payment counts in spite of its mismatch (later refunds still undo
   * it). `revoke`: it no longer counts. `dismiss`: nothing changes. `seenRevision`: `revision` of the view that the person read.
   * `stale`: the order has news since then, or the review was resolved otherwise; read the order again.
   *
   * @throws LedgerError `invalid_input`: also where the order has no such review, or has not reached `seenRevision`.
   */
  resolveReview(
    orderId: string,
    reviewId: string,
    how: { readonly resolution: Resolution; readonly seenRevision: number },
    by: ManualAction,
  ): Promise<{ readonly outcome: 'resolved' } | StaleAction>;
  /** A dry run of `resolveReview`: what it would do now. Nothing is written. @throws LedgerError as `resolveReview`. */
  previewResolution(
    orderId: string,
    reviewId: string,
    how: { readonly resolution: Resolution; readonly seenRevision: number },
  ): Promise<{ readonly outcome: 'stale' } | ({ readonly outcome: 'resolved' } & Preview)>;
  /**
   * A dry run of `movePayment`: what it would do to the order that has the payment (`from`; absent: no order has it), and to the
   * other one. Nothing is written. @throws LedgerError as `movePayment`.
   */
  previewMove(
    payment: PaymentReference,
    toOrderId: string,
  ): Promise<
    | { readonly outcome: 'exists' | 'already_granted' | 'left_before' | 'unknown_payment' }
    | { readonly outcome: 'moved'; readonly from?: Preview; readonly to: Preview }
  >;
  /**
   * Delivers the newest decision now, because a person asks for it, also after it was abandoned. `failed`: it is tried again
   * later, or another process took it over and delivers it at this moment. `nothing_to_deliver`: the shop has the newest decision.
   *
   * @throws LedgerError `order_unknown`: the order is not placed. `invalid_input`: also where this process has no `deliver`.
   */
  redeliver(orderId: string, by: ManualAction): Promise<{ readonly outcome: RedeliverOutcome }>;
  redeliver(orderId: string, by: ManualAction, seen: Seen): Promise<{ readonly outcome: RedeliverOutcome } | StaleAction>;
  /** Strong: from the order's own stream. Undefined until the order is placed. */
  order(orderId: string): Promise<OrderView | undefined>;
  /**
   * Strong: the order that owns the payment. `reference`: the payment, or with an alias as its `id`; for Stripe's ids and `manual:`
   * ids the id alone is enough. Undefined: there is none, or it is not placed.
   */
  orderOf(reference: string | PaymentReference): Promise<OrderView | undefined>;
  /** Strong: the stored events of the order, oldest first; `readOrderEvent` gives their current shapes. Empty: no such order. */
  history(orderId: string): Promise<readonly StoredEvent[]>;
  /**
   * From a read model: all memberships of a member on one page, by orders and by subscriptions, sorted by id. Just after the start it
   * waits until the log has been read to its end once.
   *
   * @throws LedgerError also `corrupt` or `file_newer`: an event cannot be read, and this process has never come to the end of the log.
   */
  memberships(memberId: string): Promise<Page<Membership>>;
  /** From a read model: whether the member has access, and to what, over all orders and subscriptions. Waits, and throws, as `memberships`. */
  memberAccess(memberId: string): Promise<MemberAccess>;
  /** From a read model, sorted by order id: placed, not active, and a payment is still possible. */
  openOrders(page?: PageRequest): Promise<Page<OrderView>>;
  /** From a read model, sorted by order id: the open reviews. */
  reviews(page?: PageRequest): Promise<Page<Review>>;
  /** The same of subscriptions, sorted by their id. */
  subscriptionReviews(page?: PageRequest): Promise<Page<SubscriptionReview>>;
  /** From a read model, sorted by order id: the newest decisions that the shop does not have, abandoned ones too. */
  undelivered(page?: PageRequest): Promise<Page<UndeliveredDecision>>;
  /** The same of subscriptions, sorted by their id. */
  undeliveredSubscriptions(page?: PageRequest): Promise<Page<UndeliveredSubscription>>;
  /**
   * From a read model, sorted by order id: orders that gave a member the plan of another order, paid within
   * `duplicateWithinHours` of it, while both give access. Refund one of them.
   */
  duplicates(page?: PageRequest): Promise<Page<DuplicateOrder>>;
  /** From the read models: how long each of these lists is. */
  backlog(): Promise<Backlog>;
  /**
   * Rolls forward, updates the read models, delivers what is due, and signs a checkpoint. For command lines, serverless hosts
   * and tests. Deliveries start only within `timeoutMs` (milliseconds, default 10,000) of the time when the log has been read, also
   * where an event stops the read models: then the call fails after them. A checkpoint that fails has its alert, and fails no call.
   */
  settle(options?: { readonly timeoutMs?: number }): Promise<void>;
}
