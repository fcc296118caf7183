// What people did, newest first: a page by days, and the same as CSV.
import type { Action, ActionTaken, Page } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { card, nothing } from '../components/boxes.ts';
import { dayText, localDay, numberText } from '../components/format.ts';
import { time } from '../components/ids.ts';
import { filters, narrow, queryWith, rowLink, table } from '../components/lists.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { orderPath } from './order-cells.ts';
import { subscriptionPath } from './subscription-cells.ts';

export interface ActivityData extends Page<ActionTaken> {
  readonly actor?: string;
  readonly action?: Action;
}

/** The file has no more than these. The page says so, and so does the name of a file that ends there. */
export const mostCsvRows = 10_000;

export const actions: readonly Action[] = [
  'recheck',
  'redeliver',
  'resolve',
  'observe',
  'move',
  'link',
  'withdraw',
  'import',
  'run',
  'cancel_run',
];

export function activityPage(context: PageContext, { items, next, actor = '', action }: ActivityData): PageView {
  const { words, lang, base, url } = context;
  const { activity, parts, frame } = words;
  const filter = new URLSearchParams(url.query);
  filter.delete('before');
  const links = html`<p class="small">${next !== undefined && html`<a href="${queryWith(url.query, { before: next })}">${activity.older}</a> · `}<a href="${base}activity.csv?${String(filter)}">${activity.csv}</a> · ${activity.csvMost(numberText(lang, mostCsvRows))}</p>`;
  const body = html`<div class="head"><div><h1>${frame.activity}</h1><p class="why">${activity.about}</p></div></div>
${filters('activity', parts.filter, [
  { name: 'actor', label: parts.who, value: actor },
  {
    name: 'action',
    label: parts.action,
    value: action ?? '',
    choices: [['', parts.all], ...actions.map((each) => [each, activity.action[each]] as const)],
  },
])}${card(frame.activity, items.length === 0 ? nothing(activity.nobody) : activityTable(context, items, true), { kind: 'flush' })}${items.length > 0 && links}`;
  return { title: frame.activity, body, hasForms: false };
}

/** @param isWhole false: without results, as on the page of a member. */
export function activityTable(context: PageContext, items: readonly ActionTaken[], isWhole: boolean): Html {
  const { parts, activity } = context.words;
  let day = '';
  const rows = items.flatMap((taken) => {
    const here = localDay(context.timeZone, Date.parse(taken.at));
    const row = rowOf(context, taken, isWhole);
    if (here === day) return [row];
    day = here;
    return [[dayHead(context, taken.at)], row];
  });
  const result = isWhole ? [{ head: activity.result, isWide: true }] : [];
  return table(
    [
      { head: parts.when, also: 'soft' },
      { head: parts.who },
      { head: activity.what, also: 'prose' },
      { head: parts.reason, isWide: true },
      ...result,
    ],
    rows,
  );
}

function dayHead(context: PageContext, iso: string): string {
  const { timeZone, now, words } = context;
  const day = localDay(timeZone, Date.parse(iso));
  if (day === localDay(timeZone, now)) return words.parts.today;
  if (day === localDay(timeZone, now - 86_400_000)) return words.parts.yesterday;
  return dayText(context, Date.parse(iso));
}

function rowOf(
  context: PageContext,
  { at, actor, reason, action, orderId, subscriptionId, runId, outcome }: ActionTaken,
  isWhole: boolean,
): readonly Html[] {
  const { words, base } = context;
  const it =
    orderId !== undefined
      ? rowLink(orderPath(context, orderId), orderId)
      : subscriptionId !== undefined
        ? rowLink(subscriptionPath(context, subscriptionId), subscriptionId)
        : runId !== undefined
          ? rowLink(`${base}runs/${encodeURIComponent(runId)}`, runId)
          : html`–`;
  const said = reason === undefined ? html`` : html`<q class="said">${reason}</q>`;
  const cells = [
    time(context, at, 'second'),
    html`<b class="id">${actor}</b>`,
    html`${words.activity.did[action](it)}${reason !== undefined && narrow(said)}`,
    said,
  ];
  return isWhole ? [...cells, html`${outcomeText(context, outcome)}`] : cells;
}

/** A word that the catalogue does not have is shown as it is: an id of a newer release. */
function outcomeText({ words }: PageContext, outcome: string): string {
  return new Map(Object.entries(words.activity.outcome)).get(outcome) ?? outcome;
}

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with `'`. */
export function activityCsv(items: readonly ActionTaken[]): string {
  const head = ['at', 'actor', 'action', 'order', 'run', 'outcome', 'reason', 'position', 'subscription'];
  const rows = items.map(({ at, actor, action, orderId = '', runId = '', outcome, reason = '', position, subscriptionId = '' }) => [
    at,
    actor,
    action,
    orderId,
    runId,
    outcome,
    reason,
    position,
    subscriptionId,
  ]);
  return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
