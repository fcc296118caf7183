// Why an order has its membership, or a member his access: from the order's own stream and its reference streams, as they
// are or as they were.
import type { Position, StoredEvent } from '../../event-store/event-store.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import type { MembershipStatus } from '../../order/order.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type LogRow, storedEvent } from '../log/log-row.ts';
import { type ReadEvent, reportIn, type TimelineEntry, timelineOf } from './timeline.ts';

export interface ExplainOptions {
  /** As the log was. Default: as it is. */
  readonly asOf?: Position;
  /** Of a member: events read so far, to find the orders. */
  readonly onEvents?: (events: number) => void;
}

export interface Explanation {
  readonly orderId: string;
  /** Absent until the order is placed. */
  readonly memberId?: string;
  readonly plan?: string;
  readonly currency?: string;
  readonly membership: MembershipStatus;
  /** When the newest decision was recorded. */
  readonly since?: string;
  readonly openReviews: number;
  /** Decisions, and those that the shop took over. */
  readonly sequence: number;
  readonly delivered: number;
  readonly entries: readonly TimelineEntry[];
}

/** Undefined: the log knows no such order (then). @throws LedgerError `corrupt`, `file_newer`: its stream cannot be read. */
export async function explainOrder(log: LogReader, orderId: string, { asOf }: ExplainOptions = {}): Promise<Explanation | undefined> {
  const until = (row: LogRow): boolean => asOf === undefined || row.position <= asOf;
  const rows = (await log.stream(orderAggregate.stream(orderId))).filter(until);
  if (rows.length === 0) return undefined;
  const events = rows.map((row) => readEvent(storedEvent(row)));
  const references: TimelineEntry[] = [];
  for (const reference of referencesIn(events)) {
    const stream = await log.stream(referenceAggregate.stream(reference));
    references.push(...stream.filter(until).flatMap((row) => referenceEntry(reference, orderId, row)));
  }
  return explained(orderId, events, references);
}

/**
 * From an order's own stream alone, as `ledger.history(orderId)` gives it: without what its references held before they
 * were linked. Undefined: there is no such order.
 */
export function explainHistory(orderId: string, history: readonly StoredEvent[]): Explanation | undefined {
  return history.length === 0 ? undefined : explained(orderId, history.map(readEvent), []);
}

function explained(orderId: string, events: readonly ReadEvent[], references: readonly TimelineEntry[]): Explanation {
  const { order, entries } = timelineOf(orderId, events);
  const decided = entries.findLast(({ kind }) => kind === 'decided');
  return {
    orderId,
    ...(order.placed ? { memberId: order.placed.memberId, plan: order.placed.plan, currency: order.placed.expected.currency } : {}),
    membership: order.membership,
    ...(decided ? { since: decided.at } : {}),
    openReviews: order.reviews.filter(({ resolution }) => resolution === undefined).length,
    sequence: order.sequence,
    delivered: order.delivery.settled,
    // By time; within the same time a link stands before its use.
    entries: [...references, ...entries].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
  };
}

/** Every order of a member, in the order in which they were placed. */
export async function explainMember(log: LogReader, memberId: string, options: ExplainOptions = {}): Promise<readonly Explanation[]> {
  const { asOf, onEvents } = options;
  const orderIds: string[] = [];
  let events = 0;
  for await (const rows of log.rows(asOf === undefined ? {} : { upTo: asOf })) {
    for (const row of rows) {
      const { stream, type, data } = row;
      // The text is looked at before it is parsed: of a large log most is not his.
      if (type !== 'OrderPlaced' || !data.includes(memberId)) continue;
      if ((storedEvent(row).data as { memberId?: unknown }).memberId === memberId)
        orderIds.push(stream.slice(orderAggregate.stream('').length));
    }
    events += rows.length;
    onEvents?.(events);
  }
  const explained = await Promise.all(orderIds.map((orderId) => explainOrder(log, orderId, options)));
  return explained.filter((each) => each !== undefined);
}

function readEvent(stored: StoredEvent): ReadEvent {
  const { recordedAt = '', instance = '', cause = '' } = stored.metadata;
  return { event: readOrderEvent(stored), recordedAt, instance, cause, place: `${stored.stream}@${stored.revision}` };
}

/** Every name under which its payments go. */
function referencesIn(events: readonly ReadEvent[]): ReadonlySet<string> {
  return new Set(
    events.flatMap(({ event }) => {
      if (event.type === 'CheckoutAttached') return [event.data.payment.id];
      return event.type === 'PaymentObserved' ? [event.data.payment.id, ...(event.data.aliases ?? [])] : [];
    }),
  );
}

function referenceEntry(reference: string, orderId: string, row: LogRow): readonly TimelineEntry[] {
  const stored = storedEvent(row);
  const event = referenceAggregate.read(stored);
  const place = { at: stored.metadata['recordedAt'] ?? '', place: `${row.stream}@${row.revision}` };
  // What was held under several names is told once, under the payment's own.
  if (event.type === 'PaymentHeld')
    return event.data.payment.id === reference ? [{ ...place, kind: 'held', reference, said: reportIn(event.data) }] : [];
  return event.data.orderId === orderId ? [{ ...place, kind: 'linked', reference }] : [];
}
