import { expect, test } from 'vitest';
import { policyHash } from '../streams/policy-stream.ts';
import { defaultPolicy, type Policy, policySchema, policyText } from './policy.ts';

test('one policy has one text, in whatever order its fields were written', () => {
  const backwards = Object.fromEntries(Object.entries(defaultPolicy).reverse()) as unknown as Policy;
  expect(policyText(backwards)).toBe(policyText(defaultPolicy));
});

// printf '%s' '{"fullRefund":"revoke",…}' | sha256sum. It stands in every log: a default that changes is a new policy.
test('the default policy has the name that logs know it by', () => {
  expect(policyText(defaultPolicy)).toBe(
    '{"fullRefund":"revoke","partialRefund":"keep","openDispute":"suspend","lostDispute":"revoke","returnedDebit":"revoke","paidAgain":"restore"}',
  );
  expect(policyHash(defaultPolicy)).toBe('30628f2c43b40e6f6deec677b5a62db95ab9a69cb7c7fecf2328fe748a3b537a');
});

test('each field makes another policy', () => {
  const others: readonly Partial<Policy>[] = [
    { fullRefund: 'keep' },
    { partialRefund: 'revoke' },
    { openDispute: 'keep' },
    { lostDispute: 'keep' },
    { returnedDebit: 'suspend' },
    { paidAgain: 'review' },
  ];
  expect(new Set(others.map((other) => policyText({ ...defaultPolicy, ...other }))).size).toBe(6);
  for (const other of others) expect(policySchema.safeParse({ ...defaultPolicy, ...other }).success).toBe(true);
});

test('a value that the field does not know is refused', () => {
  for (const field of Object.keys(defaultPolicy))
    expect(policySchema.safeParse({ ...defaultPolicy, [field]: 'maybe' }).success).toBe(false);
});
