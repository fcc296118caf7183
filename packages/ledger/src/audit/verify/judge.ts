// What the rules ask about other streams than the one that they judge: policies, links, what an order was told.
import { hash } from 'node:crypto';
import { readOrderEvent } from '../../order/event-schemas.ts';
import type { OrderEvent, OrderEventType, PaymentObserved } from '../../order/events.ts';
import { saidKey } from '../../order/order.ts';
import { defaultPolicy, type Policy, policySchema } from '../../order/policy.ts';
import { orderAggregate } from '../../order-streams.ts';
import { referenceAggregate } from '../../reference.ts';
import type { LogRow } from '../log-reader.ts';
import type { SqliteLog } from '../sqlite-log.ts';
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

export interface Judge {
  /** By hash. */
  readonly policies: ReadonlyMap<string, AdoptedPolicy>;
  readonly report: Report;
  /** Of a reference, oldest first: several where a person moved the payment. */
  linksOf(reference: string): readonly Link[];
  /** Whether the stream of one of these orders holds what was observed. */
  wasTold(orderIds: readonly string[], observed: PaymentObserved): boolean;
  /** Whether the order's stream gave the payment away, before a position, as the link of its new owner says. */
  wasMoved(orderId: string, paymentId: string, to: { readonly orderId: string; readonly endsRevision: number }, position: string): boolean;
  /** Whether so little of the log follows that work may be under way. */
  isRecent(recordedAt: string): boolean;
}

/** A process that handed something on, and died, has been restarted within it. */
const underWayMs = 10 * 60_000;
const silent: Report = () => undefined;

/** @param newest when the last event of the log was recorded. */
export function judgeOf(log: SqliteLog, upTo: number, newest: string, report: Report): Judge {
  const links = new Map<string, readonly Link[]>();
  const recentFrom = new Date(Date.parse(newest) - underWayMs);
  const recent = Number.isNaN(recentFrom.getTime()) ? '' : recentFrom.toISOString();
  const eventsOf = (orderId: string, type: OrderEventType): readonly { readonly row: LogRow; readonly event: OrderEvent }[] =>
    log.stream(orderAggregate.stream(orderId), upTo).flatMap((row) => {
      const event = row.type === type ? readable(row) : undefined;
      return event ? [{ row, event }] : [];
    });
  return {
    policies: policiesIn(log, upTo),
    report,
    linksOf: (reference) => {
      const known = links.get(reference);
      if (known) return known;
      if (links.size > 1_000) links.clear();
      const found = log.links(referenceAggregate.stream(reference), upTo).flatMap(linkIn);
      links.set(reference, found);
      return found;
    },
    wasTold: (orderIds, { source, ...said }) =>
      orderIds.some((orderId) =>
        eventsOf(orderId, 'PaymentObserved').some(
          ({ event }) => event.type === 'PaymentObserved' && event.data.source === source && saidKey(event.data) === saidKey(said),
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
    isRecent: (recordedAt) => recordedAt >= recent,
  };
}

/** A link that cannot be read is none; the rules of its stream say so. */
function linkIn({ data, ...place }: { readonly position: string; readonly revision: number; readonly data: string }): readonly Link[] {
  try {
    const { orderId } = JSON.parse(data) as { orderId?: unknown };
    return typeof orderId === 'string' ? [{ orderId, ...place }] : [];
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
