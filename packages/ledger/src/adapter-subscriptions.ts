// The part of the ledger for payment adapters that is about subscriptions: what a poll must look for, what is known of one, and the slots.
import type { ManualAction, PaymentReference, Source } from './observation.ts';
import type { LookOutcome } from './process-counts.ts';
import type { RecheckResult } from './seen.ts';
import type { GiveSlotBackResult, TakeSlotResult } from './streams/slot-streams.ts';
import type {
  Lifecycle,
  PaidInvoice,
  SubscriptionFact,
  SubscriptionObservation,
  SubscriptionReference,
  UnpaidInvoice,
} from './subscription/observation.ts';
import type { SubscriptionPolicy } from './subscription/policy.ts';
import type { SubscriptionView } from './subscription/view.ts';
import type { ImportSubscriptionResult, ObserveSubscriptionResult, SubscriptionLedger } from './subscription-ledger.ts';

/** What the ledger has of subscriptions for one provider account and mode. */
export interface AccountSubscriptions {
  readonly account: string;
  readonly livemode: boolean;
  /** `placedAt` of the oldest one. ISO 8601 UTC. */
  readonly firstPlacedAt: string;
  /** How many have begun at the provider, those included that ended since. */
  readonly begun: number;
  /** How many have begun at the provider, and not ended there. */
  readonly living: number;
  /** `placedAt` of the newest one that has not begun: its checkout may be open. ISO 8601 UTC. Absent: there is none. */
  readonly newestWaitingAt?: string;
  /** How many are due. */
  readonly due: number;
  /** `dueAt` of the first of them. ISO 8601 UTC. Absent: none is due. */
  readonly oldestDueAt?: string;
  /** How many have an invoice that is open. */
  readonly withOpenInvoices: number;
}

/** A subscription to look at. Times are ISO 8601 UTC. */
export interface DueSubscription {
  readonly subscriptionId: string;
  /** The provider's subscription. */
  readonly reference: PaymentReference;
  /** The provider's customer. Absent: no state of it was ever reported. */
  readonly customer?: string;
  /**
   * When its access changes with nothing new said: provider's clock. Or, where it was paid at an unknown price, when a policy was
   * adopted by which a look decides otherwise: our clock. ISO 8601 UTC.
   */
  readonly dueAt: string;
  /** As it was decided. Absent: nothing was. */
  readonly validUntil?: string;
  /** The time of the last look that was recorded. Absent: none was. */
  readonly lookedAt?: string;
}

/** A subscription with refunds or disputes of which nobody knows yet how they end. */
export interface UnsettledSubscription {
  readonly subscriptionId: string;
  /** The provider's subscription. */
  readonly reference: PaymentReference;
  /** The ids of its refunds. */
  readonly refunds: readonly string[];
  readonly disputes: readonly string[];
}

/** A subscription with invoices that are open, as far as the ledger knows. */
export interface OpenInvoices {
  readonly subscriptionId: string;
  /** The provider's subscription. */
  readonly reference: PaymentReference;
  /** The ids of the invoices. Never empty. */
  readonly invoices: readonly string[];
  /** What is paid for ends then, so the newest of them is about as old. Before any is paid: when it was placed. ISO 8601 UTC. */
  readonly since: string;
}

/** What the ledger holds of a subscription: enough to know whether what a source says of it is news. */
export interface KnownSubscription {
  readonly subscriptionId: string;
  /**
   * The provider's subscription. Absent: nothing was reported of it, and the link names none. A link names one where it is asked for by
   * the whole reference of a payment or an invoice.
   */
  readonly reference?: SubscriptionReference;
  /** Absent: no state of it was reported. */
  readonly lifecycle?: Lifecycle;
  /** ISO 8601 UTC. Absent: nothing is paid for. */
  readonly paidThrough?: string;
  /** When access changes though nothing is told: somebody must look then. ISO 8601 UTC. Absent: it does not. */
  readonly dueAt?: string;
  /** True if a source has reported just this of an invoice, or of money that went back: then nothing new can follow from it. */
  readonly holds: (fact: Exclude<SubscriptionFact, Lifecycle>) => boolean;
  /** Sorted by id. `sources`: who has reported just this, the first one first. */
  readonly invoices: readonly { readonly fact: PaidInvoice | UnpaidInvoice; readonly sources: readonly Source[] }[];
}

/** What a call would answer about a subscription, and the subscription before and after it. Nothing was written. */
export interface SubscriptionDryRun<Result> {
  readonly result: Result;
  /** Absent: it is not placed now. */
  readonly before?: SubscriptionView;
  /** Absent: it would not be placed after the call either. */
  readonly after?: SubscriptionView;
}

/** The subscription, and what was read of it at the provider. */
type ImportAsked = readonly [
  subscription: Parameters<SubscriptionLedger['importSubscription']>[0],
  read: Parameters<SubscriptionLedger['importSubscription']>[1],
];

/** @throws LedgerError as `AdapterLedger`. `invalid_input`: the ledger keeps no subscriptions. */
export interface AdapterSubscriptions {
  /** With its defaults filled in. Undefined: the ledger keeps no subscriptions. */
  readonly policy: SubscriptionPolicy | undefined;
  /** True if this process has a `subscriptions.deliver`. */
  readonly delivers: boolean;
  /**
   * Takes the slot of the subscription's member and kind, unless a living one holds it: the first step of starting one. Next, expire
   * the sessions of all `earlier` holders at the provider (`giveSlotBack` where one is complete, and stop unless it answers `ended`);
   * make the session and attach it; ask `slotHolder` before the customer is sent there. Any other order lets two be paid. Taken again,
   * it writes nothing.
   *
   * @throws LedgerError `subscription_unknown`: it is not placed.
   */
  takeSlot(subscriptionId: string): Promise<TakeSlotResult>;
  /**
   * Gives the slot back to an earlier holder, whose session was complete. `ended`: it has ended since, so nothing was given back, and
   * the member may start another one. @throws LedgerError `subscription_unknown`.
   */
  giveSlotBack(subscriptionId: string, to: string): Promise<GiveSlotBackResult>;
  /** Strong: who holds its slot; another one took over, so the own session must be expired. @throws LedgerError `subscription_unknown`. */
  slotHolder(subscriptionId: string): Promise<string | undefined>;
  /** Strong: the living subscription by which `takeSlot` would be `held`, of a member and kind. Undefined: none. */
  livingHolder(memberId: string, kind: string): Promise<string | undefined>;
  /**
   * The subscription that owns the object, placed or not; from memory once it is known, since such a link is for good. Undefined:
   * none does.
   */
  ownerOf(reference: string | PaymentReference): Promise<string | undefined>;
  /** Strong: the subscription that owns the object, placed or not. Undefined: none does. */
  known(reference: string | PaymentReference): Promise<KnownSubscription | undefined>;
  /** A dry run of `observeSubscription`, by the same code. @throws LedgerError as that. */
  wouldObserve(observation: SubscriptionObservation): Promise<SubscriptionDryRun<ObserveSubscriptionResult>>;
  /** A dry run of `importSubscription`, by the same code. @throws LedgerError as that. */
  wouldImport(...asked: ImportAsked): Promise<SubscriptionDryRun<ImportSubscriptionResult>>;
  /** Opens a review that only the adapter can see to be due; once for ever. `exists`: it was opened before, or it is not placed. */
  openReview(subscriptionId: string, kind: 'metered_only' | 'subscription_missing'): Promise<{ readonly outcome: 'opened' | 'exists' }>;
  /** Counts a look that the adapter made, for `processCounts`. Never throws. */
  countLook(outcome: LookOutcome): void;
  /** As `recordRecheck` of an order. @throws LedgerError `subscription_unknown`: it is not placed. */
  recordRecheck(subscriptionId: string, by: ManualAction, result: RecheckResult): Promise<{ readonly outcome: 'recorded' | 'exists' }>;
  /** As `orderChanged`. */
  changed(subscriptionId: string, signal: AbortSignal): Promise<void>;
}
