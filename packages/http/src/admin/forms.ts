// The forms of an order's page: what an operator may do with the order. `orderForms` is what the pages send and the routes read.
import type { Permission } from '../console-call.ts';

/** A form about an order. Its fields are text. */
export interface OrderForm {
  readonly may: Exclude<Permission, 'read'>;
  /** Below `orders/:orderId/`. */
  readonly path: string;
  /** Fields without which nothing is done: 400 for `seenRevision`, 422 for what is typed or chosen. */
  readonly fields: readonly string[];
}

export type OrderFormName = 'recheck' | 'redeliver' | 'observe' | 'move' | 'link' | 'resolve' | 'withdraw';
/**
 * Every form of an order's page, a POST to `orders/:orderId/{path}`.
 *
 * - `seenRevision`: the revision of the order that the page showed. *Send anyway* of a stale form carries the new one.
 * - `reason`: 1 to 500 characters. `keepReason=1` beside it: send it although it looks like an address.
 * - `observe`: `paymentId` is `pi_…`, or the `manual:{uuid}` that the page made, so that a second press is the same payment.
 *   `amount` is decimal text in `currency` (lower case). `paidAt` is `2026-11-29T10:00` in the zone `timeZone`.
 * - `move`, `link`: `payment` is an id at Stripe or `manual:…`; of a session the page names the payment that it took. `move` also
 *   has `to`, the other order, and `toRevision`, the revision of it that the preview showed.
 *
 * `move` and `link` have a page before them: GET `orders/:orderId/move?payment=…&to=…` and `orders/:orderId/link?payment=…`.
 * They answer 303 to `orders/:orderId?did={position}` of the event that they made, and 422 with the same form where a field is wrong.
 */
export const orderForms: Readonly<Record<OrderFormName, OrderForm>> = {
  recheck: { may: 'repair', path: 'recheck', fields: [] },
  redeliver: { may: 'repair', path: 'redeliver', fields: ['seenRevision', 'reason'] },
  observe: { may: 'money', path: 'observe', fields: ['seenRevision', 'paymentId', 'amount', 'currency', 'paidAt', 'timeZone', 'reason'] },
  move: { may: 'money', path: 'move', fields: ['seenRevision', 'payment', 'to', 'toRevision', 'reason'] },
  link: { may: 'money', path: 'link', fields: ['seenRevision', 'payment', 'reason'] },
  resolve: { may: 'money', path: 'reviews/:reviewId', fields: ['seenRevision', 'resolution', 'reason'] },
  withdraw: { may: 'money', path: 'withdraw', fields: ['seenRevision', 'reason'] },
};

export type SubscriptionFormName = Extract<OrderFormName, 'recheck' | 'redeliver' | 'resolve'>;
/** Every form of a subscription's page, a POST to `subscriptions/:subscriptionId/{path}`; the fields as of an order's. */
export const subscriptionForms: Readonly<Record<SubscriptionFormName, OrderForm>> = {
  recheck: orderForms.recheck,
  redeliver: orderForms.redeliver,
  resolve: orderForms.resolve,
};
