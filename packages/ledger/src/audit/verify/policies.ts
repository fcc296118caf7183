// The policies that a log adopted, those of orders and those of subscriptions: each named by its content.
import { hash } from 'node:crypto';
import { LedgerError } from '../../errors.ts';
import { type Policy, policySchema } from '../../order/policy.ts';
import { type SubscriptionPolicy, subscriptionPolicySchema, subscriptionPolicyText } from '../../subscription/policy.ts';
import type { LogRow } from '../log/log-row.ts';
import type { SqliteLog } from '../log/sqlite-log.ts';
import { findingAt, type Report } from './finding.ts';
import { parseRow } from './read-stream.ts';

export interface AdoptedPolicy<P> {
  readonly policy: P;
  readonly position: string;
}

/** Key: the policy's hash. */
export interface AdoptedPolicies {
  readonly ofOrders: ReadonlyMap<string, AdoptedPolicy<Policy>>;
  readonly ofSubscriptions: ReadonlyMap<string, AdoptedPolicy<SubscriptionPolicy>>;
}

const silent: Report = () => undefined;

/** The policies that were adopted up to a position, oldest first. Skips those that cannot be read. */
export function allPolicies(
  log: SqliteLog,
  upTo: number,
): readonly (AdoptedPolicy<Policy | SubscriptionPolicy> & { readonly hash: string })[] {
  const policies = new Map<string, AdoptedPolicy<Policy | SubscriptionPolicy> & { readonly hash: string }>();
  for (const row of log.stream('policy', upTo)) {
    const adopted = readPolicy(row, silent);
    if (adopted && !policies.has(adopted.hash)) policies.set(adopted.hash, { ...adopted, position: row.position });
  }
  return [...policies.values()];
}

/** The same by their type, which only those of subscriptions name. */
export function policiesIn(log: SqliteLog, upTo: number): AdoptedPolicies {
  const ofOrders = new Map<string, AdoptedPolicy<Policy>>();
  const ofSubscriptions = new Map<string, AdoptedPolicy<SubscriptionPolicy>>();
  for (const { hash, policy, position } of allPolicies(log, upTo)) {
    if ('type' in policy) ofSubscriptions.set(hash, { policy, position });
    else ofOrders.set(hash, { policy, position });
  }
  return { ofOrders, ofSubscriptions };
}

/** The policy that decided a membership. @throws LedgerError `file_newer`: this release does not know it. */
export function policyNamed<P>(policies: ReadonlyMap<string, AdoptedPolicy<P>>, name: string, membership: string): P {
  const adopted = policies.get(name);
  if (adopted !== undefined) return adopted.policy;
  throw new LedgerError('file_newer', `${membership} was decided under a policy that this release does not know. Upgrade @paidonce/ledger`);
}

/** Reads an adopted policy, as it stands: what it lacks is never filled in. Undefined: it cannot be used; this was reported. */
export function readPolicy(
  row: LogRow,
  report: Report,
): { readonly hash: string; readonly policy: Policy | SubscriptionPolicy } | undefined {
  const { data } = parseRow(row, report) ?? {};
  if (data === undefined) return undefined;
  const { hash: name, policy } = data as { hash?: unknown; policy?: unknown };
  const ofSubscriptions = subscriptionPolicySchema.safeParse(policy);
  const text = ofSubscriptions.success ? subscriptionPolicyText(ofSubscriptions.data) : (JSON.stringify(policy) ?? '');
  const content = hash('sha256', text, 'hex');
  const parsed = ofSubscriptions.success ? ofSubscriptions : policySchema.safeParse(policy);
  // The name of a policy of subscriptions that this release does not know cannot be checked.
  if (name !== content && (parsed.success || !hasType(policy))) {
    report(findingAt(row, 'policy', `the policy named ${String(name)}`, `another policy, ${content}: ${text}`));
    return undefined;
  }
  if (parsed.success) return { hash: content, policy: parsed.data };
  report(
    findingAt(row, 'schema', 'a policy that this release knows', `${text}. Upgrade @paidonce/ledger to judge what was decided under it`),
  );
  return undefined;
}

function hasType(policy: unknown): boolean {
  return typeof policy === 'object' && policy !== null && 'type' in policy;
}
