// Policy as data: what a refund or a dispute does to access. New behaviour is a new field whose default is
// the old behaviour, so that an old log folds as it did.
import * as z from 'zod';

export interface Policy {
  /** The whole payment was refunded. Default `revoke`. */
  readonly fullRefund: 'revoke' | 'keep';
  /** A part of it was. Default `keep`. */
  readonly partialRefund: 'revoke' | 'keep';
  /** A dispute is being fought. Default `suspend`. */
  readonly openDispute: 'suspend' | 'keep';
  /** Default `revoke`. A dispute won later restores. */
  readonly lostDispute: 'revoke' | 'keep';
  /** A bank debit that failed after it had succeeded. Default `revoke`. */
  readonly returnedDebit: 'revoke' | 'suspend';
  /**
   * A new good payment on a revoked order. `restore` (the default) gives access back and opens a review;
   * with `review` a person must say so first, and then access depends on the order of arrival.
   */
  readonly paidAgain: 'restore' | 'review';
}

export const defaultPolicy: Policy = {
  fullRefund: 'revoke',
  partialRefund: 'keep',
  openDispute: 'suspend',
  lostDispute: 'revoke',
  returnedDebit: 'revoke',
  paidAgain: 'restore',
};

/** Its order is the order of the fields in the text. A new field goes to the end. */
const fields = {
  fullRefund: z.enum(['revoke', 'keep']),
  partialRefund: z.enum(['revoke', 'keep']),
  openDispute: z.enum(['suspend', 'keep']),
  lostDispute: z.enum(['revoke', 'keep']),
  returnedDebit: z.enum(['revoke', 'suspend']),
  paidAgain: z.enum(['restore', 'review']),
} satisfies { readonly [Field in keyof Policy]-?: z.ZodType<Policy[Field]> };

export const policySchema: z.ZodType<Policy> = z.strictObject(fields);

/**
 * One text for one policy: the fields that it has, in the order of the schema. Its SHA-256 names the policy in the log.
 * A field that the policy of an older log lacks is absent, never filled in: else its name would change.
 */
export function policyText(policy: Policy): string {
  return JSON.stringify(policy, Object.keys(fields));
}
