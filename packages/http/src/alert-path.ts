// Where the console shows what an alert is about, for a link in the message that reaches a person.
import type { Alert, AlertKind } from '@paidonce/ledger';

/** The page of an alert that names neither an order nor a subscription. Under the console's own path. */
const pages = {
  delivery_failing: 'queues/undelivered',
  delivery_abandoned: 'queues/undelivered',
  log_behind_shop: 'health',
  review_opened: 'queues/reviews',
  webhook_missed: 'health',
  poll_failing: 'health',
  reads_throttled: 'health',
  signatures_refused: 'health',
  object_not_understood: 'queues/unreadable',
  other_ledger: 'health',
  roll_forward_failed: 'queues/held',
  read_models_stuck: 'health',
  same_plan_twice: 'orders',
  renewal_missed: 'health',
  expiry_blind: 'health',
  clock_doubtful: 'health',
  double_subscription: 'queues/reviews',
  paid_after_end: 'queues/reviews',
  log_went_back: 'health',
  stream_deleted: 'health',
  checkpoint_failed: 'health',
  checkpoint_contradicted: 'health',
} as const satisfies Record<AlertKind, string>;

export const alertKinds = Object.keys(pages) as readonly AlertKind[];

/**
 * The console's page for an alert, relative to where the console is mounted: `orders/o-1`, `subscriptions/club-7`,
 * `queues/undelivered`, `health`. Put your own address before it: `` `https://shop.example/admin/payments/${alertPath(alert)}` ``.
 */
export function alertPath({ kind, orderId, subscriptionId }: Pick<Alert, 'kind' | 'orderId' | 'subscriptionId'>): string {
  if (orderId !== undefined) return `orders/${encodeURIComponent(orderId)}`;
  if (subscriptionId !== undefined) return `subscriptions/${encodeURIComponent(subscriptionId)}`;
  // A kind of a newer ledger is shown somewhere all the same.
  return pages[kind] ?? 'health';
}
