import { describe, expect, test } from 'vitest';
import { parse } from '../input.ts';
import {
  defaultSubscriptionPolicy,
  policyProblems,
  type SubscriptionPolicy,
  subscriptionPolicySchema,
  subscriptionPolicyText,
  withSubscriptionDefaults,
} from './policy.ts';

const plans = { silver: ['price_month', 'price_year'], gold: ['prod_gold'] };
const policy: SubscriptionPolicy = withSubscriptionDefaults({ plans });

test('the default policy is a policy, and may be adopted', () => {
  expect(parse(subscriptionPolicySchema, defaultSubscriptionPolicy, 'policy')).toEqual(defaultSubscriptionPolicy);
  expect(policyProblems(defaultSubscriptionPolicy)).toEqual([]);
});

test('an unknown or misspelt field is refused', () => {
  expect(() => parse(subscriptionPolicySchema, { ...policy, trials: 'grant' }, 'policy')).toThrow('trials');
  expect(() => parse(subscriptionPolicySchema, { ...policy, trial: 'yes' }, 'policy')).toThrow('policy.trial');
});

test('each word of each field is accepted, and so are as many prices as may be named', () => {
  const words = {
    trial: ['none', 'grant'],
    free: ['grant', 'none'],
    netTerms: ['grace', 'none'],
    fullRefund: ['revoke', 'keep'],
    partialRefund: ['keep', 'revoke'],
    openDispute: ['suspend', 'keep'],
    lostDispute: ['revoke', 'keep'],
    returnedDebit: ['revoke', 'suspend'],
    canceledNow: ['end', 'run_out'],
    collectionPaused: ['run_out', 'suspend'],
  } satisfies { readonly [Field in keyof SubscriptionPolicy]?: readonly SubscriptionPolicy[Field][] };
  for (const [field, values] of Object.entries(words)) {
    for (const value of values)
      expect(parse(subscriptionPolicySchema, { ...policy, [field]: value }, 'policy')).toMatchObject({ [field]: value });
  }
  const prices = (count: number) => ({ ...policy, plans: { silver: Array.from({ length: count }, (_, n) => `price_${n}`) } });
  expect(() => parse(subscriptionPolicySchema, prices(1_000), 'policy')).not.toThrow();
  expect(() => parse(subscriptionPolicySchema, prices(1_001), 'policy')).toThrow('policy.plans.silver');
});

describe('the text that names it', () => {
  test('stays for ever: its hash stands in logs', () => {
    expect(subscriptionPolicyText(policy)).toBe(
      '[["type","subscription"],["plans",{"gold":["prod_gold"],"silver":["price_month","price_year"]}],' +
        '["renewalGraceHours",72],["dunningGraceDays",16],["trial","none"],["free","grant"],["netTerms","grace"],' +
        '["fullRefund","revoke"],["partialRefund","keep"],["openDispute","suspend"],["lostDispute","revoke"],' +
        '["returnedDebit","revoke"],["canceledNow","end"],["collectionPaused","run_out"]]',
    );
    const retired = ['price_old', 'price_older'];
    const text = subscriptionPolicyText({ ...policy, retired });
    expect(text).toContain('}],["retired",["price_old","price_older"]],["renewalGraceHours"');
    expect(subscriptionPolicyText({ ...policy, retired: retired.reverse() })).toBe(text);
  });
  test('is one text for one policy, whatever the order of fields, plans and prices', () => {
    const other: SubscriptionPolicy = { ...policy, plans: { gold: ['prod_gold'], silver: ['price_year', 'price_month'] } };
    const turned = Object.fromEntries(Object.entries(other).reverse()) as unknown as SubscriptionPolicy;
    expect(subscriptionPolicyText(turned)).toBe(subscriptionPolicyText(policy));
  });
  test('is another one where any field differs', () => {
    const texts = [
      policy,
      { ...policy, retired: ['price_old'] },
      { ...policy, plans: { ...plans, gold: ['price_gold'] } },
      { ...policy, plans: { silver: plans.silver, golden: plans.gold } },
      { ...policy, renewalGraceHours: 71 },
      { ...policy, collectionPaused: 'suspend' as const },
    ].map(subscriptionPolicyText);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe('a policy is refused', () => {
  const problem = (differs: Partial<SubscriptionPolicy>, previous?: SubscriptionPolicy): readonly string[] =>
    policyProblems({ ...policy, ...differs }, previous);

  test.each([
    ['with a price in two plans', { plans: { silver: ['price_1'], gold: ['price_1'] } }, /price_1 stands in the plans silver and gold/],
    ['with a plan of no price', { plans: { silver: [] } }, /The plan silver has no price/],
    ['with a grace of renewals beyond 60 days', { renewalGraceHours: 1_441 }, /renewalGraceHours is 1441/],
    ['with a grace of dunning beyond 60 days', { dunningGraceDays: 61 }, /dunningGraceDays is 61/],
    ['where a part takes away what the whole keeps', { fullRefund: 'keep', partialRefund: 'revoke' }, /give access back/],
  ] as const)('%s', (_, differs, sentence) => {
    expect(problem(differs)).toEqual([expect.stringMatching(sentence)]);
  });
  test('and not where the whole alone keeps, or a part takes away as the whole does', () => {
    expect(problem({ fullRefund: 'keep' })).toEqual([]);
    expect(problem({ partialRefund: 'revoke' })).toEqual([]);
  });
  test('at the bounds it is adopted', () => expect(problem({ renewalGraceHours: 1_440, dunningGraceDays: 60 })).toEqual([]));

  test('without a price that the one before it named: who pays it would be out', () => {
    const next = { plans: { silver: ['price_month'], gold: ['prod_gold'] } };
    expect(problem(next, policy)).toEqual([expect.stringMatching(/^price_year was in the plan silver/)]);
    expect(problem({ ...next, retired: ['price_year'] }, policy)).toEqual([]);
    expect(problem({ plans: { platinum: [...plans.silver, ...plans.gold] } }, policy)).toEqual([]);
    expect(problem({ plans: {} }, policy)).toEqual([]); // Without plans every line counts.
  });
  test('without a price that was retired before: time that was paid at it may still run', () => {
    const before = { ...policy, retired: ['price_old'] };
    expect(problem({}, before)).toEqual([expect.stringMatching(/^price_old was retired/)]);
    expect(problem({ retired: ['price_old'] }, before)).toEqual([]);
    expect(problem({ plans: { ...plans, gold: ['prod_gold', 'price_old'] } }, before)).toEqual([]);
  });
  test('where it is the first that names plans, all prices are new, and none is missed', () => {
    expect(problem({}, defaultSubscriptionPolicy)).toEqual([]);
  });
});
