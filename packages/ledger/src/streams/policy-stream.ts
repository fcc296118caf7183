// The stream `policy`: which policies were ever in force, named by their content: those of orders, and those of subscriptions,
// whose `type` is `subscription`. An append to either names its policy in its metadata, so that a later reader can repeat the
// decision.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LedgerError } from '../errors.ts';
import { eventReader } from '../event-store/event-versions.ts';
import { type Policy, policyText } from '../order/policy.ts';
import { defaultSubscriptionPolicy, policyProblems, type SubscriptionPolicy, subscriptionPolicyText } from '../subscription/policy.ts';
import type { Aggregate } from './aggregate.ts';
import type { Transactions } from './transact.ts';

export interface PolicyAdopted {
  readonly type: 'PolicyAdopted';
  /** `policy` is not checked: a newer release may adopt, in the same log, a policy with fields that this one does not know. */
  readonly data: { readonly hash: string; readonly policy: unknown };
}

interface Policies {
  readonly revision: number;
  readonly hashes: readonly string[];
  /** What the newest policy of subscriptions names. Absent: none was ever adopted. */
  readonly named?: NamedPrices;
}

type NamedPrices = Pick<SubscriptionPolicy, 'plans' | 'retired'>;

const reader = eventReader<PolicyAdopted>({
  PolicyAdopted: [z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), policy: z.unknown() })],
});

export const policyAggregate: Aggregate<Policies, PolicyAdopted> = {
  stream: () => 'policy',
  initial: () => ({ revision: -1, hashes: [] }),
  evolve: ({ revision, hashes, ...policies }, { data }) => ({
    ...policies,
    revision: revision + 1,
    hashes: [...hashes, data.hash],
    ...namedIn(data.policy),
  }),
  ...reader,
};

/** Read loosely: a newer release may have adopted it. */
const ofSubscriptions: z.ZodType<NamedPrices> = z.looseObject({
  type: z.literal('subscription'),
  plans: z.record(z.string(), z.array(z.string())),
  retired: z.exactOptional(z.array(z.string())),
});

function namedIn(policy: unknown): Pick<Policies, 'named'> {
  const { data } = ofSubscriptions.safeParse(policy);
  return data === undefined ? {} : { named: { plans: data.plans, ...(data.retired ? { retired: data.retired } : {}) } };
}

/** SHA-256 of the policy's text, hex. */
export function policyHash(policy: Policy): string {
  return sha256(policyText(policy));
}

function subscriptionPolicyHash(policy: SubscriptionPolicy): string {
  return sha256(subscriptionPolicyText(policy));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Makes a function that answers the policy's hash once the policy is adopted in the log. It asks the log once, and again
 * after a failure. The function throws what `transact` throws.
 */
export function policyAdoption(transactions: Transactions, policy: Policy): () => Promise<string> {
  return adoption(transactions, { hash: policyHash(policy), policy }, () => []);
}

/**
 * As `policyAdoption`. It also throws `invalid_input` where the policy before it in the log names a price that it lacks: who pays
 * that price, or whose time at it still runs, would be out.
 */
export function subscriptionPolicyAdoption(transactions: Transactions, policy: SubscriptionPolicy): () => Promise<string> {
  return adoption(transactions, { hash: subscriptionPolicyHash(policy), policy }, ({ named }) =>
    policyProblems(policy, named && { ...defaultSubscriptionPolicy, ...named }),
  );
}

function adoption(
  transactions: Transactions,
  adopting: PolicyAdopted['data'],
  problemsAfter: (policies: Policies) => readonly string[],
): () => Promise<string> {
  const { hash } = adopting;
  let adopted: Promise<unknown> | undefined; // Written by the function below: set by the first call, cleared by a failure.
  return async () => {
    adopted ??= transactions.transact(policyAggregate, '', { cause: 'adopt' }, (policies) => {
      if (policies.hashes.includes(hash)) return { events: [], answer: undefined, final: true };
      const [problem] = problemsAfter(policies);
      if (problem !== undefined) throw new LedgerError('invalid_input', `subscriptions.policy: ${problem}`);
      return { events: [{ type: 'PolicyAdopted' as const, data: adopting }], answer: undefined };
    });
    try {
      await adopted;
    } catch (error) {
      adopted = undefined;
      throw error;
    }
    return hash;
  };
}
