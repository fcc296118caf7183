import { describe, expect, test } from 'vitest';
import { type Lasts, type PaidOrder, periodsOf } from './periods.ts';

const month = { days: 30 } satisfies Lasts;
const order = (membershipId: string, day: string, lasts: Lasts = month): PaidOrder => ({
  membershipId,
  paidAt: `${day}T12:00:00.000Z`,
  lasts,
});
const days = (active: readonly PaidOrder[]) =>
  periodsOf(active).map(({ membershipId, startsAt, endsAt }) => `${membershipId} ${startsAt.slice(0, 10)} ${endsAt?.slice(0, 10)}`);

describe('the periods of a member', () => {
  test('begin when the order was paid', () => {
    expect(periodsOf([order('a', '2026-01-01')])).toEqual([
      { membershipId: 'a', startsAt: '2026-01-01T12:00:00.000Z', endsAt: '2026-01-31T12:00:00.000Z' },
    ]);
  });

  test('a renewal before the end starts at the end', () => {
    expect(days([order('a', '2026-01-01'), order('b', '2026-01-20')])).toEqual(['a 2026-01-01 2026-01-31', 'b 2026-01-31 2026-03-02']);
  });

  test('a renewal after the end starts when it was paid', () => {
    expect(days([order('a', '2026-01-01'), order('b', '2026-03-15')])).toEqual(['a 2026-01-01 2026-01-31', 'b 2026-03-15 2026-04-14']);
  });

  test('where the first is refunded, the later ones move forward', () => {
    const [a, b, c] = [order('a', '2026-01-01'), order('b', '2026-01-20'), order('c', '2026-01-25')];
    expect(days([a, b, c])).toEqual(['a 2026-01-01 2026-01-31', 'b 2026-01-31 2026-03-02', 'c 2026-03-02 2026-04-01']);
    expect(days([b, c])).toEqual(['b 2026-01-20 2026-02-19', 'c 2026-02-19 2026-03-21']);
  });

  test('are the same, whatever the order in which they are known', () => {
    const orders = [order('a', '2026-01-01'), order('b', '2026-01-20'), order('c', '2026-01-20'), order('d', '2026-09-01')];
    expect(periodsOf(orders.toReversed())).toEqual(periodsOf(orders));
  });

  test('what lasts forever is after nothing, and nothing is after it', () => {
    expect(days([order('a', '2026-01-01'), order('f', '2026-01-05', 'forever'), order('b', '2026-01-20')])).toEqual([
      'a 2026-01-01 2026-01-31',
      'f 2026-01-05 undefined',
      'b 2026-01-31 2026-03-02',
    ]);
  });

  test.each([
    ['2026-01-31', 1, '2026-02-28'],
    ['2028-01-31', 1, '2028-02-29'],
    ['2026-03-31', 1, '2026-04-30'],
    ['2028-02-29', 12, '2029-02-28'],
    ['2026-11-30', 3, '2027-02-28'],
    ['2026-05-15', 12, '2027-05-15'],
  ])('from %s, %i months of the calendar end on %s', (paid, months, ends) => {
    expect(periodsOf([order('a', paid, { months })])[0]?.endsAt).toBe(`${ends}T12:00:00.000Z`);
  });
});
