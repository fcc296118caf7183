// Days of statistics as text. They are local days already, so no time zone is applied again.
import { dayText, type Locale, localDay } from '../components/format.ts';

/** @param day `2026-11-29` */
export function dayOf(locale: Locale, day: string): string {
  const today = localDay(locale.timeZone, locale.now);
  return dayText({ ...locale, timeZone: 'UTC', now: Date.parse(`${today}T12:00:00Z`) }, Date.parse(`${day}T12:00:00Z`));
}

/** `19 and 20 Nov`; `30 Nov and 1 Dec`. The newest four are named, and how many more there are. */
export function daysText(locale: Locale, days: readonly string[]): string {
  const { parts } = locale.words;
  const named = days.slice(-4);
  const more = days.length > named.length ? [parts.more(String(days.length - named.length))] : [];
  const months = new Set(named.map((day) => day.slice(0, 7)));
  const thisYear = localDay(locale.timeZone, locale.now).slice(0, 4);
  if (more.length === 0 && months.size === 1 && named[0]?.startsWith(thisYear) === true) {
    return parts.daysOfMonth(
      named.map((day) => Number(day.slice(8))),
      Number(named[0].slice(5, 7)),
    );
  }
  return parts.list([...more, ...named.map((day) => dayOf(locale, day))]);
}
