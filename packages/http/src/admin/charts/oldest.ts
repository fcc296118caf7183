// The oldest decision that the shop had not saved, over time: the worst of each slot, and the limit at which an alert begins.
import type { Statistics } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { dayText, duration, localDay } from '../components/format.ts';
import type { PageContext } from '../page-context.ts';
import { daysText } from './days.ts';
import { bars, label, line, picture, slot } from './svg.ts';

const base = 190;
const top = 14;
const left = 9;
const minute = 60_000;
const hour = 60 * minute;
const limitMs = 5 * minute;
/** The upper edge: the least of these that is enough. */
const tops: readonly number[] = [hour / 2, hour, 4 * hour, 12 * hour, 48 * hour, 96 * hour];

export function oldestPicture(context: PageContext, oldest: Statistics['oldest']): Html {
  const { words } = context;
  const most = Math.max(0, ...oldest.map(({ ageMs }) => ageMs));
  const scale = tops.find((each) => each >= most) ?? most;
  const y = (ms: number): number => base - Math.sqrt(ms / scale) * (base - top);
  const drawn = oldest.flatMap(({ ageMs }, at) =>
    ageMs > 0 ? [{ tone: ageMs > limitMs ? 'bad' : 'mute', place: slot(at, oldest.length, left), height: base - y(ageMs) }] : [],
  );
  const marks = [scale / 4, scale]
    .filter((ms) => ms > 2 * limitMs)
    .map((ms) => html`${line('gl', y(ms), left)}${label(axisText(context, ms), left - 1, y(ms) + 4, 'end')}`);
  const limit = html`${line('limit', y(limitMs), left)}${label(axisText(context, limitMs), left - 1, y(limitMs) + 4, 'end')}`;
  return picture({ id: 'ow', height: 214, title: words.pictures.oldestTitle, finding: findingOf(context, oldest, most) }, [
    ...marks,
    ...bars(base, drawn),
    limit,
    line('base', base, left),
    ...dayLabels(context, oldest),
  ]);
}

/** Short, for the narrow margin: `5 m`, `4 h`. */
function axisText({ words: { pictures } }: PageContext, ms: number): string {
  return ms < hour ? pictures.bucketMinute(Math.round(ms / minute)) : pictures.bucketHour(Math.round(ms / hour));
}

function findingOf(context: PageContext, oldest: Statistics['oldest'], most: number): string {
  const { pictures } = context.words;
  if (most <= 0) return pictures.oldestNone;
  if (most <= limitMs) return pictures.oldestFine(duration(context, most));
  const days = new Set(oldest.filter(({ ageMs }) => ageMs > limitMs).map(({ from }) => localDay(context.timeZone, Date.parse(from))));
  return pictures.oldestFinding(daysText(context, [...days]), duration(context, most));
}

/** Every other day, in the middle of its slots, where there is room for the text. */
function dayLabels(context: PageContext, oldest: Statistics['oldest']): readonly Html[] {
  const days = new Map<string, number[]>();
  oldest.forEach(({ from }, at) => {
    const day = localDay(context.timeZone, Date.parse(from));
    days.set(day, [...(days.get(day) ?? []), at]);
  });
  const whole = [...days].filter(([, slots]) => slots.length * days.size >= oldest.length / 2).toReversed();
  return whole
    .filter((_, at) => at % 2 === 0)
    .map(([, slots]) => {
      const middle = slots[Math.floor(slots.length / 2)] ?? 0;
      const { x } = slot(middle, oldest.length, left);
      const text = dayText(context, Date.parse(oldest[middle]?.from ?? ''));
      return x > 93 ? label(text, 100, 208, 'end') : label(text, x, 208);
    });
}
