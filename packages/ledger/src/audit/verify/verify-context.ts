// What the rules ask about other streams than the one that they judge: policies, links, what an order was told.
import { hash } from 'node:crypto';
import { readOrderEvent } from '../../order/event-schemas.ts';
import type { OrderEvent, OrderEventType, PaymentObserved } from '../../order/events.ts';
import { factContentKey } from '../../order/order.ts';
import { defaultPolicy, type Policy, policySchema } from '../../order/policy.ts';
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
  /** By hash. */
  readonly policies: ReadonlyMap<string, AdoptedPolicy>;
  readonly report: Report;
  /** Streams up to this id are judged next: the links that they will ask about are read ahead. */
  reach(streamId: number): void;
  /** Of a reference, oldest first: several where a person moved the payment. */
  linksOf(reference: string): readonly Link[];
  /** Whether the stream of one of these orders holds what was observed. */
  wasObserved(orderIds: readonly string[], observed: PaymentObserved): boolean;
  /** Whether the order's stream gave the payment away, before a position, as the link of its new owner says. */
  wasMoved(orderId: string, paymentId: string, to: { readonly orderId: string; readonly endsRevision: number }, position: string): boolean;
  /** Whether so little of the log follows that work may be under way. */
  isRecent(recordedAt: string): boolean;
}

/** A process that handed something on, and died, has been restarted within it. */
const underWayMs = 10 * 60_000;
const silent: Report = () => undefined;

export interface VerifyContextOptions {
  readonly upTo: number;
  /** When the last event up to there was recorded. */
  readonly newest: string;
  /** Of the first stream that is judged; what lies before it is not read ahead. */
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
    wasMoved: (orderId, paymentId, to, position) =>
      eventsOf(orderId, 'PaymentMoved').some(
        ({ row, event }) =>
          event.type === 'PaymentMoved' &&
          row.position < position &&
          event.data.payment.id === paymentId &&
          event.data.toOrderId === to.orderId &&
          event.data.linkRevision === to.endsRevision,
      ),
    isRecent: (recordedAt) => recordedAt >= recentSince,
  };
}

/**
 * Links by reference stream. References are linked when an order is placed or paid, so most lie a little behind it: they
 * are read ahead, many at once, and forgotten in turn. Others are looked up.
 */
class Links {
  readonly #log: SqliteLog;
  readonly #upTo: number;
  #readTo: number;
  #newer = new Map<string, readonly Link[]>();
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

/** A link that cannot be read is none; the rules of its stream say so. */
function linksFrom({ data, position, revision }: Pick<LogRow, 'position' | 'revision' | 'data'>): readonly Link[] {
  try {
    const { orderId } = JSON.parse(data) as { orderId?: unknown };
    return typeof orderId === 'string' ? [{ orderId, position, revision }] : [];
  } catch {
    return [];
  }
}

/** Undefined where it cannot be read; the rules of its stream say so. */
function readable(row: LogRow): OrderEvent | undefined {
  try {
    const stored = parseRow(row, silent);
    return stored && readOrderEvent(stored);
  } catch {
    return undefined;
  }
}

export function policiesIn(log: SqliteLog, upTo: number): ReadonlyMap<string, AdoptedPolicy> {
  const policies = new Map<string, AdoptedPolicy>();
  for (const row of log.stream('policy', upTo)) {
    const adopted = readPolicy(row, silent);
    if (adopted && !policies.has(adopted.hash)) policies.set(adopted.hash, { policy: adopted.policy, position: row.position });
  }
  return policies;
}

/** A policy of an older release lacks the newer fields: their defaults are the old behaviour. */
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
  const parsed = policySchema.safeParse({ ...defaultPolicy, ...(policy as object) });
  if (parsed.success) return { hash: content, policy: parsed.data };
  report(
    findingAt(row, 'schema', 'a policy that this release knows', `${text}. Upgrade @paidonce/ledger to judge what was decided under it`),
  );
  return undefined;
}
