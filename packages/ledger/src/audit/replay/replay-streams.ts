// Rebuilds the rows of the read models for a part of the log, with the code that makes the live ones, and compares them.
// It handles one order after the other: only one state is in memory, and nothing is written.
import { LedgerError } from '../../errors.ts';
import { logStart, type Position, type StoredEvent } from '../../event-store/event-store.ts';
import type { MembershipStatus } from '../../order/order.ts';
import { hasPaidPayment } from '../../order/view.ts';
import {
  emptyOrder,
  type FoldedOrder,
  foldInto,
  type OrderColumns,
  OrderNotes,
  orderColumns,
  rowsOf,
} from '../../read-models/order-rows.ts';
import { isOfSubscription } from '../../read-models/subscription-rows.ts';
import { foldSweep, isOfSweep, sweepRow, tierOf } from '../../read-models/sweep-rows.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import type { FoldedSweep } from '../../streams/sweep-streams.ts';
import type { ScannedStream, SqliteLog } from '../log/sqlite-log.ts';
import { parseRow } from '../verify/read-stream.ts';
import type { StreamPart } from '../verify/verify-streams.ts';
import { type Difference, isSameJson } from './difference.ts';
import { type LiveReadModels, openLiveReadModels } from './live-read-models.ts';
import { replaySubscription, subscriptionPoliciesIn } from './replay-subscriptions.ts';
import { type ReplayedTables, ReplayTables } from './replay-tables.ts';
import { noteAccount, type ReplayedAccount } from './replayed-accounts.ts';

export interface ReplayedPart {
  readonly events: number;
  readonly orders: number;
  /** How many orders have each status. */
  readonly memberships: Readonly<Record<MembershipStatus, number>>;
  readonly subscriptions: number;
  /** How many subscriptions have each status. */
  readonly subscriptionMemberships: Readonly<Record<MembershipStatus, number>>;
  /** Counts orders and subscriptions, likewise below. */
  readonly openReviews: number;
  readonly pendingDeliveries: number;
  readonly accounts: readonly ReplayedAccount[];
  /** The position up to which the live read models had applied the log when this part was compared. */
  readonly cursor: Position | undefined;
  /** The first 1,000 differences. */
  readonly differences: readonly Difference[];
  /** How many differences there are. */
  readonly differing: number;
  /** What the part adds to the tables that are of no one order. Undefined: nothing is compared, or an order cannot be replayed. */
  readonly tables: ReplayedTables | undefined;
}

const listed = 1_000;

/**
 * Rebuilds the read models for a part of the log.
 * @param readModels path of the live file. It is compared up to its own cursor. Undefined: nothing is compared.
 * @throws LedgerError what reading the log or the live file throws. An order that cannot be read is a difference.
 */
export function replayStreams(log: SqliteLog, part: StreamPart, readModels: string | undefined): ReplayedPart {
  const live = readModels === undefined ? undefined : openLiveReadModels(readModels);
  try {
    return new Replay(live).over(log, { ...part, upTo: live ? log.placeOf(live.cursor ?? logStart) : part.upTo });
  } finally {
    live?.close();
  }
}

class Replay {
  readonly #live: LiveReadModels | undefined;
  /** The first 1,000 differences. Written by `#differs`. */
  readonly #differences: Difference[] = [];
  /** Key: account and mode. Written by `#note`. */
  readonly #accounts = new Map<string, ReplayedAccount>();
  /** How many differences there are. Written by `#differs`. */
  #differing = 0;
  readonly #tables: ReplayTables | undefined;
  /** Where nothing is compared. */
  readonly #notes = new OrderNotes();
  /** True: an order or a subscription cannot be replayed. Written by `over` and `#fold`. */
  #isBroken = false;

  constructor(live: LiveReadModels | undefined) {
    this.#live = live;
    this.#tables = live && new ReplayTables(live.tables, (difference) => this.#differs(difference));
  }

  over(log: SqliteLog, { range, upTo }: StreamPart): ReplayedPart {
    const memberships: Record<MembershipStatus, number> = { none: 0, active: 0, suspended: 0, revoked: 0 };
    const subscriptionMemberships = { ...memberships };
    const counts = { events: 0, orders: 0, subscriptions: 0, openReviews: 0, pendingDeliveries: 0 };
    const policies = subscriptionPoliciesIn(log, upTo);
    for (const stream of log.streams(range, upTo)) {
      counts.events += stream.rows.length;
      if (stream.name !== null && isOfSweep(stream.name)) this.#compareSweep(stream.name, stream.rows);
      if (stream.name !== null) this.#tables?.stream(stream.name, storedIn(stream.rows));
      if (stream.rows.length > 0 && stream.name !== null && isOfSubscription(stream.name)) {
        const told = replaySubscription(stream, policies, this.#live?.subscriptions, {
          taken: (this.#tables?.notes ?? this.#notes).actions,
          originOf: (position) => log.originOf(position) as Position,
          differs: (difference) => this.#differs(difference),
        });
        if (told === undefined) this.#isBroken = true;
        counts.subscriptions += 1;
        counts.openReviews += told?.openReviews ?? 0;
        counts.pendingDeliveries += Number(told?.isPending === true);
        if (told) subscriptionMemberships[told.status] += 1;
      }
      if (stream.rows.length === 0 || !stream.name?.startsWith(orderAggregate.stream(''))) continue;
      counts.orders += 1;
      const orderId = stream.name.slice(orderAggregate.stream('').length);
      const folded = this.#fold(orderId, stream);
      if (folded === undefined) continue;
      const { columns, reviews, queued } = rowsOf(asLive(folded, log));
      this.#tables?.order(orderId, queued);
      memberships[folded.state.membership] += 1;
      counts.openReviews += reviews.length;
      counts.pendingDeliveries += columns[7];
      this.#note(folded, stream);
      if (this.#live) this.#compare(orderId, columns, reviews);
    }
    const [accounts, cursor] = [[...this.#accounts.values()], this.#live?.cursor];
    const tables = this.#isBroken ? undefined : this.#tables?.end((position) => log.originOf(position) as Position);
    return {
      ...counts,
      memberships,
      subscriptionMemberships,
      accounts,
      cursor,
      tables,
      differences: this.#differences,
      differing: this.#differing,
    };
  }

  #note({ state }: FoldedOrder, { rows }: ScannedStream): void {
    const { placed } = state;
    if (placed === undefined) return;
    const { account, livemode, placedAt } = placed;
    const isPaid = hasPaidPayment(state);
    const wasPaid = isPaid || rows.some(({ type, data }) => type === 'PaymentObserved' && data.includes('"status":"paid"'));
    noteAccount(this.#accounts, { account, livemode, firstPlacedAt: placedAt, isPaid, wasPaid });
  }

  #differs(difference: Difference): void {
    this.#differing += 1;
    if (this.#differences.length < listed) this.#differences.push(difference);
  }

  /** Folds an order. One that cannot be folded is a difference; `verify` says what is wrong with it. */
  #fold(orderId: string, { name, rows }: ScannedStream): FoldedOrder | undefined {
    const folded = emptyOrder(orderId);
    const notes = this.#tables?.notes ?? this.#notes;
    try {
      for (const [at, row] of rows.entries()) {
        const stored = parseRow({ ...row, stream: name ?? '' }, ({ expected, found }) => {
          throw new LedgerError('corrupt', `${name}@${row.revision}: expected ${expected}, found ${found}`);
        });
        if (row.revision !== at) throw new LedgerError('corrupt', `${name}: revision ${row.revision} stands where ${at} belongs`);
        if (stored) foldInto(folded, stored, notes);
      }
      return folded;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#isBroken = true;
      this.#differs({
        subject: `order ${orderId}`,
        place: 'log',
        replayed: `it cannot be replayed: ${error.message}`,
        live: this.#live?.order(orderId) ? 'a row' : 'nothing',
      });
      return undefined;
    }
  }

  /** Compares the row of a sweep. If its stream begins after the cursor, there must be no row. */
  #compareSweep(stream: string, rows: ScannedStream['rows']): void {
    if (!this.#live) return;
    const subject = `sweep ${tierOf(stream)}`;
    let folded: FoldedSweep | undefined;
    // The live read models stop at an event that cannot be parsed, so we stop there too.
    for (const row of rows) {
      const stored = parseRow(row, () => undefined);
      if (stored === undefined) break;
      folded = foldSweep(folded, stored);
    }
    const [replayed, live] = [folded && sweepRow(folded), this.#live.sweep(tierOf(stream))];
    if (replayed === undefined || live === undefined) {
      if (replayed !== live) this.#differs({ subject, place: 'sweeps', replayed: aRow(replayed), live: aRow(live) });
      return;
    }
    if (replayed.state !== live.state && !isSameJson(replayed.state, live.state))
      this.#differs({ subject, place: 'sweeps.state', replayed: replayed.state, live: live.state });
    if (replayed.eventId !== live.eventId)
      this.#differs({ subject, place: 'sweeps.event_id', replayed: replayed.eventId, live: live.eventId });
  }

  #compare(orderId: string, columns: OrderColumns, reviews: readonly (readonly [string, string])[]): void {
    if (reviews.length === 0 && this.#live?.isSame(columns, 0)) return;
    const live = this.#live?.order(orderId);
    if (live === undefined) {
      this.#differs({ subject: `order ${orderId}`, place: 'orders', replayed: 'a row', live: 'nothing' });
      return;
    }
    for (const [place, name] of orderColumns.entries()) {
      const [replayed, found] = [columns[place], live.columns[name]];
      if (replayed !== found && !(name === 'state' && isSameJson(replayed, found))) {
        this.#differs({ subject: `order ${orderId}`, place: `orders.${name}`, replayed: String(replayed), live: String(found) });
      }
    }
    for (const [reviewId, review] of reviews) {
      const found = live.reviews.get(reviewId);
      if (found !== review && !isSameJson(found, review))
        this.#differs({ subject: `order ${orderId}`, place: `reviews.${reviewId}`, replayed: review, live: found ?? 'nothing' });
    }
    for (const [reviewId, review] of live.reviews) {
      if (!reviews.some(([id]) => id === reviewId))
        this.#differs({ subject: `order ${orderId}`, place: `reviews.${reviewId}`, replayed: 'nothing', live: review });
    }
  }
}

/** The events of a stream, up to one that cannot be parsed: the live read models stop there too. */
function storedIn(rows: ScannedStream['rows']): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (const row of rows) {
    const stored = parseRow(row, () => undefined);
    if (stored === undefined) break;
    events.push(stored);
  }
  return events;
}

function aRow(row: unknown): string {
  return row === undefined ? 'nothing' : 'a row';
}

/** The order as its live row names positions: those of the original log, where a copy of it is replayed. */
function asLive(order: FoldedOrder, log: SqliteLog): FoldedOrder {
  const { progress } = order;
  if (progress.action === null) return order;
  return {
    ...order,
    progress: { ...progress, action: { ...progress.action, position: log.originOf(progress.action.position) as Position } },
  };
}
