// Whole intervals, counted from the anchor.
import { describe, expect, test } from 'vitest';
import { addIntervals, type Interval, periodAround } from './calendar.ts';

const at = (text: string): number => Date.parse(text) / 1_000;
const day = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 10);
const every = (interval: string, interval_count = 1): Interval => ({ interval, interval_count });

describe('an anchor on the 31st', () => {
  test('falls on the last day of shorter months, and comes back', () => {
    const anchor = at('2027-10-31T23:00:00Z');
    const days = [1, 2, 3, 4, 5, 6].map((times) => day(addIntervals(anchor, every('month'), times)));
    expect(days).toEqual(['2027-11-30', '2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30']);
  });

  test('of a leap year falls on the 28th', () => {
    expect(day(addIntervals(at('2028-02-29T00:00:00Z'), every('year'), 1))).toBe('2029-02-28');
    expect(day(addIntervals(at('2028-02-29T00:00:00Z'), every('year'), 4))).toBe('2032-02-29');
  });
});

describe('the period around a time', () => {
  test.each([
    [every('day'), '2026-03-15T12:00:00Z', '2026-03-15', '2026-03-16'],
    [every('week', 2), '2026-03-15T12:00:00Z', '2026-03-14', '2026-03-28'],
    [every('month'), '2026-03-31T11:59:59Z', '2026-02-28', '2026-03-31'],
    [every('month'), '2026-03-31T12:00:00Z', '2026-03-31', '2026-04-30'],
    [every('month', 3), '2027-12-01T00:00:00Z', '2027-10-31', '2028-01-31'],
    [every('year'), '2031-05-05T05:05:05Z', '2031-01-31', '2032-01-31'],
    // Before the anchor: the stretch that leads to it.
    [every('month'), '2026-01-10T00:00:00Z', '2025-12-31', '2026-01-31'],
  ])('%j, %s', (interval, time, start, end) => {
    const period = periodAround(at('2026-01-31T12:00:00Z'), interval, at(time));
    expect([day(period.start), day(period.end)]).toEqual([start, end]);
  });

  test('begins where the one before it ends, for ten years', () => {
    const anchor = at('2026-01-31T12:00:00Z');
    for (let now = anchor; now < at('2036-01-01T00:00:00Z'); ) {
      const { start, end } = periodAround(anchor, every('month'), now);
      expect(start).toBe(now);
      expect(end).toBeGreaterThan(start);
      now = end;
    }
  });
});
