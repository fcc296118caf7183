// Explains why an order has its membership, or why a member has access. Reads the order's own stream and its reference
// streams, up to their end or up to an earlier position.
import { defined } from '../../defined.ts';
import type { Position, StoredEvent } from '../../event-store/event-store.ts';
import { referenceName, referenceNamesOf } from '../../observation.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import { isDecision } from '../../order/events.ts';
import type { MembershipStatus } from '../../order/order.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type LogRow, storedEvent } from '../log/log-row.ts';
import { type Standing, standingOf } from './standing.ts';
import { type ReadEvent, reportIn, type TimelineEntry, timelineOf } from './timeline.ts';

/** Which state of the log to explain. */
export interface ExplainOptions {
  /** Explains the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called by `explainMember` with the number of events read so far: it searches the whole log for what the member has. */
  readonly onEvents?: (events: number) => void;
}

/** Why an order has its membership. `explanationLines` turns it into text. */
export interface Explanation {
  readonly orderId: string;
  /** Absent until the order is placed. */
  readonly memberId?: string;
  /** Absent until the order is placed. */
  readonly plan?: string;
  /** ISO 4217, lower case. Absent until the order is placed. */
  readonly currency?: string;
  readonly membership: MembershipStatus;
  /** When the newest decision was recorded, ISO 8601 in UTC. Absent: there is no decision. */
  readonly since?: string;
  /** How many reviews wait for a person. */
  readonly openReviews: number;
  /** How many decisions there are; this is also the number of the newest one. */
  readonly sequence: number;
  /** The newest decision that was delivered to the shop or abandoned; 0: none. */
  readonly delivered: number;
  /** What happened, by time of recording. */
  readonly entries: readonly TimelineEntry[];
  /** The amounts and the state that `whyText` puts into one sentence. */
  readonly standing: Standing;
}

/**
 * Explains one order. Undefined: the log has no such order, or had none at `asOf`.
 * @throws LedgerError `corrupt`, `file_newer`: its stream cannot be read. Also what the store throws.
 */
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
 * Explains one order from its own stream alone, as `ledger.history(orderId)` returns it. What was held under its payments'
 * references before the link is left out. Undefined: there is no such order.
 * @throws LedgerError `corrupt`, `file_newer`: an event cannot be read.
 */
export function explainHistory(orderId: string, history: readonly StoredEvent[]): Explanation | undefined {
  return history.length === 0 ? undefined : explained(orderId, history.map(readEvent), []);
}

function explained(orderId: string, events: readonly ReadEvent[], references: readonly TimelineEntry[]): Explanation {
  const { order, entries } = timelineOf(orderId, events);
  const decided = entries.findLast(({ kind }) => kind === 'decided');
  const granted = events.find(({ event }) => isDecision(event))?.event;
  return {
    orderId,
    ...(order.placed ? { memberId: order.placed.memberId, plan: order.placed.plan, currency: order.placed.expected.currency } : {}),
    membership: order.membership,
    ...defined({ since: decided?.at }),
    openReviews: order.reviews.filter(({ resolution }) => resolution === undefined).length,
    sequence: order.sequence,
    delivered: order.delivery.settled,
    // Sorted by time. At the same time the entry of a link comes before the entry that uses it.
    entries: [...references, ...entries].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
    standing: standingOf(order, entries, granted && isDecision(granted) ? granted.data.paidAt : undefined),
  };
}

/**
 * Explains every order of a member, in the order in which they were placed. Empty: the member has none.
 * @throws LedgerError `corrupt`, `file_newer`: a stream cannot be read. Also what the store throws.
 */
export async function explainMember(log: LogReader, memberId: string, options: ExplainOptions = {}): Promise<readonly Explanation[]> {
  const orderIds = await placedBy(log, memberId, { type: 'OrderPlaced', prefix: orderAggregate.stream('') }, options);
  const explained = await Promise.all(orderIds.map((orderId) => explainOrder(log, orderId, options)));
  return explained.filter((each) => each !== undefined);
}

/** Searches the log for what was placed by a member. Answers the ids, in the order in which they were placed. */
export async function placedBy(
  log: LogReader,
  memberId: string,
  { type, prefix }: { readonly type: string; readonly prefix: string },
  { asOf, onEvents }: ExplainOptions,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let events = 0;
  for await (const rows of log.rows(defined({ upTo: asOf }))) {
    for (const row of rows) {
      // Search the text before parsing it: in a large log most belong to other members.
      if (row.type !== type || !row.data.includes(memberId)) continue;
      if ((storedEvent(row).data as { memberId?: unknown }).memberId === memberId) ids.push(row.stream.slice(prefix.length));
    }
    events += rows.length;
    onEvents?.(events);
  }
  return ids;
}

function readEvent(stored: StoredEvent): ReadEvent {
  const { recordedAt = '', instance = '', cause = '', policy = '' } = stored.metadata;
  return { event: readOrderEvent(stored), recordedAt, instance, cause, policy, place: `${stored.stream}@${stored.revision}` };
}

/** Returns the reference names of the payments and of all their aliases. */
function referencesIn(events: readonly ReadEvent[]): ReadonlySet<string> {
  return new Set(
    events.flatMap(({ event }) => {
      if (event.type === 'CheckoutAttached') return [referenceName(event.data.payment)];
      return event.type === 'PaymentObserved' ? referenceNamesOf(event.data) : [];
    }),
  );
}

function referenceEntry(reference: string, orderId: string, row: LogRow): readonly TimelineEntry[] {
  const stored = storedEvent(row);
  const event = referenceAggregate.read(stored);
  const place = { at: stored.metadata['recordedAt'] ?? '', place: `${row.stream}@${row.revision}` };
  // An observation that was held under several references is shown once, under the payment's own id.
  if (event.type === 'PaymentHeld')
    return referenceName(event.data.payment) === reference ? [{ ...place, kind: 'held', reference, report: reportIn(event.data) }] : [];
  return event.type === 'ReferenceLinked' && event.data.orderId === orderId ? [{ ...place, kind: 'linked', reference }] : [];
}
