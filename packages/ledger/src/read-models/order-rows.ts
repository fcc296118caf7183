// The rows of an order in the read models, and the fold that makes them. The live tables use it, and so does an audit that
// replays the log and compares.
import type { StoredEvent } from '../event-store/event-store.ts';
import { isPending } from '../order/delivery-state.ts';
import { isDecision } from '../order/events.ts';
import { initialState, type OrderState } from '../order/order.ts';
import { awaitedUntil, listedUntil, openReviews, undeliveredIn, unsettledIn } from '../order/view.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { ActionsTaken, foldAction, type OpenAction } from './action-fold.ts';
import { countEvent, HourCounts } from './hour-counts.ts';
import { namesSaid, type OrderNames } from './name-rows.ts';
import { noProgress, type OrderProgress, progressAfter } from './order-progress.ts';
import { type QueuedRow, queuedIn } from './queue-rows.ts';

/** An order as its row stores it. `foldInto` writes all fields. */
export interface FoldedOrder {
  state: OrderState;
  /** `recordedAt` of the newest decision, ISO 8601 UTC; null: none yet. */
  since: string | null;
  /** When the payment was paid that the grant rests on, ISO 8601 UTC; null: never granted. */
  paidAt: string | null;
  progress: OrderProgress;
}

/** What the events of orders say beside the rows of these orders. One for each part of the log that is folded. */
export class OrderNotes {
  readonly counts: HourCounts = new HourCounts();
  readonly actions: ActionsTaken = new ActionsTaken();
  /** Key: order id. */
  readonly names: Map<string, OrderNames> = new Map();
}

/** True if the stream is an order's. */
export function isOfOrder(stream: string): boolean {
  return stream.startsWith(orderAggregate.stream(''));
}

export function emptyOrder(orderId: string): FoldedOrder {
  return { state: initialState(orderId), since: null, paidAt: null, progress: noProgress };
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
  'newest_at',
  'granted_at',
  'grant_unsaved',
  'rescued',
  'saved_at',
  'pending_since',
  'last_error',
  'next_try_at',
  'gives_up_at',
  'action',
  'claims',
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
  newestAt: string | null,
  grantedAt: string | null,
  grantUnsaved: number,
  rescued: number,
  savedAt: string | null,
  pendingSince: string | null,
  lastError: string | null,
  nextTryAt: string | null,
  givesUpAt: string | null,
  action: string | null,
  claims: string | null,
];

/** Folds one event into the order, and notes what else it says. @throws LedgerError `corrupt`, `file_newer`. */
export function foldInto(order: FoldedOrder, event: StoredEvent, notes: OrderNotes): void {
  const { state: before, progress: was } = order;
  const read = orderAggregate.read(event);
  const after = orderAggregate.evolve(before, read, event.metadata['instance'] ?? '');
  order.state = after;
  if (isDecision(read)) order.since = event.metadata['recordedAt'] ?? null;
  if (read.type === 'MembershipGranted') order.paidAt = read.data.paidAt;
  const folded = { read, event, before, after };
  const is = progressAfter(was, folded);
  order.progress = { ...is, action: foldAction(was.action, event, { orderId: after.orderId }, notes.actions) };
  countEvent(notes.counts, { ...folded, was, is, paidAt: order.paidAt });
  namesSaid(notes.names, folded);
}

/** An order as its row has it. */
export function foldedIn(row: Readonly<Record<string, unknown>>): FoldedOrder {
  return {
    state: JSON.parse(String(row['state'])) as OrderState,
    since: row['since'] as string | null,
    paidAt: row['granted_paid_at'] as string | null,
    progress: progressIn(row),
  };
}

/** Where an order waits whose row has these columns. */
export function queuedByRow(row: Readonly<Record<string, unknown>>): readonly QueuedRow[] {
  return queuedIn({
    status: String(row['status']),
    since: row['since'] as string | null,
    placedAt: row['placed_at'] as string | null,
    awaitedUntil: row['awaited_until'] as string | null,
    isUndelivered: row['pending'] === 1 || row['abandoned'] === 1,
  });
}

/** The progress of an order whose row has these columns. */
function progressIn(row: Readonly<Record<string, unknown>>): OrderProgress {
  const time = (column: (typeof orderColumns)[number]): string | null => row[column] as string | null;
  const json = <T>(column: (typeof orderColumns)[number]): T | null =>
    row[column] === null ? null : (JSON.parse(String(row[column])) as T);
  return {
    newestAt: time('newest_at'),
    grantedAt: time('granted_at'),
    grantUnsaved: row['grant_unsaved'] === 1,
    rescued: row['rescued'] === 1,
    savedAt: time('saved_at'),
    pendingSince: time('pending_since'),
    lastError: time('last_error'),
    nextTryAt: time('next_try_at'),
    givesUpAt: time('gives_up_at'),
    action: json<OpenAction>('action'),
    claims: json<Record<string, string>>('claims'),
  };
}

function newestPaidAt({ payments }: OrderState): string | undefined {
  return Object.values(payments)
    .flatMap(({ paidAt }) => paidAt ?? [])
    .sort()
    .at(-1);
}

/** The columns of the order's row, the rows of its open reviews (id, and the review as JSON), and where it waits. */
export function rowsOf({ state, since, paidAt, progress }: FoldedOrder): {
  readonly columns: OrderColumns;
  readonly reviews: readonly (readonly [reviewId: string, review: string])[];
  readonly queued: readonly QueuedRow[];
} {
  const { orderId, placed, membership } = state;
  const [placedAt, awaited, undelivered] = [placed?.placedAt ?? null, awaitedUntil(state) ?? null, undeliveredIn(state)];
  return {
    columns: [
      orderId,
      JSON.stringify(state),
      placed?.memberId ?? null,
      placed?.plan ?? null,
      membership,
      since,
      awaited,
      isPending(state) ? 1 : 0,
      placed?.account ?? null,
      placed === undefined ? null : Number(placed.livemode),
      placedAt,
      listedUntil(state) ?? null,
      unsettledIn(state) ? 1 : 0,
      undelivered?.abandoned ? 1 : 0,
      newestPaidAt(state) ?? null,
      paidAt,
      (state.withdrawn && listedUntil(state)) ?? null,
      progress.newestAt,
      progress.grantedAt,
      Number(progress.grantUnsaved),
      Number(progress.rescued),
      progress.savedAt,
      progress.pendingSince,
      progress.lastError,
      progress.nextTryAt,
      progress.givesUpAt,
      progress.action && JSON.stringify(progress.action),
      progress.claims && JSON.stringify(progress.claims),
    ],
    reviews: openReviews(state).map((review) => [review.reviewId, JSON.stringify(review)] as const),
    queued: queuedIn({
      status: membership,
      since,
      placedAt,
      awaitedUntil: awaited,
      isUndelivered: isPending(state) || undelivered?.abandoned === true,
    }),
  };
}
