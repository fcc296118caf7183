import { fc, test as fuzz } from '@fast-check/vitest';
import type { Statistics } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { percentages, roundTop, slot } from './svg.ts';
import { grantsIn, rescuedIn, verdictOf } from './verdict.ts';

type Day = Statistics['days'][number];

describe('per cents', () => {
  fuzz.prop([fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 12 })])(
    'sum to exactly 100, or to 0 where there is nothing',
    (values) => {
      const shares = percentages(values);
      const tenths = shares.reduce((sum, share) => sum + Math.round(share * 10), 0);
      expect(tenths).toBe(values.some((value) => value > 0) ? 1_000 : 0);
      shares.forEach((share, at) => {
        const exact =
          (100 * (values[at] ?? 0)) /
          Math.max(
            1,
            values.reduce((sum, value) => sum + value, 0),
          );
        expect(Math.abs(share - exact)).toBeLessThan(0.1 + 1e-9);
      });
    },
  );

  fuzz.prop([fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 20 })])(
    'bars stand beside one another, and within the picture',
    (count, from) => {
      let end = from - 0.1;
      for (let at = 0; at < count; at += 1) {
        const { x, width } = slot(at, count, from);
        expect(x).toBeGreaterThanOrEqual(end - 0.2);
        end = x + width;
      }
      expect(end).toBeLessThanOrEqual(100.3);
    },
  );

  test.each([
    [0, 2],
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 10],
    [11, 20],
    [61, 100],
    [101, 200],
  ])('the scale above %i ends at %i', (value, top) => {
    expect(roundTop(value)).toBe(top);
  });
});

/** A day with as many grants, of which some were rescued by the poll. */
const day = (name: string, grants: number, rescued = 0): Day => ({
  day: name,
  grants: { webhook: grants - rescued, poll: rescued, status_query: 0, manual: 0 },
  rescued: { poll: rescued, status_query: 0 },
});
const quiet = Array.from({ length: 28 }, (_, at) => day(`2026-10-${String(at + 1).padStart(2, '0')}`, 20));
const november = (change: Record<number, Day> = {}): readonly Day[] =>
  Array.from({ length: 30 }, (_, at) => change[at + 1] ?? day(`2026-11-${String(at + 1).padStart(2, '0')}`, 20));

describe('the verdict on rescued grants', () => {
  test('below 20 grants there is none', () => {
    expect(verdictOf([day('2026-11-01', 19, 6)], quiet)).toEqual({ kind: 'too_few' });
  });

  test('names the days with at least 5 rescued and more than a quarter, and what has been since', () => {
    const days = november({ 19: day('2026-11-19', 20, 6), 20: day('2026-11-20', 20, 15) });
    expect(verdictOf(days, quiet)).toEqual({
      kind: 'failed',
      days: ['2026-11-19', '2026-11-20'],
      count: 21,
      since: { from: '2026-11-21', share: 0, isUsual: true },
    });
  });

  test.each([
    ['4 rescued', day('2026-11-19', 8, 4)],
    ['a quarter exactly', day('2026-11-19', 20, 5)],
  ])('a day with %s has not failed', (_, calm) => {
    expect(verdictOf(november({ 19: calm }), quiet).kind).toBe('quiet');
  });

  test('where the last day has failed, nothing has been since', () => {
    expect(verdictOf(november({ 30: day('2026-11-30', 20, 15) }), quiet)).toEqual({ kind: 'failed', days: ['2026-11-30'], count: 15 });
  });

  test.each([
    [0.04, true],
    [0.05, false],
  ])('usual is up to twice the median of the weeks before: %f', (share, isUsual) => {
    // 2 % in each week before; the last 7 days have 700 grants.
    const before = quiet.map((each) => day(each.day, 100, 2));
    const days = november(Object.fromEntries(Array.from({ length: 7 }, (_, at) => [24 + at, day(`2026-11-${24 + at}`, 100, share * 100)])));
    expect(verdictOf(days, before)).toMatchObject({ kind: 'quiet', from: '2026-11-24', isUsual });
  });

  test('one bad week before does not make bad weeks usual', () => {
    const before = quiet.map((each, at) => day(each.day, 100, at < 7 ? 90 : 0));
    const days = november(Object.fromEntries(Array.from({ length: 7 }, (_, at) => [24 + at, day(`2026-11-${24 + at}`, 100, 20)])));
    expect(verdictOf(days, before)).toMatchObject({ isUsual: false });
  });

  test('a young shop has no usual share', () => {
    expect(verdictOf(november(), [])).toMatchObject({ kind: 'quiet', isUsual: undefined });
  });

  test('webhooks fail now where the last hours have rescued grants and no webhook', () => {
    expect(verdictOf(november(), quiet, { webhooks: 0, missed: 1 })).toEqual({ kind: 'failing_now' });
    expect(verdictOf(november(), quiet, { webhooks: 1, missed: 9 }).kind).toBe('quiet');
    expect(verdictOf(november(), quiet, { webhooks: 0, missed: 0 }).kind).toBe('quiet');
  });

  test('counts each source of grants, and of rescued ones', () => {
    const all: Day = {
      day: '2026-11-01',
      grants: { webhook: 1, poll: 2, status_query: 4, manual: 8 },
      rescued: { poll: 1, status_query: 2 },
    };
    expect([grantsIn(all), rescuedIn(all)]).toEqual([15, 3]);
  });
});
