// Counts what a log holds: events, orders, memberships, which source granted, and what is still pending.
import type { Position } from '../event-store/event-store.ts';
import { toPosition } from '../event-store/log-pages.ts';
import type { Source } from '../observation.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import type { LogReader } from './log/log-reader.ts';
import type { LogRow } from './log/log-row.ts';
import { recordedAt } from './log/log-row.ts';
import { withSqliteLog } from './log/sqlite-copy.ts';
import { replayLog } from './replay/replay.ts';

/** The counts of a log. */
export interface LogStats {
  readonly events: number;
  readonly streams: number;
  /** When the first event was recorded, ISO 8601 in UTC. Absent: the log is empty. */
  readonly from?: string;
  /** When the last event was recorded, ISO 8601 in UTC. Absent: the log is empty. */
  readonly to?: string;
  /** Key: the event's type. */
  readonly eventsByType: Readonly<Record<string, number>>;
  readonly orders: number;
  /** How many orders have each status. Key: `none`, `active`, `suspended` or `revoked`. */
  readonly memberships: Readonly<Record<string, number>>;
  readonly subscriptions: number;
  /** How many subscriptions have each status. Key: as of `memberships`. */
  readonly subscriptionMemberships: Readonly<Record<string, number>>;
  /** How many extensions of subscriptions each source reported first. */
  readonly extensionsBySource: Readonly<Record<Source, number>>;
  /** How many observations each source reported, of subscriptions too. */
  readonly observationsBySource: Readonly<Record<Source, number>>;
  /** Which source reported the fact that granted first. A grant by another source than the webhook was rescued. */
  readonly grantsBySource: Readonly<Record<Source, number>>;
  readonly openReviews: number;
  readonly pendingDeliveries: number;
  /** Orders that are broken or from a newer release. Only `orders` counts them too. `verifyLog` names them. */
  readonly unreadableOrders: number;
  /**
   * How long deliveries took, counted from the decision. Each delivery is counted once, at the first bound that it does not
   * exceed: 1 s, 10 s, 1 min, 10 min, 1 h; `null`: longer.
   */
  readonly deliveries: readonly { readonly upToMs: number | null; readonly count: number }[];
}

const bounds: readonly number[] = [1_000, 10_000, 60_000, 600_000, 3_600_000];

/** Which state of the log to count. */
export interface StatsOptions {
  /** Counts the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called with the number of events read so far. Each event is read twice. */
  readonly onEvents?: (events: number) => void;
}

/** Counts what the log holds. @throws LedgerError what the log's store throws. An order that cannot be read is counted. */
export function logStats(log: LogReader, { asOf, onEvents }: StatsOptions = {}): Promise<LogStats> {
  return withSqliteLog(log, { asOf, onEvents }, async ({ log: file, upTo, copied }) => {
    const replayed = await replayLog(
      { ...log, sqlite: file },
      { asOf: toPosition(upTo), onEvents: (events) => onEvents?.(copied + events) },
    );
    const { orders, memberships, subscriptions, subscriptionMemberships, openReviews, pendingDeliveries } = replayed;
    const counting = new Counting();
    for (const range of file.streamRanges(1_000)) {
      for (const { name, rows } of file.streams(range, upTo)) counting.take(name ?? '', rows);
      onEvents?.(copied + replayed.events + counting.events);
    }
    const [first, last] = [await firstRow(log), file.last(upTo)];
    return {
      events: counting.events,
      streams: counting.streams,
      ...(first && last ? { from: recordedAt(first.metadata), to: recordedAt(last.metadata) } : {}),
      eventsByType: counting.byType,
      orders,
      memberships,
      subscriptions,
      subscriptionMemberships,
      extensionsBySource: counting.extensions,
      observationsBySource: counting.bySource,
      grantsBySource: counting.grants,
      openReviews,
      pendingDeliveries,
      unreadableOrders: replayed.differing,
      deliveries: [...bounds, null].map((upToMs, place) => ({ upToMs, count: counting.deliveries[place] ?? 0 })),
    };
  });
}

/** The counts so far. Only `take` writes the fields. */
class Counting {
  events = 0;
  streams = 0;
  readonly byType: Record<string, number> = {};
  readonly bySource: Record<Source, number> = { webhook: 0, poll: 0, status_query: 0, manual: 0 };
  readonly grants: Record<Source, number> = { webhook: 0, poll: 0, status_query: 0, manual: 0 };
  readonly extensions: Record<Source, number> = { webhook: 0, poll: 0, status_query: 0, manual: 0 };
  readonly deliveries: number[] = [];

  take(stream: string, rows: readonly LogRow[]): void {
    if (rows.length === 0) return;
    this.streams += 1;
    this.events += rows.length;
    const decidedAt = new Map<number, string>();
    for (const { type, data, metadata } of rows) {
      this.byType[type] = (this.byType[type] ?? 0) + 1;
      if (!isDecided(stream)) continue;
      const fields = fieldsIn(data);
      if ((type === 'PaymentObserved' || type === 'SubscriptionObserved') && fields.source) this.bySource[fields.source] += 1;
      if ((type === 'MembershipGranted' || type === 'SubscriptionGranted') && fields.source) this.grants[fields.source] += 1;
      if (type === 'SubscriptionExtended' && fields.source) this.extensions[fields.source] += 1;
      if (fields.sequence === undefined) continue;
      if (type === 'MembershipDelivered' && fields.found) continue; // Nothing was delivered: the shop had it.
      if (type === 'MembershipDelivered') this.#delivered(decidedAt.get(fields.sequence), recordedAt(metadata));
      else if (/^(?:Membership|Subscription)/.test(type)) decidedAt.set(fields.sequence, recordedAt(metadata));
    }
  }

  #delivered(decidedAt: string | undefined, at: string): void {
    if (decidedAt === undefined) return;
    const tookMs = Date.parse(at) - Date.parse(decidedAt);
    const place = bounds.findIndex((bound) => tookMs <= bound);
    const slot = place === -1 ? bounds.length : place;
    this.deliveries[slot] = (this.deliveries[slot] ?? 0) + 1;
  }
}

function isDecided(stream: string): boolean {
  return stream.startsWith(orderAggregate.stream('')) || stream.startsWith(subscriptionAggregate.stream(''));
}

/** Returns the fields that are counted. Data that cannot be parsed has none: such an order is in `unreadableOrders`. */
function fieldsIn(data: string): { readonly source?: Source; readonly sequence?: number; readonly found?: true } {
  try {
    return (JSON.parse(data) as object | null) ?? {};
  } catch {
    return {};
  }
}

async function firstRow(log: LogReader): Promise<LogRow | undefined> {
  for await (const rows of log.rows()) if (rows[0]) return rows[0];
  return undefined;
}
