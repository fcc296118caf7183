// The rows of an order in the read models, and the fold that makes them. The live tables use it, and so does an audit that
// replays the log and compares.
import type { StoredEvent } from '../event-store/event-store.ts';
import { isDecision } from '../order/events.ts';
import { isPending, type OrderState } from '../order/order.ts';
import { awaitedUntil, listedUntil, openReviews, undeliveredIn, unsettledIn } from '../order/view.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';

/** An order as its row stores it. `foldInto` writes both fields. */
export interface FoldedOrder {
  state: OrderState;
  /** `recordedAt` of the newest decision, ISO 8601 UTC; null: none yet. */
  since: string | null;
  /** When the payment was paid that the grant rests on, ISO 8601 UTC; null: never granted. */
  paidAt: string | null;
}

/** The columns of the table `orders`, in its order. */
export const orderColumns = [
  'order_id',
  'state',
  'member_id',
  'plan',
  'status',
  'since',
  'awaited_until',
  'pending',
  'account',
  'livemode',
  'placed_at',
  'listed_until',
  'unsettled',
  'abandoned',
  'paid_at',
  'granted_paid_at',
  'withdrawn_until',
] as const;
export type OrderColumns = [
  orderId: string,
  state: string,
  memberId: string | null,
  plan: string | null,
  status: string,
  since: string | null,
  awaitedUntil: string | null,
  pending: number,
  account: string | null,
  livemode: number | null,
  placedAt: string | null,
  listedUntil: string | null,
  unsettled: number,
  abandoned: number,
  paidAt: string | null,
  grantedPaidAt: string | null,
  withdrawnUntil: string | null,
];

/** Folds one event into the order. @throws LedgerError `corrupt`, `file_newer`. */
export function foldInto(order: FoldedOrder, event: StoredEvent): void {
  const read = orderAggregate.read(event);
  order.state = orderAggregate.evolve(order.state, read, event.metadata['instance'] ?? '');
  if (isDecision(read)) order.since = event.metadata['recordedAt'] ?? null;
  if (read.type === 'MembershipGranted') order.paidAt = read.data.paidAt;
}

function newestPaidAt({ payments }: OrderState): string | undefined {
  return Object.values(payments)
    .flatMap(({ paidAt }) => paidAt ?? [])
    .sort()
    .at(-1);
}

/** The columns of the order's row, and the rows of its open reviews: id, and the review as JSON. */
export function rowsOf({ state, since, paidAt }: FoldedOrder): {
  readonly columns: OrderColumns;
  readonly reviews: readonly (readonly [reviewId: string, review: string])[];
} {
  const { orderId, placed, membership } = state;
  return {
    columns: [
      orderId,
      JSON.stringify(state),
      placed?.memberId ?? null,
      placed?.plan ?? null,
      membership,
      since,
      awaitedUntil(state) ?? null,
      isPending(state) ? 1 : 0,
      placed?.account ?? null,
      placed === undefined ? null : Number(placed.livemode),
      placed?.placedAt ?? null,
      listedUntil(state) ?? null,
      unsettledIn(state) ? 1 : 0,
      undeliveredIn(state)?.abandoned ? 1 : 0,
      newestPaidAt(state) ?? null,
      paidAt,
      (state.withdrawn && listedUntil(state)) ?? null,
    ],
    reviews: openReviews(state).map((review) => [review.reviewId, JSON.stringify(review)] as const),
  };
}
