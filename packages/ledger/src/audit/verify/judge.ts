// What the rules ask about other streams than the one that they judge: policies, links, what an order was told.
import { hash } from 'node:crypto';
import { readOrderEvent } from '../../order/event-schemas.ts';
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
  readonly position: string;
}

export interface Judge {
  /** By hash. */
  readonly policies: ReadonlyMap<string, AdoptedPolicy>;
  readonly report: Report;
  /** The first link of a reference. */
  linkOf(reference: string): Link | undefined;
  /** Whether the order's stream holds what this source said. */
  wasTold(orderId: string, source: string, said: string): boolean;
  /** Whether so little of the log follows that work may be under way. */
  isRecent(recordedAt: string): boolean;
}

/** A process that handed something on, and died, has been restarted within it. */
const underWayMs = 10 * 60_000;
const silent: Report = () => undefined;

/** @param newest when the last event of the log was recorded. */
export function judgeOf(log: SqliteLog, upTo: number, newest: string, report: Report): Judge {
  const links = new Map<string, Link | undefined>();
  const recentFrom = new Date(Date.parse(newest) - underWayMs);
  const recent = Number.isNaN(recentFrom.getTime()) ? '' : recentFrom.toISOString();
  return {
    policies: policiesIn(log, upTo),
    report,
    linkOf: (reference) => {
      if (links.has(reference)) return links.get(reference);
      if (links.size > 1_000) links.clear();
      const link = linkIn(log.link(referenceAggregate.stream(reference), upTo));
      links.set(reference, link);
      return link;
    },
    wasTold: (orderId, source, said) =>
      log.stream(orderAggregate.stream(orderId), upTo).some((row) => {
        const stored = row.type === 'PaymentObserved' ? parseRow(row, silent) : undefined;
        if (!stored) return false;
        const event = readOrderEvent(stored);
        return event.type === 'PaymentObserved' && event.data.source === source && saidKey(event.data) === said;
      }),
    isRecent: (recordedAt) => recordedAt >= recent,
  };
}

/** A link that cannot be read is none; the rules of its stream say so. */
function linkIn(row: { readonly position: string; readonly data: string } | undefined): Link | undefined {
  if (row === undefined) return undefined;
  try {
    const { orderId } = JSON.parse(row.data) as { orderId?: unknown };
    return typeof orderId === 'string' ? { orderId, position: row.position } : undefined;
  } catch {
    return undefined;
  }
}

function policiesIn(log: SqliteLog, upTo: number): ReadonlyMap<string, AdoptedPolicy> {
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
