// The events of an order's stream, in their current shapes. The log may hold older versions: `event-schemas.ts` reads them.
import type { ManualAction, Observation, PaymentReference, Source } from '../observation.ts';

/** The parts that may make a paid total differ from the expected amount. */
export interface AllowedParts {
  readonly discount: boolean;
  readonly tax: boolean;
  readonly shipping: boolean;
  /** The total may be more than that, by adjustable quantity, optional items or a price that the buyer chooses. Absent: it may not. */
  readonly more?: true;
}

/** The shop's order: who buys which plan, and which payment it expects. At most one in a stream. */
export interface OrderPlaced {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** Before discounts, tax and shipping. `amountMinor`: Stripe's minor unit. `currency`: ISO 4217, lower case. */
  readonly expected: { readonly amountMinor: number; readonly currency: string; readonly allow: AllowedParts };
  /** True: live mode. False: test mode. */
  readonly livemode: boolean;
  /** The provider's account that must receive the payment. */
  readonly account: string;
  /** ISO 8601 UTC. Our clock; for an imported order, the time that the caller gave. */
  readonly placedAt: string;
}

/** A provider's session or payment intent belongs to this order; there may be several. */
export interface CheckoutAttached {
  readonly payment: PaymentReference;
  /** Our clock, ISO 8601 UTC. */
  readonly attachedAt: string;
  /** After this time the provider accepts no payment on it. ISO 8601 UTC. Absent: it does not expire. */
  readonly expiresAt?: string;
  /** Until this time the customer may recover an expired session through a new one that nobody attaches. ISO 8601 UTC. Absent: never. */
  readonly recoverableUntil?: string;
  /** The person who linked the payment to this order, by `linkPayment`. Absent: the shop attached its checkout. */
  readonly by?: ManualAction;
}

/** An observation as it is recorded. `observedAt`: our clock, ISO 8601 UTC. `factKey`: the name of its fact. */
export type PaymentObserved = Observation & { readonly observedAt: string; readonly factKey: string };

/** The data of all four decisions; the type of the event says which one it is. */
export interface MembershipDecided {
  /** The order's id. */
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  /** 1, 2, 3… within the order. It jumps only after a `ShopAhead`. */
  readonly sequence: number;
  /** When `payment` was paid. Provider's clock, ISO 8601 UTC. */
  readonly paidAt: string;
  /** The payment that gives access, or that gave it until this decision. */
  readonly payment: PaymentReference;
  /** The source whose observation led to this decision. `manual`: also a resolution or a move by a person. */
  readonly source: Source;
}

/**
 * Why a person must decide about a payment. `amount`: less than expected. `overpaid`: more than expected, in one payment or
 * in two. `currency`, `mode`, `account`: not the expected one. `conflicting_evidence`: two reports of it contradict each
 * other. `claimed_by_two`: two orders claim it. `paid_again`: it came after the membership was revoked. `refunds_exceed`: more
 * was refunded than was received. `withdrawn`: it counts, but its order was withdrawn.
 */
export type ReviewKind =
  | 'amount'
  | 'currency'
  | 'mode'
  | 'account'
  | 'overpaid'
  | 'conflicting_evidence'
  | 'claimed_by_two'
  | 'paid_again'
  | 'refunds_exceed'
  | 'withdrawn';
/** `grant`: the payment counts in spite of its mismatch. `revoke`: it no longer counts. `dismiss`: nothing changes. */
export type Resolution = 'grant' | 'revoke' | 'dismiss';

/** A person must decide about the payment. */
export interface ReviewOpened {
  /** `r1`, `r2`… within the order. */
  readonly reviewId: string;
  readonly kind: ReviewKind;
  readonly payment: PaymentReference;
  /** ISO 8601 UTC. */
  readonly openedAt: string;
}
export interface ReviewResolved {
  readonly reviewId: string;
  readonly resolution: Resolution;
  /** The revision of the order that the person decided on. */
  readonly seenRevision: number;
  readonly by: ManualAction;
}

/** A person withdrew an order that had no membership yet: a payment that counts from now on gives no access by itself. */
export interface OrderWithdrawn {
  readonly by: ManualAction;
}

/**
 * A person corrected the owner of a payment. The event is in the stream of the order that loses it, and its append is the
 * commit point. The link to the new owner and the observations follow it.
 */
export interface PaymentMoved {
  readonly payment: PaymentReference;
  readonly toOrderId: string;
  /** Revision, in the reference stream, of the link that this move ends. */
  readonly linkRevision: number;
  readonly by: ManualAction;
}

/** The shop has stored the decision of this sequence; all earlier ones are settled with it. */
export interface MembershipDelivered {
  readonly sequence: number;
  /** The shop was asked, by `shadow`, and had it already: nothing was sent. Absent: `deliver` stored it, or the order was imported. */
  readonly found?: true;
}
/** Why an attempt to deliver failed, as far as the log may keep it: never the message, which may hold names or keys. */
export interface DeliveryError {
  /** At most 64 characters of `A-Z a-z 0-9 . _ -`. */
  readonly name: string;
  /** As `name`. */
  readonly code?: string;
}

/** An attempt to deliver the decision failed. */
export interface DeliveryFailed {
  readonly sequence: number;
  /** Milliseconds until the owner's next attempt. No other instance takes over before they have passed. */
  readonly waitMs: number;
  /** Milliseconds that attempts and waits of this sequence have taken so far, this wait included. */
  readonly spentMs: number;
  /** `error`: `deliver` rejected. `timeout`: it did not answer within `deliverTimeoutMs`. */
  readonly reason: 'error' | 'timeout';
  /** What `deliver` rejected with. Absent: it timed out, or what it rejected with has no name. */
  readonly error?: DeliveryError;
}
/** The instance that appended this event owns the delivery from now on. */
export interface DeliveryTakenOver {
  readonly sequence: number;
  /**
   * The person who asked for it, by `redeliver` or by `paidonce compare --repair`, also where it was delivered before. Absent:
   * nobody did; the last owner was silent, or there was none.
   */
  readonly by?: ManualAction;
}
/** No instance tries this sequence again, until a person calls `redeliver`. */
export interface DeliveryAbandoned {
  readonly sequence: number;
}

/**
 * The shop has a decision of this sequence that this log does not have: the log is older than the shop, as after a restore
 * from a backup. The decision that follows in the same append states the membership as it is now, under the next sequence.
 * Nothing else lets a sequence jump.
 */
export interface ShopAhead {
  /** What the shop has stored: not less than the sequence of our newest decision. */
  readonly sequence: number;
}

/**
 * A person had the order read from the provider again. What was found stands in the stream by itself; this shows that somebody
 * asked, also where nothing was found. Once for an order and a person in ten seconds.
 */
export interface StripeRechecked {
  readonly by: ManualAction;
  /** Our clock, ISO 8601 UTC. */
  readonly recheckedAt: string;
  /** How many objects were read. */
  readonly looked: number;
  /** How many of them told the ledger something new. */
  readonly recorded: number;
}

/** The data of each event type. */
export interface OrderEventData {
  OrderPlaced: OrderPlaced;
  CheckoutAttached: CheckoutAttached;
  PaymentObserved: PaymentObserved;
  MembershipGranted: MembershipDecided;
  MembershipSuspended: MembershipDecided;
  MembershipRestored: MembershipDecided;
  MembershipRevoked: MembershipDecided;
  ReviewOpened: ReviewOpened;
  ReviewResolved: ReviewResolved;
  PaymentMoved: PaymentMoved;
  OrderWithdrawn: OrderWithdrawn;
  MembershipDelivered: MembershipDelivered;
  DeliveryFailed: DeliveryFailed;
  DeliveryTakenOver: DeliveryTakenOver;
  DeliveryAbandoned: DeliveryAbandoned;
  ShopAhead: ShopAhead;
  StripeRechecked: StripeRechecked;
}
/** The type of an event of an order's stream, as it is stored. */
export type OrderEventType = keyof OrderEventData;
/** An event of an order's stream in its current shape; `type` tells which. */
export type OrderEvent = { [T in OrderEventType]: { readonly type: T; readonly data: OrderEventData[T] } }[OrderEventType];
export type DecisionType = 'MembershipGranted' | 'MembershipSuspended' | 'MembershipRestored' | 'MembershipRevoked';

/** The word for a decision in answers and deliveries. */
export type DecisionOutcome = 'granted' | 'suspended' | 'restored' | 'revoked';
export const outcomeOf: Readonly<Record<DecisionType, DecisionOutcome>> = {
  MembershipGranted: 'granted',
  MembershipSuspended: 'suspended',
  MembershipRestored: 'restored',
  MembershipRevoked: 'revoked',
};

export function isDecision(event: OrderEvent): event is Extract<OrderEvent, { type: DecisionType }> {
  return (
    event.type === 'MembershipGranted' ||
    event.type === 'MembershipSuspended' ||
    event.type === 'MembershipRestored' ||
    event.type === 'MembershipRevoked'
  );
}
