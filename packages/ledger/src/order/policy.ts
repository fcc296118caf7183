// Policy as data: what a refund or a dispute does to access. New behaviour is a new field whose default is
// the old behaviour, so that an old log folds as it did.
import * as z from 'zod';

/** What refunds, disputes and a second payment do to access. */
export interface Policy {
  /** What a refund of the whole payment does. Default `revoke`. */
  readonly fullRefund: 'revoke' | 'keep';
  /** What a refund of a part of the payment does. Default `keep`. */
  readonly partialRefund: 'revoke' | 'keep';
  /** What an open dispute does. Default `suspend`. */
  readonly openDispute: 'suspend' | 'keep';
  /** What a lost dispute does. Default `revoke`. If it is won later, access is restored. */
  readonly lostDispute: 'revoke' | 'keep';
  /** What a bank debit that failed after it had succeeded does (ACH, SEPA). Default `revoke`. */
  readonly returnedDebit: 'revoke' | 'suspend';
  /**
   * What a new good payment on a revoked order does. `restore` (the default) gives access back and opens a review.
   * `review` waits for a person's resolution; access then depends on the order of arrival.
   */
  readonly paidAgain: 'restore' | 'review';
  /**
   * Which rules of decision apply. Absent: the first ones. `2` (the default) judges by the money: a part lost in a dispute
   * counts as a part refunded, refunds beyond what was received open a review and undo nothing, and a dispute that was both
   * won and lost is lost until money moves again. An order decided under the first rules is judged anew when a fact next changes.
   */
  readonly rules?: 2;
}

/** A policy as it is asked for. Fields that are missing take their defaults. `rules: 1`: the first rules of decision. */
export type PolicyOptions = Partial<Omit<Policy, 'rules'>> & { readonly rules?: 1 | 2 };

export const defaultPolicy: Policy = {
  fullRefund: 'revoke',
  partialRefund: 'keep',
  openDispute: 'suspend',
  lostDispute: 'revoke',
  returnedDebit: 'revoke',
  paidAgain: 'restore',
  rules: 2,
};

/** Its order is the order of the fields in the text. A new field goes to the end. */
const fields = {
  fullRefund: z.enum(['revoke', 'keep']),
  partialRefund: z.enum(['revoke', 'keep']),
  openDispute: z.enum(['suspend', 'keep']),
  lostDispute: z.enum(['revoke', 'keep']),
  returnedDebit: z.enum(['revoke', 'suspend']),
  paidAgain: z.enum(['restore', 'review']),
  rules: z.exactOptional(z.literal(2)),
} satisfies { readonly [Field in keyof Policy]-?: z.ZodType<Policy[Field]> };

export const policySchema: z.ZodType<Policy> = z.strictObject(fields);

/** The policy that is asked for, not checked yet. The first rules are a policy without the field, as their logs have it. */
export function withDefaults({ rules = 2, ...asked }: PolicyOptions): Policy {
  const { rules: _, ...defaults } = defaultPolicy;
  return { ...defaults, ...asked, ...(rules === 1 ? {} : { rules }) };
}

/**
 * One text for one policy: the fields that it has, in the order of the schema. Its SHA-256 names the policy in the log.
 * A field that the policy of an older log lacks is absent, never filled in: else its name would change.
 */
export function policyText(policy: Policy): string {
  return JSON.stringify(policy, Object.keys(fields));
}
