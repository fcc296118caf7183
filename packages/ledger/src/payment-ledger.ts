// The public face: what a shop calls, and what a payment adapter calls on its behalf.

import type { AdapterLedger } from './adapter-ledger.ts';
import type { Alert } from './alerts.ts';
import type { CheckpointSettings } from './audit/checkpoint/checkpointer.ts';
import type { LedgerError } from './errors.ts';
import type { EventStore, StoredEvent } from './event-store/event-store.ts';
import type { Logger } from './logger.ts';
import type { ManualAction, Observation, PaymentReference, Statement } from './observation.ts';
import type { Resolution } from './order/events.ts';
import type { MembershipStatus } from './order/order.ts';
import type { Policy } from './order/policy.ts';
import type { OrderView, Review, UndeliveredDecision } from './order/view.ts';
import type { Page, PageRequest } from './page.ts';
import type { Runtime } from './runtime.ts';

export interface PlaceOrder {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** Before discounts, tax and shipping, in Stripe's minor unit. */
  readonly amountMinor: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** The provider's account that must receive the payment. */
  readonly account: string;
  readonly livemode: boolean;
  /** Parts that may make the total differ. Default: all three. */
  readonly allow?: { readonly discount?: boolean; readonly tax?: boolean; readonly shipping?: boolean };
}

export type ObserveResult =
  | {
      readonly outcome: 'granted' | 'suspended' | 'restored' | 'revoked' | 'review' | 'recorded';
      readonly orderId: string;
      readonly membership: MembershipStatus;
    }
  /** May come from a cache, so it says nothing of the membership now. */
  | { readonly outcome: 'duplicate'; readonly orderId: string }
  /** No order is known yet: kept, and forwarded when the link appears. */
  | { readonly outcome: 'held'; readonly payment: PaymentReference };

/** What the shop is told. It stores `status` where its stored sequence is lower (law 9). */
export interface MembershipChange {
  /** The order: last year's refund must not close this year's membership. */
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  readonly change: 'granted' | 'suspended' | 'restored' | 'revoked';
  /** The state to be in after this change: store it where your stored sequence is lower. */
  readonly status: Exclude<MembershipStatus, 'none'>;
  /** 1, 2, 3… within the membership. */
  readonly sequence: number;
  /** Provider's time of the payment that counts: a period starts here, also when it was rescued or backfilled later. ISO 8601 UTC. */
  readonly paidAt: string;
  /** `${membershipId}:${sequence}`, stable for ever. */
  readonly idempotencyKey: string;
}

export interface PaymentLedgerOptions {
  /** Closed when the ledger is disposed. */
  readonly eventStore: EventStore;
  /** Missing fields take their defaults. */
  readonly policy?: Partial<Policy>;
  /**
   * Tells the shop, at least once, with a stable key; it must stop when the signal aborts. Exactly once where it writes
   * the status under the sequence in one transaction. Absent: this process decides, and leaves delivery to others.
   */
  readonly deliver?: (change: MembershipChange, signal: AbortSignal) => Promise<void>;
  /** Default 10,000. */
  readonly deliverTimeoutMs?: number;
  /** File of the read models and cursors; droppable. Default: beside the SQLite log, else in memory. */
  readonly readModels?: string;
  /**
   * Roll forward, deliver and catch up by itself. Default true; false on short-lived hosts, which call `settle`. What an
   * earlier process left undelivered such a host takes over by the times in the log, so set its wall clock.
   */
  readonly background?: boolean;
  /** Signs checkpoints of the log: at every 1,000 events, and otherwise within 60 s; without a background at `settle`. */
  readonly checkpoints?: CheckpointSettings;
  /** Default: silent. */
  readonly log?: Logger;
  /**
   * Tells a person: of this ledger, and of the payment adapters on it. It may throw, reject or hang without harm, and an
   * alert may be lost; {@link AlertKind} names the list in which each can be found afterwards.
   */
  readonly onAlert?: (alert: Alert) => unknown;
  readonly runtime?: Partial<Runtime>;
}

/** What waits, counted: for gauges, and for a look at the whole. */
export interface Backlog {
  /** Placed, not active, and a payment may still come. */
  readonly openOrders: number;
  /** Payments that wait for a person. */
  readonly openReviews: number;
  /** Orders whose newest decision the shop does not have. */
  readonly undelivered: number;
  /** Of these, those that nobody tries any more. */
  readonly abandoned: number;
  /** How far the counts may be behind the log. */
  readonly lagMs: number;
}

export interface Membership {
  readonly membershipId: string;
  readonly plan: string;
  readonly status: MembershipStatus;
  /** When that status was decided. */
  readonly since: string;
}

/** All methods throw {@link LedgerError}: `invalid_input`, `closed`, and those of the event store. */
export interface PaymentLedger extends AsyncDisposable {
  /** For payment adapters alone; a shop does not need it. */
  readonly forAdapters: AdapterLedger;
  /** Whether this process has a `deliver`. */
  readonly delivers: boolean;
  readonly runtime: Runtime;
  placeOrder(order: PlaceOrder): Promise<{ readonly outcome: 'placed' | 'exists' | 'differs' }>;
  /** @throws LedgerError `order_unknown` where the order is not placed. */
  attachCheckout(
    orderId: string,
    payment: PaymentReference,
    /**
     * ISO 8601. After `expiresAt` the provider takes no payment on it; until `recoverableUntil` the customer may come back
     * to it by another session that nobody attaches.
     */
    options?: { readonly expiresAt?: string; readonly recoverableUntil?: string },
  ): Promise<{ readonly outcome: 'attached' | 'exists' } | { readonly outcome: 'belongs_to'; readonly orderId: string }>;
  /**
   * An order that the shop fulfilled before it had a ledger: placed, paid and granted in one append, and never
   * delivered, since the shop has it. What becomes of the payment from then on (a refund, a dispute) is decided and
   * delivered as of any order. `exists`: it had a membership here before. `not_entitled`: it is placed, but the payment
   * does not count, or is undone: look at its reviews. `differs`: it was placed on other terms, and is left as it was.
   */
  importOrder(
    order: PlaceOrder & { readonly placedAt: string },
    payment: Statement,
    by: ManualAction,
  ): Promise<
    { readonly outcome: 'imported' | 'exists' | 'not_entitled' | 'differs' } | { readonly outcome: 'belongs_to'; readonly orderId: string }
  >;
  /** Durable when it answers (law 8). */
  observePayment(observation: Observation): Promise<ObserveResult>;
  /**
   * A person corrects whose a payment is. `already_granted`: access was given on it, so it stays (refund it, or use a
   * review). `left_before`: it was moved away from that order once, and never goes back.
   *
   * @throws LedgerError `order_unknown` where the target is not placed.
   */
  movePayment(
    payment: PaymentReference,
    toOrderId: string,
    by: ManualAction,
  ): Promise<{ readonly outcome: 'moved' | 'exists' | 'already_granted' | 'left_before' }>;
  /**
   * grant: the payment counts in spite of its mismatch (later refunds still undo it); revoke: it counts no longer;
   * dismiss: no change. `stale`: the order has changed since `seenRevision`, or was resolved otherwise; look again.
   */
  resolveReview(
    orderId: string,
    reviewId: string,
    how: { readonly resolution: Resolution; readonly seenRevision: number },
    by: ManualAction,
  ): Promise<{ readonly outcome: 'resolved' | 'stale' }>;
  /** Delivers the newest decision now, also after it was abandoned. Needs a `deliver`. */
  redeliver(orderId: string, by: ManualAction): Promise<{ readonly outcome: 'delivered' | 'failed' | 'nothing_to_deliver' }>;
  /** Strong: from the order's own stream. Undefined until placed. */
  order(orderId: string): Promise<OrderView | undefined>;
  /** Strong: through the reference stream. */
  orderOf(reference: string): Promise<OrderView | undefined>;
  history(orderId: string): Promise<readonly StoredEvent[]>;
  /** From a read model. */
  memberships(memberId: string): Promise<Page<Membership>>;
  /** From a read model: placed, not active, and a payment may still come. */
  openOrders(page?: PageRequest): Promise<Page<OrderView>>;
  /** From a read model. */
  reviews(page?: PageRequest): Promise<Page<Review>>;
  /** From a read model: what the shop does not have yet, and whether anybody still tries. */
  undelivered(page?: PageRequest): Promise<Page<UndeliveredDecision>>;
  /** From the read models: how much of each of these lists there is. */
  backlog(): Promise<Backlog>;
  /** Catch up, roll forward and deliver until idle: CLI, serverless, tests. Default timeout 10 s. */
  settle(options?: { readonly timeoutMs?: number }): Promise<void>;
}
