import { expect, test } from 'vitest';
import { defined } from '../defined.ts';
import { policyHash } from '../streams/policy-stream.ts';
import { defaultPolicy, type Policy, policySchema, policyText, withDefaults } from './policy.ts';

/** The default of the first releases. It names the policy of the logs that they wrote. */
const { rules: _, ...firstDefault } = defaultPolicy;

test('a policy without rules keeps the name that the first releases gave it', () => {
  expect(policyHash(firstDefault)).toBe('30628f2c43b40e6f6deec677b5a62db95ab9a69cb7c7fecf2328fe748a3b537a');
});

test('one policy has one text, in whatever order its fields were written', () => {
  const backwards = Object.fromEntries(Object.entries(defaultPolicy).reverse()) as unknown as Policy;
  expect(policyText(backwards)).toBe(policyText(defaultPolicy));
});

// printf '%s' '{"fullRefund":"revoke",…}' | sha256sum. It stands in every log: a default that changes is a new policy.
test('the default policy has the name that logs know it by', () => {
  expect(policyText(defaultPolicy)).toBe(
    '{"fullRefund":"revoke","partialRefund":"keep","openDispute":"suspend","lostDispute":"revoke","returnedDebit":"revoke","paidAgain":"restore","rules":2}',
  );
  expect(policyHash(defaultPolicy)).toBe('631385384c81c2a75bf66dde257f6d63384f24872dbbcbce1e79067450b7df90');
});

/** Another value of each field. A field that is added to the policy must be added here, or the types do not hold. */
const others: { readonly [Field in keyof Policy]-?: Policy[Field] | undefined } = {
  fullRefund: 'keep',
  partialRefund: 'revoke',
  openDispute: 'keep',
  lostDispute: 'keep',
  returnedDebit: 'suspend',
  paidAgain: 'review',
  rules: undefined, // The first rules: the field is absent.
};

test.each(Object.keys(defaultPolicy) as (keyof Policy)[])('another %s is another policy', (field) => {
  const { [field]: _, ...rest } = defaultPolicy;
  const other = { ...rest, ...defined({ [field]: others[field] }) } as Policy;
  expect(other[field]).not.toBe(defaultPolicy[field]);
  expect(policySchema.safeParse(other).success).toBe(true);
  expect(policyHash(other)).not.toBe(policyHash(defaultPolicy));
});

test('every field of the policy has another value above, and a default', () => {
  expect(Object.keys(others).toSorted()).toEqual(Object.keys(defaultPolicy).toSorted());
});

test.each(Object.keys(defaultPolicy) as (keyof Policy)[])('a policy of an older log without %s keeps the text that it had', (field) => {
  const { [field]: _, ...older } = defaultPolicy;
  expect(policyText(older as Policy)).toBe(JSON.stringify(older));
});

test('a policy that is asked for has the defaults where it says nothing, and the first rules without a field', () => {
  expect(withDefaults({})).toEqual(defaultPolicy);
  expect(withDefaults({ rules: 2, fullRefund: 'keep' })).toEqual({ ...defaultPolicy, fullRefund: 'keep' });
  expect(withDefaults({ rules: 1 })).toStrictEqual(firstDefault);
});

test('a value that the field does not know is refused', () => {
  for (const field of Object.keys(defaultPolicy))
    expect(policySchema.safeParse({ ...defaultPolicy, [field]: 'maybe' }).success).toBe(false);
});
