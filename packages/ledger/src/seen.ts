// What a person saw before he acted, and what he is answered.

/** What `movePayment` and `redeliver` did. */
export type MoveOutcome = 'moved' | 'exists' | 'already_granted' | 'left_before' | 'unknown_payment';
export type RedeliverOutcome = 'delivered' | 'failed' | 'nothing_to_deliver';

/** What a person looked at before he acted. `seenRevision`: `revision` of the view of the order. Default: nobody says. */
export interface Seen {
  readonly seenRevision?: number;
}
/**
 * As {@link Seen}, of two orders. `fromOrderId`: the order that has the payment, as the person saw it; `fromRevision`: its revision;
 * `toRevision`: that of the other one.
 */
export interface SeenBoth {
  readonly fromOrderId?: string;
  readonly fromRevision?: number;
  readonly toRevision?: number;
}
/** Nothing was done, since the payment belongs to that other order, which the person did not look at. */
export interface BelongsTo {
  readonly outcome: 'belongs_to';
  readonly orderId: string;
}
/**
 * Nothing was done, since the order has news that the person did not see: a decision, a review or a payment; not a mere
 * confirmation, a delivery or a checkout. `revision`: the order's as it is now. Show him the order, and ask again.
 */
export interface StaleAction {
  readonly outcome: 'stale';
  readonly orderId: string;
  readonly revision: number;
}

/** What came of reading an order from the provider again, because a person asked for it. */
export interface RecheckResult {
  /** How many objects were read. */
  readonly looked: number;
  /** How many of them told the ledger something new. */
  readonly recorded: number;
}
