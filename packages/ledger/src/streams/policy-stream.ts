// The stream `policy`: which policies were ever in force, named by their content. An order's append names its
// policy in its metadata, so that a later reader can repeat the decision.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { eventReader } from '../event-store/event-versions.ts';
import { type Policy, policyText } from '../order/policy.ts';
import type { Aggregate, Transactions } from './transact.ts';

export interface PolicyAdopted {
  readonly type: 'PolicyAdopted';
  /** `policy` is not checked: a newer release may adopt, in the same log, a policy with fields that this one does not know. */
  readonly data: { readonly hash: string; readonly policy: unknown };
}

interface Policies {
  readonly revision: number;
  readonly hashes: readonly string[];
}

const reader = eventReader<PolicyAdopted>({
  PolicyAdopted: [z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), policy: z.unknown() })],
});

export const policyAggregate: Aggregate<Policies, PolicyAdopted> = {
  stream: () => 'policy',
  initial: () => ({ revision: -1, hashes: [] }),
  evolve: (policies, { data }) => ({ revision: policies.revision + 1, hashes: [...policies.hashes, data.hash] }),
  ...reader,
};

/** SHA-256 of the policy's text, hex. */
export function policyHash(policy: Policy): string {
  return createHash('sha256').update(policyText(policy)).digest('hex');
}

/**
 * Makes a function that answers the policy's hash once the policy is adopted in the log. It asks the log once, and again
 * after a failure. The function throws what `transact` throws.
 */
export function policyAdoption(transactions: Transactions, policy: Policy): () => Promise<string> {
  const hash = policyHash(policy);
  let adopted: Promise<unknown> | undefined; // Written by the function below: set by the first call, cleared by a failure.
  return async () => {
    adopted ??= transactions.transact(policyAggregate, '', { cause: 'adopt' }, ({ hashes }) => ({
      events: hashes.includes(hash) ? [] : [{ type: 'PolicyAdopted' as const, data: { hash, policy } }],
      answer: undefined,
      final: true,
    }));
    try {
      await adopted;
    } catch (error) {
      adopted = undefined;
      throw error;
    }
    return hash;
  };
}
