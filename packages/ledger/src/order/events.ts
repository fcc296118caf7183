// The events of an order, as they are today. What stands in the log may be older: `event-schemas.ts` reads it.
import type { ManualAction, Observation, PaymentReference, Source } from '../observation.ts';

/** Which parts may make the total differ from the expected amount. */
export interface AllowedParts {
  readonly discount: boolean;
  readonly tax: boolean;
  readonly shipping: boolean;
}

export interface OrderPlaced {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** Before discounts, tax and shipping. */
  readonly expected: { readonly amountMinor: number; readonly currency: string; readonly allow: AllowedParts };
  readonly livemode: boolean;
  readonly account: string;
  readonly placedAt: string;
}

/** A provider's session or payment intent belongs to this order; there may be several. */
export interface CheckoutAttached {
  readonly payment: PaymentReference;
  readonly attachedAt: string;
  /** After this the provider takes no payment on it. */
  readonly expiresAt?: string;
  /** Until then the provider lets the customer come back to it after it expired, by another session that nobody attached. */
  readonly recoverableUntil?: string;
}

/** An observation as it is kept: with our clock and the name of its fact. */
export type PaymentObserved = Observation & { readonly observedAt: string; readonly factKey: string };

/** Of all four decisions; the type of the event says which. */
export interface MembershipDecided {
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  /** 1, 2, 3… within the order. */
  readonly sequence: number;
  /** Provider's time of the payment that the membership rests on. */
  readonly paidAt: string;
  /** The payment that the membership rests on; where it ends or pauses, the one that it rested on. */
  readonly payment: PaymentReference;
  /** Who said what led here. */
  readonly source: Source;
}

export type ReviewKind = 'amount' | 'currency' | 'mode' | 'account' | 'overpaid' | 'conflicting_evidence' | 'claimed_by_two' | 'paid_again';
export type Resolution = 'grant' | 'revoke' | 'dismiss';

/** A person must look at it. */
export interface ReviewOpened {
  /** `r1`, `r2`… within the order. */
  readonly reviewId: string;
  readonly kind: ReviewKind;
  readonly payment: PaymentReference;
  readonly openedAt: string;
}
export interface ReviewResolved {
  readonly reviewId: string;
  readonly resolution: Resolution;
  /** The revision of the order that the person had seen. */
  readonly seenRevision: number;
  readonly by: ManualAction;
}

/**
 * A person corrected the owner. Stands in the stream of the order that loses the payment, and is the commit point;
 * the link to the new owner and the observations follow it.
 */
export interface PaymentMoved {
  readonly payment: PaymentReference;
  readonly toOrderId: string;
  /** Of the link in the reference stream that ends. */
  readonly linkRevision: number;
  readonly by: ManualAction;
}

/** The shop took over everything up to this sequence. */
export interface MembershipDelivered {
  readonly sequence: number;
}
export interface DeliveryFailed {
  readonly sequence: number;
  /** The next attempt comes after this; nobody else takes over before. */
  readonly waitMs: number;
  /** Attempts and waits of this sequence so far, this wait included. */
  readonly spentMs: number;
  readonly reason: 'error' | 'timeout';
}
/** The instance that appended this delivers from here on. */
export interface DeliveryTakenOver {
  readonly sequence: number;
  /** A person asked for it. */
  readonly by?: ManualAction;
}
export interface DeliveryAbandoned {
  readonly sequence: number;
}

/** By type. */
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
  MembershipDelivered: MembershipDelivered;
  DeliveryFailed: DeliveryFailed;
  DeliveryTakenOver: DeliveryTakenOver;
  DeliveryAbandoned: DeliveryAbandoned;
}
export type OrderEventType = keyof OrderEventData;
export type OrderEvent = { [T in OrderEventType]: { readonly type: T; readonly data: OrderEventData[T] } }[OrderEventType];
export type DecisionType = 'MembershipGranted' | 'MembershipSuspended' | 'MembershipRestored' | 'MembershipRevoked';

export function isDecision(event: OrderEvent): event is Extract<OrderEvent, { type: DecisionType }> {
  return (
    event.type === 'MembershipGranted' ||
    event.type === 'MembershipSuspended' ||
    event.type === 'MembershipRestored' ||
    event.type === 'MembershipRevoked'
  );
}
