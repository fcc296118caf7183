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

/**
 * The Stripe events that report on subscriptions: a list of their own, since with the others they are more than twenty. What is
 * missing here decides nothing: `invoice.created` above all, which Stripe waits for to be acknowledged before it goes on.
 */
export const billingEventTypes: readonly string[] = [
  'invoice.paid',
  'invoice.finalized',
  'invoice.payment_failed',
  'invoice.payment_action_required',
  'invoice.voided',
  'invoice.marked_uncollectible',
  'invoice_payment.paid',
  'credit_note.created',
  'credit_note.voided',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
];

/** Sent once the money came, and for nothing else. */
const paidTypes: readonly string[] = ['payment_intent.succeeded', 'checkout.session.async_payment_succeeded'];

/** What the type of an event, snapshot or thin, says of a payment: that it was paid, or that its session was completed. */
export function timesOf(type: string, created: string): { readonly paidAt?: string; readonly completedAt?: string } {
  const name = type.replace(/^v1\./, '');
  if (paidTypes.includes(name)) return { paidAt: created };
  return name === 'checkout.session.completed' ? { completedAt: created } : {};
}

/** Types of the same objects that decide nothing: what they tell of money, a type above tells too. */
const idleTypes: ReadonlySet<string> = new Set([
  'payment_intent.created',
  'payment_intent.requires_action',
  'payment_intent.partially_funded',
  'charge.pending',
  'charge.succeeded',
  'charge.updated',
  'charge.captured',
  'charge.failed',
  'charge.expired',
]);

/** True if the event is ignored before anything is asked. @param type also as thin events have it: `v1.charge.succeeded`. */
export function isIdle(type: string): boolean {
  return idleTypes.has(snapshotType(type));
}

/** Types of the objects of a subscription that are not needed: what they tell of access or money, a type above tells too. */
const idleBillingTypes: ReadonlySet<string> = new Set([
  'invoice.created',
  'invoice.updated',
  'invoice.upcoming',
  'invoice.deleted',
  'invoice.sent',
  'invoice.will_be_due',
  'invoice.overdue',
  'invoice.overpaid',
  'invoice.finalization_failed',
  'invoice.payment_attempt_required',
  'invoice.discount_added',
  'invoice.discount_removed',
  'invoice.line_item_added',
  'invoice.line_item_removed',
  'invoice.line_item_pricing_changed',
  'invoice.line_item_quantity_changed',
  'invoice_payment.open',
  'credit_note.updated',
  'customer.subscription.trial_will_end',
  'customer.subscription.pending_update_applied',
  'customer.subscription.pending_update_expired',
  'customer.subscription.default_payment_method_changed',
  'customer.subscription.item_tax_rates_changed',
]);

/**
 * True if an event about a subscription is ignored before anything is asked. An invoice that was only finalized says something
 * where it was sent with terms.
 *
 * @param type as for `isIdle`.
 * @param object the copy in the event. Undefined: it has none.
 */
export function isIdleBilling(type: string, object?: unknown): boolean {
  const name = snapshotType(type);
  if (name !== 'invoice.finalized' || typeof object !== 'object' || object === null) return idleBillingTypes.has(name);
  return 'collection_method' in object && object.collection_method === 'charge_automatically';
}

/**
 * True if the event says something to people, and decides nothing but where a debit was under way. It is not worth a call otherwise:
 * card testing makes thousands.
 */
export function isWorthNoCall(type: string): boolean {
  return snapshotType(type) === 'payment_intent.payment_failed';
}

function snapshotType(type: string): string {
  return type.startsWith('v1.') ? type.slice(3) : type;
}
