// How long a stage took: orders by duration, with heights by the square root so that few are seen beside many.
import type { Latency } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { duration } from '../components/format.ts';
import type { PageContext } from '../page-context.ts';
import { bars, label, line, picture, slot } from './svg.ts';

const base = 70;
const highest = 52;
/** Buckets up to this one are at most a minute. */
const withinMinute = 4;

export function latencyPicture(context: PageContext, id: string, title: string, latency: Latency, tone: 'webhook' | 'query'): Html {
  const { lang, words } = context;
  const { p50Ms, p95Ms, p99Ms, buckets } = latency;
  const isKnown = p50Ms !== undefined && p95Ms !== undefined && p99Ms !== undefined;
  const finding = isKnown
    ? words.pictures.latencyFinding(duration(context, p50Ms), duration(context, p95Ms), duration(context, p99Ms))
    : words.pictures.latencyNone;
  const most = Math.sqrt(Math.max(1, ...buckets));
  const short = new Intl.NumberFormat(lang, { notation: 'compact' });
  const full = buckets.flatMap((count, at) => {
    if (count === 0) return [];
    const height = Math.max(2, (Math.sqrt(count) / most) * highest);
    const place = slot(at, buckets.length, 0, 0.24);
    const text = count < 10_000 ? count.toLocaleString(lang) : short.format(count);
    const tall = { tone: at < withinMinute ? tone : 'warn', place, height };
    return [{ tall, count: label(text, place.x + place.width / 2, base - height - 4) }];
  });
  const labels = bucketLabels(context).map((text, at, all) => {
    const { x, width } = slot(at, all.length, 0, 0.24);
    return label(text, x + width / 2, 86);
  });
  const percentiles =
    isKnown &&
    html`<dl class="three">${(
      [
        ['p50', p50Ms],
        ['p95', p95Ms],
        ['p99', p99Ms],
      ] as const
    ).map(([name, ms]) => html`<div><dt>${name}</dt><dd>${duration(context, ms)}</dd></div>`)}</dl>`;
  return html`<div class="tight"><div class="head"><h3>${title}</h3>${percentiles}</div>
${picture({ id, height: 92, title, finding }, [
  line('base', base),
  ...bars(
    base,
    full.map(({ tall }) => tall),
  ),
  ...full.map(({ count }) => count),
  ...labels,
])}</div>`;
}

function bucketLabels({ words: { parts, pictures } }: PageContext): readonly string[] {
  const { bucketMinute, bucketHour, bucketDay, bucketMore } = pictures;
  return [...['1', '5', '15'].map(parts.seconds), ...[1, 5, 15].map(bucketMinute), ...[1, 6].map(bucketHour), bucketDay(1), bucketMore];
}
