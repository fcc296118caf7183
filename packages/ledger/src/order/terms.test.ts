// Whether an order is placed on the terms on which it was placed before.
import { describe, expect, test } from 'vitest';
import { at, order1 } from './example-order.test-support.ts';
import { isSameOrder, placedOtherwise, termsInWords } from './terms.ts';

const { expected } = order1;
const allowing = (more?: true) => ({ ...order1, expected: { ...expected, allow: { ...expected.allow, ...(more ? { more } : {}) } } });

describe('the terms of an order', () => {
  test('are the same where it is placed again, whenever that is', () => {
    expect(placedOtherwise(order1, { ...order1, placedAt: at(9) })).toBeUndefined();
    expect(isSameOrder(order1, { ...order1, placedAt: at(9) })).toBe(true);
  });

  test('are neither the same nor others before it was placed', () => {
    expect(placedOtherwise(undefined, order1)).toBeUndefined();
    expect(isSameOrder(undefined, order1)).toBe(false);
  });

  test.each([
    [{ ...order1, memberId: 'member-2' }, 'memberId was member-1 and is member-2'],
    [{ ...order1, plan: 'monthly', account: 'acct_2' }, 'plan was yearly and is monthly, account was acct_1 and is acct_2'],
    [{ ...order1, expected: { ...expected, amountMinor: 999 } }, 'amountMinor was 1000 and is 999'],
    [{ ...order1, expected: { ...expected, currency: 'eur' } }, 'currency was usd and is eur'],
    [{ ...order1, expected: { ...expected, allow: { ...expected.allow, tax: false } } }, 'allow.tax was true and is false'],
    [{ ...order1, livemode: false }, 'livemode was true and is false'],
    [allowing(true), 'allow.more was false and is true'],
  ])('differ: %#', (given, words) => {
    const otherwise = placedOtherwise(order1, given);
    expect(otherwise?.outcome).toBe('differs');
    expect(termsInWords(otherwise?.terms ?? [])).toBe(words);
    expect(isSameOrder(order1, given)).toBe(false);
  });

  test('are the same where more is allowed as before', () => expect(isSameOrder(allowing(true), allowing(true))).toBe(true));
});
