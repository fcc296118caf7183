// The timeline of an order: one item for each row, a dashed thread where nothing happened for more than a day.
import { type FoldedLine, type Row, type RowBelow, type RowText, rowText } from '@paidonce/ledger/audit';
import { type Html, html } from '../../html.ts';
import { dayText, localDay, localTime } from '../components/format.ts';
import { id, time } from '../components/ids.ts';
import { type Icon, sourceMark } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import { sentenceHtml } from './order-sentence.ts';

/** The rows, oldest first. Also for the rows that a stale form did not know. */
export function timelineList(context: PageContext, rows: readonly Row[]): Html {
  let day = '';
  return html`<ol class="tl" id="t">
${rows.map((row) => {
  const today = localDay(context.timeZone, Date.parse(row.at));
  const item = rowItem(context, row, today !== day);
  day = today;
  return item;
})}</ol>`;
}

function rowItem(context: PageContext, row: Row, isNewDay: boolean): Html {
  const isQuiet = row.kind === 'observed' && row.news === undefined;
  const item = { at: row.at, text: rowText(row, context.lang), mark: markOf(row), isQuiet, times: timesOf(row), isNewDay };
  return timelineItem(context, item);
}

/** `''`: no tone. `dot`: nothing but a dot. */
export type Mark = readonly [tone: '' | 'ok' | 'warn' | 'bad', icon: Icon | 'dot'];

export interface TimelineItem {
  readonly at: string;
  readonly text: RowText;
  readonly mark: Mark;
  readonly isQuiet: boolean;
  /** How the times in its title and detail are shown. */
  readonly times: { readonly times?: 'day-minute' };
  readonly isNewDay: boolean;
}

export function timelineItem(context: PageContext, { at, text, mark, isQuiet: quiet, times, isNewDay }: TimelineItem): Html {
  const { gap, title, source, detail, reason, below, folded } = text;
  const said = reason !== undefined && html` <q class="said">${reason}</q>`;
  return html`${gap && html`<li class="gap"><p>${sentenceHtml(context, gap)}</p></li>\n`}<li>${rowTime(context, at, isNewDay)}${node(mark)}<div><p class="t${
    quiet && ' quiet'
  }"><span>${sentenceHtml(context, title, { amounts: 'plain', ...times })}</span>${source !== undefined && html` ${sourceMark(context, source)}`}</p>${
    (detail !== undefined || reason !== undefined) && html`<p class="d">${detail && sentenceHtml(context, detail, times)}${said}</p>`
  }${below.map((part) => led(context, part))}${folded && fold(context, folded)}</div></li>
`;
}

/** A checkout may be open for days: its end needs the date. */
function timesOf({ kind }: Row): { readonly times?: 'day-minute' } {
  return kind === 'placed' || kind === 'attached' ? { times: 'day-minute' } : {};
}

/** The time of day, and the date where it changes. */
export function rowTime(context: PageContext, iso: string, isNewDay: boolean): Html {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return html`<time>${iso}</time>`;
  return html`<time datetime="${iso}" title="${iso}">${localTime(context.timeZone, at).second}${
    isNewDay && html`<span>${dayText(context, at)}</span>`
  }</time>`;
}

const decisionMarks = {
  MembershipGranted: ['ok', 'ok'],
  MembershipRestored: ['ok', 'ok'],
  MembershipSuspended: ['warn', 'pause'],
  MembershipRevoked: ['bad', 'x'],
} as const;

function markOf(row: Row): Mark {
  switch (row.kind) {
    case 'placed':
    case 'attached':
      return ['', 'shop'];
    case 'decided': {
      const { state } = row.delivery;
      return state === 'failing' || state === 'abandoned' ? ['bad', 'warn'] : decisionMarks[row.decision.decision];
    }
    case 'review':
      return row.reviews.some(({ end }) => end === undefined) ? ['warn', 'flag'] : ['', 'flag'];
    case 'person':
      return ['', 'user'];
    case 'delivery':
      return ['', 'shop'];
    case 'note':
      return ['', 'clock'];
    case 'observed':
      return ['', 'dot'];
  }
}

function node([tone, icon]: Mark): Html {
  return html`<span class="node${tone && ` ${tone}`}${icon === 'dot' ? ' dot' : ` i i-${icon}`}" aria-hidden="true"></span>`;
}

function led(context: PageContext, { tone, head, note, lines }: RowBelow): Html {
  return html`<div class="led${tone !== 'plain' && ` ${tone}`}"><p><b>${sentenceHtml(context, head, { amounts: 'plain' })}</b>${
    note && html` <span class="soft">${sentenceHtml(context, note)}</span>`
  }</p>${lines.map((line) => html`<p><span class="soft">${sentenceHtml(context, line)}</span></p>`)}</div>`;
}

function fold(context: PageContext, { summary, lines }: NonNullable<RowText['folded']>): Html {
  const line = ({ at, source, evidence, said }: FoldedLine): Html =>
    html`<li>${time(context, at, 'second')} ${sourceMark(context, source)} ${id(context, evidence)}${said && html` ${sentenceHtml(context, said)}`}</li>`;
  return html`<details><summary>${sentenceHtml(context, summary)}</summary><ul>${lines.map(line)}</ul></details>`;
}
