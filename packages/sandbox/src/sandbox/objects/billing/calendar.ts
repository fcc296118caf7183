// Billing periods: whole intervals, counted from the anchor. An anchor on the 31st falls on the last day of shorter months.
import type { Period } from '../../state/billing-records.ts';

export interface Interval {
  readonly interval: string;
  readonly interval_count: number;
}

export const DAY_SECONDS = 86_400;
const ABOUT_SECONDS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, year: 366 };

/** The anchor moved by a number of intervals, which may be negative. Unix seconds. */
export function addIntervals(anchor: number, { interval, interval_count: count }: Interval, times: number): number {
  const number = count * times;
  if (interval === 'day' || interval === 'week') return anchor + number * DAY_SECONDS * (interval === 'week' ? 7 : 1);
  const at = new Date(anchor * 1_000);
  const month = at.getUTCMonth() + (interval === 'year' ? 12 : 1) * number;
  const year = at.getUTCFullYear();
  const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const midnight = Date.UTC(year, month, Math.min(at.getUTCDate(), daysInMonth)) / 1_000;
  return midnight + (anchor % DAY_SECONDS);
}

/** The period that `at` lies in: from its start on, and before its end. */
export function periodAround(anchor: number, interval: Interval, at: number): Period {
  const about = (ABOUT_SECONDS[interval.interval] ?? 1) * DAY_SECONDS * interval.interval_count;
  let times = Math.floor((at - anchor) / about) - (at < anchor ? 1 : 0);
  while (addIntervals(anchor, interval, times + 1) <= at) times += 1;
  while (addIntervals(anchor, interval, times) > at) times -= 1;
  return { start: addIntervals(anchor, interval, times), end: addIntervals(anchor, interval, times + 1) };
}
