// What a payment adapter asks of a ledger, beside what a shop does: what to look for, who looks, and what nobody could read.
import type { Alert } from './alerts.ts';
import type { UnsettledOrder } from './order/view.ts';
import type { Page, PageRequest } from './page.ts';

/** What a provider account has in this ledger: enough to know what a poll must look for, and from when on. */
export interface AccountOrders {
  readonly account: string;
  readonly livemode: boolean;
  readonly firstPlacedAt: string;
  /** A payment of some order was paid, however it ended. */
  readonly everPaid: boolean;
  /** Of the orders on which nobody has paid yet, and somebody still could at the time asked for; absent: there is none. */
  readonly awaited?: { readonly oldestPlacedAt: string; readonly newestPlacedAt: string };
  /** Some order has a payment under way, a refund that is pending, or a dispute that is open. */
  readonly hasUnsettled: boolean;
}

export interface AccountUnsettledOrder extends UnsettledOrder {
  readonly account: string;
  readonly livemode: boolean;
}

/** One pass of the poll over a tier. */
export interface SweepProgress {
  /** Newest round started; 0: none yet. */
  readonly round: number;
  /** Whether that round has finished. */
  readonly finished: boolean;
  /** Where the last finished round ended: the next one reads on from here. */
  readonly upTo?: string;
  /** Where the newest round that did not finish was last: the next one need not read again what lies before. */
  readonly resume?: SweepPosition;
  /** Reads that the tier's rounds have told of, by UTC day of their end; 31 days at most. */
  readonly spent: readonly { readonly day: string; readonly reads: number }[];
}
/** A place in a list that is read from its newest object on. */
export interface SweepPosition {
  readonly from: string;
  readonly to: string;
  /** The last id that was read. */
  readonly after: string;
}
export interface SweepSummary {
  readonly lookedAt: number;
  readonly calls: number;
  readonly found: number;
  readonly rescued: number;
  /** Reads of the same process outside its rounds, since it last told of them. */
  readonly otherReads?: number;
  /** Of the reads allowed in 30 days, after this round. */
  readonly budgetLeft?: number;
}

/** An object of the provider that could not be read. Its body is never stored: it may hold personal data. */
export interface UnreadableObject {
  readonly objectId: string;
  readonly eventId?: string;
  readonly type: string;
  readonly apiVersion?: string;
  readonly account?: string;
  readonly livemode?: boolean;
  /** Of the body, hex. */
  readonly sha256: string;
  /** The path in the object that failed. */
  readonly path: string;
}

/** The part of a `PaymentLedger` that is for payment adapters. All methods but `alert` throw LedgerError. */
export interface AdapterLedger {
  /** Tells a person, by the shop's `onAlert`. Never throws, and waits for nobody. */
  alert(alert: Alert): void;
  /** From a read model. `awaitedAt` (ISO 8601): when a poll looked last. Default: now. */
  accountOrders(awaitedAt?: string): Promise<readonly AccountOrders[]>;
  /** From a read model; what is to be looked at again by its id. */
  unsettledOrders(page?: PageRequest): Promise<Page<AccountUnsettledOrder>>;
  /** Where the sweeps of a tier stand. Strong. */
  sweepProgress(tier: string): Promise<SweepProgress>;
  /** At most one process starts the round after `seenRound`. */
  startSweep(tier: string, seenRound: number): Promise<{ readonly outcome: 'started' | 'taken'; readonly round: number }>;
  /** A long round says where it is, so that the next one goes on from there if it dies. */
  advanceSweep(tier: string, round: number, position: SweepPosition): Promise<void>;
  /** Only this moves `upTo`. */
  finishSweep(tier: string, round: number, result: { readonly upTo: string; readonly summary: SweepSummary }): Promise<void>;
  /** Keeps by id what cannot be read, once per object, version and path. */
  recordUnreadable(object: UnreadableObject): Promise<{ readonly outcome: 'recorded' | 'exists' }>;
}
