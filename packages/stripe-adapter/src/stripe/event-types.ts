// The Stripe events that report on money: the event tier lists them, and a webhook endpoint should subscribe to them.

/** Stripe accepts at most twenty. Declined attempts are left out: they decide nothing, and card testing creates thousands. */
export const eventTypes: readonly string[] = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'payment_intent.succeeded',
  'payment_intent.processing',
  'payment_intent.amount_capturable_updated',
  'payment_intent.canceled',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
];

/** Sent once the money came, and for nothing else. */
const paidTypes: readonly string[] = ['payment_intent.succeeded', 'checkout.session.async_payment_succeeded'];

/** What the type of an event, snapshot or thin, says of a payment: that it was paid, or that its session was completed. */
export function timesOf(type: string, created: string): { readonly paidAt?: string; readonly completedAt?: string } {
  const name = type.replace(/^v1\./, '');
  if (paidTypes.includes(name)) return { paidAt: created };
  return name === 'checkout.session.completed' ? { completedAt: created } : {};
}
