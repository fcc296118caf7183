// how an object came to us

/** How an object came to us. */
export interface Provenance extends ObjectContext {
  readonly source: StripeSource;
  /**
   * `snapshot`: a copy in an event, as it was then. `foreign_snapshot`: a copy that has the shape of another API
   * version. Default: Stripe answered it just now.
   */
  readonly form?: 'snapshot' | 'foreign_snapshot';
  /** Whose it is, where whoever asks knows: then the object is not asked. */
  readonly orderId?: string;
}

export type StripeSource = 'webhook' | 'poll' | 'status_query';

/** How we came to see the object. */
export interface ObjectContext {
  readonly account: string;
  /** Of the event, where the object does not tell. */
  readonly livemode?: boolean;
  /** `event.created`, or the `Date` header of a read. ISO 8601. */
  readonly asOf: string;
  /** When what is told happened, where an event led to it. */
  readonly happenedAt?: string;
  readonly eventId?: string;
  readonly apiVersion?: string;
}
