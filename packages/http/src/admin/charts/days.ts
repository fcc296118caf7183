// Days of statistics as text. They are local days already, so no time zone is applied again.
import { dayText, type Locale, localDay } from '../components/format.ts';

/** @param day `2026-11-29` */
export function dayOf(locale: Locale, day: string): string {
  const today = localDay(locale.timeZone, locale.now);
  return dayText({ ...locale, timeZone: 'UTC', now: Date.parse(`${today}T12:00:00Z`) }, Date.parse(`${day}T12:00:00Z`));
}

/** `19 Nov and 20 Nov` as `19 and 20 Nov` would be shorter, and wrong at the end of a month. At most four are named. */
export function daysText(locale: Locale, days: readonly string[]): string {
  const { parts } = locale.words;
  const named = days.slice(-4).map((day) => dayOf(locale, day));
  return parts.list(days.length > named.length ? [parts.more(String(days.length - named.length)), ...named] : named);
}
