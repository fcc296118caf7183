// Grants per day, stacked by the source that reported the payment first, with a table of the same numbers.
import type { Source, Statistics } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { numberText } from '../components/format.ts';
import { sourceClass, sourceText } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import { dayOf } from './days.ts';
import { fill, label, line, patterns, picture, roundTop, slot } from './svg.ts';
import { grantsIn } from './verdict.ts';

const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];
const top = 8;
const base = 146;
const left = 7;
/** Days between two labels. */
const week = 7;

export function grantsPicture(context: PageContext, days: Statistics['days']): Html {
  const { lang, words } = context;
  const scale = roundTop(Math.max(1, ...days.map(grantsIn)));
  const heightOf = (count: number): number => (count / scale) * (base - top);
  const grid = [0, scale / 2, scale].map(
    (count) =>
      html`${line(count === 0 ? 'base' : 'gl', base - heightOf(count), left)}${label(numberText(lang, count), left - 1, base - heightOf(count) + 4, 'end')}`,
  );
  const bars = days.map((day, at) => {
    const place = slot(at, days.length, left, 0.3);
    let y = base;
    const parts = sources.flatMap((source) => {
      const count = day.grants[source];
      if (count === 0) return [];
      const height = heightOf(count);
      y -= height;
      // A pixel between the parts, as long as something is left of them.
      const drawn = Math.max(1, Math.round(height) - 1);
      return [
        html`<rect ${fill('gr', sourceClass[source])} x="${place.x}%" width="${place.width}%" y="${Math.round(y)}" height="${drawn}"/>`,
      ];
    });
    const counts = sources
      .filter((source) => day.grants[source] > 0)
      .map((source) => `${sourceText(context, source)} ${day.grants[source]}`);
    return parts.length > 0 ? html`<g><title>${dayOf(context, day.day)}: ${counts.join(', ')}</title>${parts}</g>` : html``;
  });
  const labels = days.flatMap(({ day }, at) => {
    const fromEnd = days.length - 1 - at;
    if (fromEnd % week !== 0) return [];
    const { x, width } = slot(at, days.length, left, 0.3);
    return [fromEnd === 0 ? label(dayOf(context, day), 100, 163, 'end') : label(dayOf(context, day), x + width / 2, 163)];
  });
  const text = (source: Source): string => numberText(lang, totalOf(days, source));
  const all = numberText(
    lang,
    days.reduce((sum, day) => sum + grantsIn(day), 0),
  );
  const finding = words.pictures.grantsFinding(all, text('webhook'), text('poll'), text('status_query'), text('manual'));
  return html`<ul class="legend">${sources.map(
    (source) => html`<li><span class="key ${sourceClass[source]}">${sourceText(context, source)}</span> <b>${text(source)}</b></li>`,
  )}</ul>
${picture({ id: 'gr', height: 168, title: words.pictures.grantsTitle, finding }, [patterns('gr'), ...grid, ...bars, ...labels])}
${grantsTable(context, days)}`;
}

function totalOf(days: Statistics['days'], source: Source): number {
  return days.reduce((sum, { grants }) => sum + grants[source], 0);
}

/** Newest first. HTML needs no end of a cell, and there are 120. */
function grantsTable(context: PageContext, days: Statistics['days']): Html {
  const { words } = context;
  const heads = sources.map((source) => html`<th scope="col">${sourceText(context, source)}</th>`);
  const rows = days
    .toReversed()
    .map(({ day, grants }) => html`<tr><th scope="row">${dayOf(context, day)}</th>${sources.map((source) => html`<td>${grants[source]}`)}`);
  return html`<details class="astable"><summary>${words.parts.asTable}</summary><div class="scroll" tabindex="0" role="region" aria-label="${words.pictures.grants}"><table class="plain nums"><thead><tr><th scope="col">${words.pictures.day}</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
