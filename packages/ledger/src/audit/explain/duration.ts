// How long something took, in words: `160 ms`, `1.8 s`, `66 s`, `7 min`, `2 h 14 min`, `3 days`.
import type { Language } from './language.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

interface Units {
  readonly ms: string;
  readonly s: string;
  readonly min: string;
  readonly h: string;
  readonly lastMin: string;
  days(count: number): string;
}

const units: Readonly<Record<Language, Units>> = {
  en: { ms: ' ms', s: ' s', min: ' min', h: ' h', lastMin: ' min', days: (count) => `${count} ${count === 1 ? 'day' : 'days'}` },
  'zh-TW': { ms: ' 毫秒', s: ' 秒', min: ' 分鐘', h: ' 小時', lastMin: ' 分', days: (count) => `${count} 天` },
};

/** @param ms 0 or more milliseconds. */
export function durationText(ms: number, language: Language): string {
  const { ms: millis, s, min, h, lastMin, days } = units[language];
  if (ms < second) return `${Math.round(ms)}${millis}`;
  if (ms < 9_950) return `${Math.round(ms / 100) / 10}${s}`;
  if (ms < 2 * minute) return `${Math.round(ms / second)}${s}`;
  if (ms < 2 * hour - minute / 2) return `${Math.round(ms / minute)}${min}`;
  if (ms < 2 * day) {
    const minutes = Math.round(ms / minute);
    return minutes % 60 === 0 ? `${minutes / 60}${h}` : `${Math.floor(minutes / 60)}${h} ${minutes % 60}${lastMin}`;
  }
  return days(Math.round(ms / day));
}
