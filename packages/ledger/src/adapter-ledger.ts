// The part of the ledger for payment adapters: what a poll must look for, who runs a sweep, and which objects were unreadable.
import type {
  AccountSubscriptions,
  AdapterSubscriptions,
  DueSubscription,
  OpenInvoices,
  UnsettledSubscription,
} from './adapter-subscriptions.ts';
import type { Alert } from './alerts.ts';
import type { ManualAction, Observation } from './observation.ts';
import type { ReviewKind } from './order/events.ts';
import type { OrderView, Preview, UnsettledOrder } from './order/view.ts';
import type { Page, PageRequest } from './page.ts';
import type { ProcessCounts } from './process-counts.ts';
import type { RecheckResult } from './seen.ts';

/** What the ledger has for one provider account and mode: enough to know what a poll must look for, and from which time on. */
export interface AccountOrders {
  readonly account: string;
  readonly livemode: boolean;
  /** `placedAt` of the oldest order. ISO 8601 UTC. */
  readonly firstPlacedAt: string;
  /** True if any payment was ever paid, also if it was undone later. */
  readonly everPaid: boolean;
  /** When the newest payment came. ISO 8601 UTC. Absent: none ever came. */
  readonly newestPaidAt?: string;
  /** Orders whose newest payment came in the last 30 days. Counted up to 100,000. */
  readonly paidIn30Days: number;
  /**
   * The oldest and newest `placedAt` (ISO 8601 UTC) of the orders without a payment on which one was still possible at
   * `awaitedAt`. Absent: there is no such order.
   */
  readonly awaited?: { readonly oldestPlacedAt: string; readonly newestPlacedAt: string };
  /** True if some order has a payment under way, a pending refund, or an open dispute. */
  readonly hasUnsettled: boolean;
}

/** An unsettled order, with the account and mode in which to read its objects. */
export interface AccountUnsettledOrder extends UnsettledOrder {
  readonly account: string;
  readonly livemode: boolean;
}

/** How far the rounds of a tier have come. A round is one pass of the poll over a tier. */
export interface SweepProgress {
  /** Number of the newest round that was started; 0: none yet. */
  readonly round: number;
  /** True if that round has finished, or none was started. */
  readonly finished: boolean;
  /** Where the last finished round ended: the next one reads on from here. ISO 8601 UTC. Absent: none has finished. */
  readonly upTo?: string;
  /** Where the newest unfinished round was last: the next one need not read again what that one has read. Absent: nowhere. */
  readonly resume?: SweepPosition;
  /** Reads that the rounds of the tier reported, by the UTC day of their end. Holds the newest 31 days. */
  readonly spent: readonly DayOfReads[];
}
/** The reads of one UTC day. */
export interface DayOfReads {
  /** `2026-01-31`. */
  readonly day: string;
  readonly reads: number;
  /** How many of them were made outside the rounds (`SweepSummary.otherReads`). Absent: none. */
  readonly others?: number;
}

/** A place in a provider's list that is read from the newest object to the oldest. */
export interface SweepPosition {
  /** `from` and `to`: the time window of the list. ISO 8601 UTC. */
  readonly from: string;
  readonly to: string;
  /** Id of the last object that was read. */
  readonly after: string;
}
/** What a round did, counted. */
export interface SweepSummary {
  /** Objects that were listed. */
  readonly lookedAt: number;
  /** Calls to the provider. */
  readonly calls: number;
  /** Objects of ours that reported something. */
  readonly found: number;
  /** Memberships that the round granted or restored. */
  readonly rescued: number;
  /** Calls of the same process outside its rounds, since it last reported them. Default 0. */
  readonly otherReads?: number;
  /** How many calls are left of those allowed in 30 days, after this round. Negative: more were made. Absent: not known. */
  readonly budgetLeft?: number;
}

/** What observations of a payment would add, if they were made now. Nothing was written. */
export type ObservationPreview =
  /** No order is known for the payment: they would be held. */
  | { readonly outcome: 'held' }
  /** The payment belongs to a subscription. What it would add there is not told. */
  | { readonly outcome: 'of_subscription'; readonly subscriptionId: string }
  | ({
      readonly outcome: 'recorded';
      /** True if the payment was not known to be paid. */
      readonly isNew: boolean;
      /** True if money went back, or is disputed, that the ledger does not know of; or knows of, and it did not. */
      readonly changesReversals: boolean;
      /** `in_effect`: it counts. `undone`: it counts, and refunds or disputes have undone it. `does_not_count`: it is not paid, or does not fit. */
      readonly payment: 'in_effect' | 'undone' | 'does_not_count';
      /** The reviews that would be open afterwards, with those that are open now. */
      readonly openReviews: readonly ReviewKind[];
    } & Preview);

/** An object of the provider that could not be read. Its body is never stored: it may hold personal data. */
export interface UnreadableObject {
  readonly objectId: string;
  readonly eventId?: string;
  readonly type: string;
  readonly apiVersion?: string;
  readonly account?: string;
  readonly livemode?: boolean;
  /** SHA-256 of the body, lower-case hex. */
  readonly sha256: string;
  /** Path in the object of the value that could not be read, at most 200 characters; empty: the object itself. */
  readonly path: string;
}

/**
 * The part of a `PaymentLedger` that is for payment adapters.
 *
 * @throws LedgerError from every method but `alert`: `invalid_input`, `closed`, `contention` where it appends, and what the
 *   event store throws. `corrupt`, `file_newer`: a stream or the file of the read models cannot be read.
 */
export interface AdapterLedger {
  /** What is about subscriptions. */
  readonly subscriptions: AdapterSubscriptions;
  /** Passes an alert to the log and to the shop's `onAlert`. Never throws, and does not wait for the hook. */
  alert(alert: Alert): void;
  /**
   * Has the read models handle everything that was in the log when it was called. Delivers nothing, and signs nothing. An event that
   * cannot be read stops the read models, and has its alert: the call resolves, and the lists stay as they were.
   */
  catchUp(): Promise<void>;
  /**
   * As `order` and `orderOf` of the ledger, but from memory where this process has it: another one may have appended since. For what
   * never changes, such as the terms, and for what a strong read could miss as well a moment later.
   */
  knownOrder(orderId: string): Promise<OrderView | undefined>;
  knownOrderOf(reference: string): Promise<OrderView | undefined>;
  /**
   * Strong: the identity of the log, for what an adapter reads at the provider. Undefined: no order was placed in it since logs
   * have one. From memory once it is known.
   */
  ledgerId(): Promise<string | undefined>;
  /** The identity of the log, for what an adapter makes at the provider. Gives the log one if it has none; durable when it answers. */
  ensureLedgerId(): Promise<string>;
  /**
   * From a read model, sorted by account. `awaitedAt` (ISO 8601): the time for which `awaited` is computed. Default: now.
   * `account`: only that one. Default: all.
   */
  accountOrders(awaitedAt?: string, account?: string): Promise<readonly AccountOrders[]>;
  /** From a read model, sorted by order id: the orders with objects to read again by their ids. */
  unsettledOrders(page?: PageRequest): Promise<Page<AccountUnsettledOrder>>;
  /**
   * From a read model, sorted by order id: withdrawn orders with an attached checkout that could still be paid. The adapter ends
   * these checkouts at the provider.
   */
  withdrawnOrders(page?: PageRequest): Promise<Page<OrderView>>;
  /**
   * From a read model: an order that gives the member this plan now, and was paid within `duplicateWithinHours` of now.
   * Undefined: there is none. Waits, and throws, as `memberships` of the ledger.
   */
  samePlanOrder(memberId: string, plan: string): Promise<string | undefined>;
  /**
   * From a read model, oldest first: the subscriptions whose access changes at `before` or earlier (ISO 8601, provider's clock) if
   * nothing more is said. Look at each: only that may end it.
   */
  dueSubscriptions(before: string, page?: PageRequest): Promise<Page<DueSubscription>>;
  /** From a read model, sorted by subscription id: those with open invoices, which Stripe lists by when they were made. */
  openInvoices(page?: PageRequest): Promise<Page<OpenInvoices>>;
  /** From a read model, sorted by subscription id: those with refunds or disputes that may end without a movement of money. */
  unsettledSubscriptions(page?: PageRequest): Promise<Page<UnsettledSubscription>>;
  /** From a read model: whether this customer of the provider has a subscription, also one that has ended. */
  hasSubscription(customer: string): Promise<boolean>;
  /** From a read model, sorted by account. `before`: as of `dueSubscriptions`. */
  accountSubscriptions(before: string): Promise<readonly AccountSubscriptions[]>;
  /** Strong: how far the rounds of the tier have come. */
  sweepProgress(tier: string): Promise<SweepProgress>;
  /**
   * Starts the round after `seenRound`, in at most one process. `lost`: another one has started it. Answers the newest round.
   * `takesOver`: `seenRound` was still running, and its process is taken for dead. Then `lost` as well, if it has ended since.
   * Default false.
   */
  startSweep(
    tier: string,
    seenRound: number,
    as?: { readonly takesOver?: boolean },
  ): Promise<{ readonly outcome: 'started' | 'lost'; readonly round: number }>;
  /** Records how far a long round has come, so that the next one continues from there if its process dies. */
  advanceSweep(tier: string, round: number, position: SweepPosition): Promise<void>;
  /** Finishes a round. Only this moves `SweepProgress.upTo`. `result.upTo`: ISO 8601. */
  finishSweep(tier: string, round: number, result: { readonly upTo: string; readonly summary: SweepSummary }): Promise<void>;
  /**
   * A dry run of `observePayment` for observations of one payment, one after another: what they would add, with what is held
   * for it. What is held for another payment under an alias of both is left out. Nothing is written.
   */
  wouldObserve(observations: readonly [Observation, ...Observation[]]): Promise<ObservationPreview>;
  /**
   * Resolves at the next event that this process appends to the order, and at the latest when the signal aborts: for who shows an
   * order and waits for it to change. What other processes append wakes nobody here. Not refused after disposal.
   */
  orderChanged(orderId: string, signal: AbortSignal): Promise<void>;
  /**
   * Records that a person had the order read from the provider again, also where that found nothing. What was found the adapter
   * has observed before. `exists`: the same person's last recheck of the order is less than ten seconds old.
   *
   * @throws LedgerError `order_unknown`: the order is not placed.
   */
  recordRecheck(orderId: string, by: ManualAction, result: RecheckResult): Promise<{ readonly outcome: 'recorded' | 'exists' }>;
  /**
   * Lets this process carry out bulk runs of rechecks: `recheck` reads one order from the provider again in the name of that
   * person, records it by `recordRecheck`, and rejects where that failed. Answers what ends it; the adapter calls that when it
   * closes. Throws nothing.
   */
  carryOutRechecks(recheck: (orderId: string, by: ManualAction) => Promise<unknown>): () => void;
  /** What this process has counted since it opened the ledger, for metrics. Throws nothing. */
  processCounts(): ProcessCounts;
  /** Records an unreadable object by its id, once per object, API version and path. `exists`: it was recorded before. */
  recordUnreadable(object: UnreadableObject): Promise<{ readonly outcome: 'recorded' | 'exists' }>;
}
