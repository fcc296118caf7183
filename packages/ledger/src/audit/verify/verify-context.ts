// Answers the rules' questions about other streams than the one that they judge: policies, links, observations of orders.
import { hash } from 'node:crypto';
import { referenceName } from '../../observation.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import type { OrderEvent, OrderEventType, PaymentObserved } from '../../order/events.ts';
import { factContentKey } from '../../order/order.ts';
import { type Policy, policySchema } from '../../order/policy.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import type { LogRow } from '../log/log-row.ts';
import type { SqliteLog } from '../log/sqlite-log.ts';
import { findingAt, type Report } from './finding.ts';
import { parseRow } from './read-stream.ts';

export interface AdoptedPolicy {
  readonly policy: Policy;
  readonly position: string;
}

export interface Link {
  readonly orderId: string;
  readonly revision: number;
  readonly position: string;
}

export interface VerifyContext {
  /** Key: the policy's hash. */
  readonly policies: ReadonlyMap<string, AdoptedPolicy>;
  readonly report: Report;
  /** Prepares for judging the streams up to this id: reads ahead the links that they will need. */
  reach(streamId: number): void;
  /** Returns the links of a reference, oldest first. There are several if the payment was moved. */
  linksOf(reference: string): readonly Link[];
  /** True if the stream of one of these orders has the observation. */
  wasObserved(orderIds: readonly string[], observed: PaymentObserved): boolean;
  /** True if the order's stream has the move of the reference to that order, before the position. */
  wasMoved(orderId: string, reference: string, to: { readonly orderId: string; readonly endsRevision: number }, position: string): boolean;
  /** True if the event is from the last ten minutes of the log: then a later step may still be missing. */
  isRecent(recordedAt: string): boolean;
}

/** If a process dies between two steps, another one completes them. We assume that it does so within this time. */
const underWayMs = 10 * 60_000;
const silent: Report = () => undefined;

export interface VerifyContextOptions {
  readonly upTo: number;
  /** When the last event up to `upTo` was recorded. */
  readonly newest: string;
  /** The streams that are judged have ids above this one. Links of earlier streams are not read ahead. */
  readonly from: number;
}

export function openVerifyContext(log: SqliteLog, { upTo, newest, from }: VerifyContextOptions, report: Report): VerifyContext {
  const links = new Links(log, upTo, from);
  const recentFrom = new Date(Date.parse(newest) - underWayMs);
  const recentSince = Number.isNaN(recentFrom.getTime()) ? '' : recentFrom.toISOString();
  const eventsOf = (orderId: string, type: OrderEventType): readonly { readonly row: LogRow; readonly event: OrderEvent }[] =>
    log.stream(orderAggregate.stream(orderId), upTo).flatMap((row) => {
      const event = row.type === type ? readable(row) : undefined;
      return event ? [{ row, event }] : [];
    });
  return {
    policies: policiesIn(log, upTo),
    report,
    reach: (streamId) => links.reach(streamId),
    linksOf: (reference) => links.of(referenceAggregate.stream(reference)),
    wasObserved: (orderIds, { source, ...content }) =>
      orderIds.some((orderId) =>
        eventsOf(orderId, 'PaymentObserved').some(
          ({ event }) =>
            event.type === 'PaymentObserved' && event.data.source === source && factContentKey(event.data) === factContentKey(content),
        ),
      ),
    wasMoved: (orderId, reference, to, position) =>
      eventsOf(orderId, 'PaymentMoved').some(
        ({ row, event }) =>
          event.type === 'PaymentMoved' &&
          row.position < position &&
          referenceName(event.data.payment) === reference &&
          event.data.toOrderId === to.orderId &&
          event.data.linkRevision === to.endsRevision,
      ),
    isRecent: (recordedAt) => recordedAt >= recentSince,
  };
}

/**
 * The links of each reference stream. A reference is linked when an order is placed or paid, so most reference streams
 * come soon after their order: they are read ahead, many at once, and the oldest are forgotten. Others are read singly.
 */
class Links {
  readonly #log: SqliteLog;
  readonly #upTo: number;
  /** The stream id up to which links were read ahead. Written by `reach`. */
  #readTo: number;
  /** The links that are remembered, newest half. Key: the stream. Written by `#keep`. */
  #newer = new Map<string, readonly Link[]>();
  /** The older half: dropped when the newer half is full. Written by `#keep`. */
  #older = new Map<string, readonly Link[]>();

  constructor(log: SqliteLog, upTo: number, from: number) {
    this.#log = log;
    this.#upTo = upTo;
    this.#readTo = from;
  }

  of(stream: string): readonly Link[] {
    const known = this.#newer.get(stream) ?? this.#older.get(stream);
    if (known) return known;
    const found = this.#log.links(stream, this.#upTo).flatMap(linksFrom);
    this.#cache(stream, found);
    return found;
  }

  reach(streamId: number): void {
    const to = streamId + readAheadStreams;
    if (to < this.#readTo + readAheadStreams / 2) return;
    const read = new Map<string, Link[]>();
    for (const row of this.#log.linksIn({ after: this.#readTo, to }, this.#upTo)) {
      read.set(row.stream, [...(read.get(row.stream) ?? []), ...linksFrom(row)]);
    }
    for (const [stream, links] of read) this.#cache(stream, links);
    this.#readTo = to;
  }

  #cache(stream: string, links: readonly Link[]): void {
    if (this.#newer.size >= cachedLinks) [this.#older, this.#newer] = [this.#newer, new Map()];
    this.#newer.set(stream, links);
  }
}

const readAheadStreams = 512;
const cachedLinks = 2_000;

/** Returns the link in an event. Empty: it cannot be read; the rules of its own stream report that. */
function linksFrom({ data, position, revision }: Pick<LogRow, 'position' | 'revision' | 'data'>): readonly Link[] {
  try {
    const { orderId } = JSON.parse(data) as { orderId?: unknown };
    return typeof orderId === 'string' ? [{ orderId, position, revision }] : [];
  } catch {
    return [];
  }
}

/** Parses an event. Undefined: it cannot be read; the rules of its own stream report that. */
function readable(row: LogRow): OrderEvent | undefined {
  try {
    const stored = parseRow(row, silent);
    return stored && readOrderEvent(stored);
  } catch {
    return undefined;
  }
}

/** Returns the policies that were adopted up to a position. Key: the policy's hash. Skips those that cannot be read. */
export function policiesIn(log: SqliteLog, upTo: number): ReadonlyMap<string, AdoptedPolicy> {
  const policies = new Map<string, AdoptedPolicy>();
  for (const row of log.stream('policy', upTo)) {
    const adopted = readPolicy(row, silent);
    if (adopted && !policies.has(adopted.hash)) policies.set(adopted.hash, { policy: adopted.policy, position: row.position });
  }
  return policies;
}

/** Reads an adopted policy, as it stands: what it lacks is never filled in. Undefined: it cannot be used; this was reported. */
export function readPolicy(row: LogRow, report: Report): { readonly hash: string; readonly policy: Policy } | undefined {
  const { data } = parseRow(row, report) ?? {};
  if (data === undefined) return undefined;
  const { hash: name, policy } = data as { hash?: unknown; policy?: unknown };
  const text = JSON.stringify(policy) ?? '';
  const content = hash('sha256', text, 'hex');
  if (name !== content) {
    report(findingAt(row, 'policy', `the policy named ${String(name)}`, `another policy, ${content}: ${text}`));
    return undefined;
  }
  const parsed = policySchema.safeParse(policy);
  if (parsed.success) return { hash: content, policy: parsed.data };
  report(
    findingAt(row, 'schema', 'a policy that this release knows', `${text}. Upgrade @paidonce/ledger to judge what was decided under it`),
  );
  return undefined;
}
