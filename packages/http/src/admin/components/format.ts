// Numbers, durations, money and local times as text in a language. Pure: the time zone and the time of now are given.
import { decimalsOf, decimalText } from '@paidonce/ledger/adapter';
import type { Language } from '../../console-call.ts';
import type { Words } from '../words.ts';

/** What every format needs. A `PageContext` is one. */
export interface Locale {
  readonly lang: Language;
  readonly words: Words;
  readonly timeZone: string;
  readonly now: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `160 ms · 1.8 s · 66 s · 7 min · 2 h 14 min · 3 days`: two steps of a scale at most. Negative ones count as 0. */
export function duration({ lang, words: { parts } }: Locale, ms: number): string {
  if (!(ms >= 0.5)) return parts.ms('0');
  if (ms < 995) return parts.ms(roundTo(ms, ms < 95 ? 1 : 10));
  if (ms < 9.95 * second) return parts.seconds(numberText(lang, Math.round(ms / 100) / 10));
  if (ms < 120 * second) return parts.seconds(roundTo(ms / second, 1));
  if (ms < 120 * minute) return parts.minutes(Math.floor(ms / minute));
  if (ms >= 2 * day) return parts.days(Math.floor(ms / day));
  const hours = Math.floor(ms / hour);
  const minutes = Math.floor((ms - hours * hour) / minute);
  return minutes === 0 ? parts.hours(hours) : parts.hoursMinutes(hours, minutes);
}

function roundTo(value: number, step: number): string {
  return String(Math.round(value / step) * step);
}

/** How long ago a time is. A time ahead of our clock counts as now. */
export function age(locale: Locale, iso: string): string {
  return duration(locale, locale.now - Date.parse(iso));
}

/** The value of a key, made once. The cache is bounded: a cookie names the zone, and each costs memory. */
function kept<T>(cache: Map<string, T>, most: number, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= most) cache.clear();
  const made = make();
  cache.set(key, made);
  return made;
}

const numbers = new Map<string, Intl.NumberFormat>();
const formatsKept = 50;

function numberFormat(lang: Language, digits: number): Intl.NumberFormat {
  const fractionDigits = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return kept(numbers, formatsKept, `${lang} ${digits}`, () => new Intl.NumberFormat(lang, fractionDigits));
}

export function numberText(lang: Language, value: number, digits: number = Number.isInteger(value) ? 0 : 1): string {
  return numberFormat(lang, digits).format(value).replace(/^-/, '−');
}

/** A share of 1 as per cent with one decimal; 0 and 1 without. */
export function percentText({ lang, words }: Locale, share: number): string {
  const percent = share * 100;
  return words.parts.percent(numberText(lang, percent, percent === 0 || percent === 100 ? 0 : 1));
}

/**
 * An amount with Stripe's decimals and the code behind it: `2,900.00 TWD`. Exact: the text is formatted, not a float.
 *
 * @param sign `always`: a plus sign too, as for a difference.
 */
export function moneyText(lang: Language, amountMinor: number, currency: string, sign: 'auto' | 'always' = 'auto'): string {
  const text = numberFormat(lang, decimalsOf(currency)).format(decimalText(Math.abs(amountMinor), currency) as `${number}`);
  const before = amountMinor < 0 ? '−' : sign === 'always' && amountMinor > 0 ? '+' : '';
  return `${before}${text} ${currency.toUpperCase()}`;
}

/** A time as a clock on a wall shows it. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** `09:41` and `09:41:07`. */
  readonly minute: string;
  readonly second: string;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  return kept(clocks, formatsKept, timeZone, () => new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...parts }));
}

/** A page asks for the same seconds again and again: its own time, the days of its pictures. */
const localTimes = new Map<string, LocalTime>();
const localTimesKept = 500;

export function localTime(timeZone: string, time: number): LocalTime {
  return kept(localTimes, localTimesKept, `${Math.floor(time / 1_000)} ${timeZone}`, () => readClock(timeZone, time));
}

function readClock(timeZone: string, time: number): LocalTime {
  const part: Record<string, string> = {};
  for (const { type, value } of clockOf(timeZone).formatToParts(time)) part[type] = value;
  const minute = `${part['hour']}:${part['minute']}`;
  return {
    year: Number(part['year']),
    month: Number(part['month']),
    day: Number(part['day']),
    minute,
    second: `${minute}:${part['second']}`,
  };
}

/** `29 Nov`, with the year where it is not this one. */
export function dayText({ words: { parts }, timeZone, now }: Locale, time: number): string {
  const { year, month, day } = localTime(timeZone, time);
  return year === localTime(timeZone, now).year ? parts.day(day, month) : parts.dayOfYear(day, month, year);
}

/** `29 Nov 09:41`. */
export function dayTimeText(locale: Locale, time: number): string {
  return `${dayText(locale, time)} ${localTime(locale.timeZone, time).minute}`;
}

/** `2026-11-29`, for comparing days. */
export function localDay(timeZone: string, time: number): string {
  const { year, month, day } = localTime(timeZone, time);
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

const offsetClocks = new Map<string, Intl.DateTimeFormat>();

function offsetClockOf(timeZone: string): Intl.DateTimeFormat {
  return kept(offsetClocks, formatsKept, timeZone, () => new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'shortOffset' }));
}

/** `UTC`, `UTC+8`, `UTC-3:30`. */
export function offsetText(timeZone: string, now: number): string {
  const parts = offsetClockOf(timeZone).formatToParts(now);
  return (
    parts
      .find(({ type }) => type === 'timeZoneName')
      ?.value.replace('GMT', 'UTC')
      .replace(/\+0$/, '') ?? 'UTC'
  );
}

/** Whole hours that the zone is ahead of UTC, rounded down: what `statistics` counts its days by. */
export function offsetHours(timeZone: string, now: number): number {
  const [, sign = '+', hours = '0', minutes = '0'] = /^UTC([+-])(\d+)(?::(\d+))?$/.exec(offsetText(timeZone, now)) ?? [];
  return Math.floor(((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))) / 60) || 0;
}
