// What all pictures share. SVG without viewBox: x in per cent, y in pixels, so that bars stretch and text stays readable at any
// width. No style, no script: classes of the sheet alone. Each has a title, and a finding for those who do not see it.
import { type Html, html } from '../../html.ts';

export interface Picture {
  /** Differs for each picture of a page. */
  readonly id: string;
  readonly height: number;
  readonly title: string;
  /** What it shows, in words: the finding, not the axes. */
  readonly finding: string;
}

export function picture({ id, height, title, finding }: Picture, body: readonly Html[] | Html): Html {
  return html`<svg class="pic" height="${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${finding}</desc>${body}</svg>`;
}

/** One decimal at most. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/**
 * Shares in per cent with one decimal, whose sum is exactly 100 (all 0 where the values are): the largest remainders get what
 * rounding down leaves.
 */
export function percentages(values: readonly number[]): readonly number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total <= 0) return values.map(() => 0);
  const exact = values.map((value) => (value / total) * 1_000);
  const tenths = exact.map(Math.floor);
  const missing = 1_000 - tenths.reduce((sum, value) => sum + value, 0);
  const byRemainder = exact
    .map((value, at) => ({ at, rest: value - Math.floor(value) }))
    .toSorted((a, b) => b.rest - a.rest || a.at - b.at);
  for (const { at } of byRemainder.slice(0, missing)) tenths[at] = (tenths[at] ?? 0) + 1;
  return tenths.map((value) => value / 10);
}

/** Where bar number `at` of `count` stands between `from` and 100 per cent, with its gap to the right. */
export function slot(at: number, count: number, from: number = 0, gapShare: number = 0.2): { readonly x: number; readonly width: number } {
  const step = (100 - from) / count;
  const x = rounded(from + (at + gapShare / 2) * step);
  return { x, width: Math.max(0.3, rounded(step * (1 - gapShare))) };
}

export interface Bar {
  readonly tone: string;
  readonly place: { readonly x: number; readonly width: number };
  /** At least 2 pixels are drawn, so that few are not none. */
  readonly height: number;
}

/** Bars that stand on one line. Neighbours of a tone are a group: the page is lighter by its name for each. */
export function bars(base: number, list: readonly Bar[]): readonly Html[] {
  const groups: { readonly tone: string; readonly rects: Html[] }[] = [];
  for (const { tone, place, height } of list) {
    const drawn = Math.round(Math.max(2, height));
    const rect = html`<rect x="${place.x}%" width="${place.width}%" y="${base - drawn}" height="${drawn}"/>`;
    const last = groups.at(-1);
    if (last?.tone === tone) last.rects.push(rect);
    else groups.push({ tone, rects: [rect] });
  }
  return groups.map(({ tone, rects }) => html`<g class="${tone}">${rects}</g>`);
}

export function line(kind: 'base' | 'gl' | 'limit', y: number, from: number = 0): Html {
  return html`<line class="${kind}" x1="${from}%" x2="100%" y1="${rounded(y)}" y2="${rounded(y)}"/>`;
}

export function label(text: string, x: number, y: number, anchor: 'start' | 'middle' | 'end' = 'middle'): Html {
  return html`<text x="${rounded(x)}%" y="${rounded(y)}"${anchor !== 'start' && html` text-anchor="${anchor}"`}>${text}</text>`;
}

/** The least round number that is not below the value, and has a half that is whole: 2, 4, 6, 10, 20, 40, 60, 100… */
export function roundTop(value: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [2, 4, 6, 10]) if (step * power >= value) return step * power;
  }
}

/** Marks that tell sources apart without colour: the poll is hatched, the status query striped. */
export function patterns(id: string): Html {
  return html`<defs><pattern id="${id}p" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="poll" d="M0 0h5v5H0z"/><path class="cut" d="M0 0v5"/></pattern><pattern id="${id}q" width="4" height="4" patternUnits="userSpaceOnUse"><path class="query" d="M0 0h4v4H0z"/><path class="cut" d="M0 4h4"/></pattern></defs>`;
}

/** The fill of a source: a class, or one of the patterns of this picture. */
export function fill(id: string, source: string): Html {
  return source === 'poll' || source === 'query' ? html`fill="url(#${id}${source === 'poll' ? 'p' : 'q'})"` : html`class="${source}"`;
}
