// Where an object came from, in which form, and as of when.

/** Where an object came from, and how far its content can be trusted. */
export interface Provenance extends ObjectContext {
  readonly source: StripeSource;
  /**
   * `snapshot`: the copy in an event, as it was then. `foreign_snapshot`: such a copy, in the shape of another API version.
   * Default: Stripe answered it just now.
   */
  readonly form?: 'snapshot' | 'foreign_snapshot';
  /** The order, if the source already knows it: then the object's own claim does not count. */
  readonly orderId?: string;
}

export type StripeSource = 'webhook' | 'poll' | 'status_query';

/** What is known of an object besides its content. */
export interface ObjectContext {
  /** The account that has the object. */
  readonly account: string;
  /** The mode of the event or the read, for objects that state none. */
  readonly livemode?: boolean;
  /** When Stripe stated this content: `event.created`, or the `Date` header of a read. ISO 8601. */
  readonly asOf: string;
  /** `asOf` is our own clock: the answer bore no `Date`. It says nothing of a subscription then. */
  readonly isUndated?: true;
  /** When the money came, if the event that led to the object says that it did. ISO 8601. */
  readonly paidAt?: string;
  /** When the session was completed, if the event that led to the object says that it was: paid, or not yet. ISO 8601. */
  readonly completedAt?: string;
  readonly eventId?: string;
  readonly apiVersion?: string;
}
