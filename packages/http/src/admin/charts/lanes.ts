// Access of a member over time, with a lane for each order: a bar is access, a thin line is suspended, an upright mark is revoked.
import { type Html, html } from '../../html.ts';
import { dayText, localTime } from '../components/format.ts';
import type { PageContext } from '../page-context.ts';
import type { Span } from './access-spans.ts';
import { label, picture, rounded } from './svg.ts';

export interface Lane {
  readonly orderId: string;
  readonly plan: string;
  readonly placedAt: string;
  readonly spans: readonly Span[];
}

const laneHeight = 30;
const day = 86_400_000;
/** A lane of today alone would be a bar without a beginning. */
const shortestSpan = 7 * day;

/** @param lanes oldest first. */
export function lanesPicture(context: PageContext, memberId: string, lanes: readonly Lane[]): Html {
  const { now, words } = context;
  const to = now;
  const from = Math.min(now - shortestSpan, ...lanes.map(({ placedAt }) => Date.parse(placedAt)));
  const x = (time: number): number => rounded(((Math.min(Math.max(time, from), to) - from) / (to - from)) * 100);
  const bottom = lanes.length * laneHeight + 4;
  const marks = [0, 25, 50, 75, 100].map((at) => {
    const time = from + ((to - from) * at) / 100;
    const text = at === 100 ? words.find.today : markText(context, time, to - from);
    const anchor = at === 0 ? 'start' : at === 100 ? 'end' : 'middle';
    const word = label(text, at, bottom + 14, anchor);
    const line = html`<line class="gl" x1="${at}%" x2="${at}%" y1="0" y2="${bottom}"/>`;
    return at % 50 === 0 ? html`${line}${word}` : html`${line}<g class="w">${word}</g>`;
  });
  const drawn = lanes.map(({ orderId, plan, spans }, at) => {
    const y = at * laneHeight;
    const name = html`<text class="strong" x="0" y="${y + 12}">${orderId} · ${plan}</text>`;
    return html`${name}${spans.map((span, place) => spanOf(span, x(Date.parse(span.from)), x(Date.parse(spans[place + 1]?.from ?? new Date(to).toISOString())), y))}`;
  });
  const title = words.find.lanesTitle(memberId, dayText(context, from), dayText(context, to));
  return picture({ id: 'ln', height: bottom + 18, title, finding: lanes.map((lane) => sentenceOf(context, lane)).join('; ') }, [
    ...marks,
    ...drawn,
  ]);
}

function spanOf({ state }: Span, start: number, end: number, y: number): Html {
  if (state === 'revoked') return html`<rect class="bad" x="${Math.min(start, 99.5)}%" width="3" y="${y + 13}" height="15"/>`;
  const x = Math.min(start, 99);
  const width = rounded(Math.max(1, end - x));
  return state === 'active'
    ? html`<rect class="ok" x="${x}%" width="${width}%" y="${y + 16}" height="9"/>`
    : html`<rect class="warn" x="${x}%" width="${width}%" y="${y + 19}" height="3"/>`;
}

/** Months over a long time, days over a short one. */
function markText(context: PageContext, time: number, length: number): string {
  if (length < 120 * day) return dayText(context, time);
  const { month, year } = localTime(context.timeZone, time);
  return context.words.parts.month(month, year === localTime(context.timeZone, context.now).year ? undefined : year);
}

function sentenceOf(context: PageContext, { orderId, spans }: Lane): string {
  const { find } = context.words;
  const first = spans[0];
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return find.laneNone(orderId);
  const dayOf = (span: Span): string => dayText(context, Date.parse(span.from));
  if (last.state === 'active') return find.laneActive(orderId, dayOf(last));
  return last.state === 'suspended' ? find.laneSuspended(orderId, dayOf(last)) : find.laneEnded(orderId, dayOf(first), dayOf(last));
}
