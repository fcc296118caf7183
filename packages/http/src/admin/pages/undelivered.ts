// Decisions that the shop has not saved: by error, then one by one, oldest first, with tick boxes for a bulk run.
import type { Page, UndeliveredDetails, UndeliveredGroup } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { card, nothing } from '../components/boxes.ts';
import { duration, numberText } from '../components/format.ts';
import { time, waited } from '../components/ids.ts';
import { type Column, narrow, queryWith, table } from '../components/lists.ts';
import { membershipPill, pill } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { memberCell, orderCell } from './order-cells.ts';
import { type UndeliveredSubscriptionsPage, undeliveredSubscriptionsCard } from './subscription-queues.ts';

export interface UndeliveredData extends Page<UndeliveredDetails> {
  readonly groups: readonly UndeliveredGroup[];
  readonly error?: string;
  /** Absent: the ledger keeps none, or one error of orders is asked for. */
  readonly subscriptions?: UndeliveredSubscriptionsPage;
}

export function undeliveredPage(context: PageContext, data: UndeliveredData): PageView {
  const { words, url, may } = context;
  const { parts, queues } = words;
  const { groups, error, items } = data;
  const chosen =
    error !== undefined &&
    html`<p class="small">${queues.onlyError(html`<code class="id">${errorName(context, error)}</code>`)} <a href="${queryWith(url.query, { error: undefined, after: undefined })}">${queues.showAll}</a></p>`;
  const canRun = may.has('repair') && items.length > 0;
  const body = html`<div class="head"><div><h1>${parts.undelivered}</h1><p class="why">${queues.undeliveredAbout}</p></div></div>
${groups.length > 0 && card(queues.byError, errorTable(context, groups), { kind: 'flush' })}${chosen}
${canRun ? runForm(context, data) : orderCard(context, data, false)}${nextLink(context, data.next, { shown: items.length, all: allOf(data) })}${undeliveredSubscriptionsCard(context, data.subscriptions)}`;
  return { title: parts.undelivered, body, hasForms: true };
}

/** How many there are under the filter. */
function allOf({ groups, error, items }: UndeliveredData): number {
  const counted = groups.filter((group) => error === undefined || group.error === error);
  return Math.max(
    items.length,
    counted.reduce((sum, { count }) => sum + count, 0),
  );
}

/** What stands for an error that is none. */
export function errorName({ words: { queues } }: PageContext, error: string): string {
  if (error === 'none') return queues.notTried;
  return error === 'other' ? queues.others : error.replace(/^Error\//, '');
}

function errorTable(context: PageContext, groups: readonly UndeliveredGroup[]): Html {
  const { words, lang, url } = context;
  const { queues, parts, find } = words;
  return table(
    [
      { head: parts.error },
      { head: find.orders, isNumber: true },
      { head: queues.firstFailed, isNumber: true, isWide: true, also: 'soft' },
      { head: queues.next, isNumber: true },
    ],
    groups.map(({ error, count, firstAt, nextTryAt }) => [
      html`<a class="row id err" href="${queryWith(url.query, { error, after: undefined })}">${errorName(context, error)}</a>`,
      numberText(lang, count),
      time(context, firstAt),
      nextTryAt === undefined ? (error === 'none' ? '–' : queues.stopped) : untilText(context, nextTryAt),
    ]),
  );
}

function runForm(context: PageContext, data: UndeliveredData): Html {
  const { base, url } = context;
  const error = url.query.get('error');
  return html`<form method="get" action="${base}runs/new" class="stackv"><input type="hidden" name="kind" value="redeliver">${
    error !== null && html`<input type="hidden" name="error" value="${error}">`
  }
${orderCard(context, data, true)}</form>`;
}

function orderCard(context: PageContext, data: UndeliveredData, canRun: boolean): Html {
  const { words, lang } = context;
  const { queues, parts } = words;
  const all = allOf(data);
  const buttons = html`<button class="btn" name="pick" value="some">${queues.selectedAgain}</button><button class="btn main" name="pick" value="all">${queues.allAgain(numberText(lang, all))}</button>`;
  const columns: readonly Column[] = [
    ...(canRun ? [{ head: html`<span class="vh">${queues.select}</span>`, also: 'c' }] : []),
    { head: parts.order },
    { head: parts.member, isWide: true },
    { head: queues.shouldBe, isWide: true },
    { head: queues.lastError },
    { head: queues.attempts, isNumber: true, isWide: true },
    { head: queues.next, isNumber: true, isWide: true },
    { head: parts.waiting, isNumber: true },
  ];
  const rows = data.items.map((row) => (canRun ? [tick(context, row.orderId), ...rowOf(context, row)] : rowOf(context, row)));
  return html`<section class="card flush"><header><h2>${queues.oldestFirst(parts.orders(all, numberText(lang, all)))}</h2>${
    canRun && html`<p class="acts">${buttons}</p>`
  }</header>${rows.length === 0 ? nothing(parts.nothingWaits) : table(columns, rows)}</section>
`;
}

function tick({ words }: PageContext, orderId: string): Html {
  return html`<input type="checkbox" name="id" value="${orderId}" aria-label="${words.queues.selectOrder(orderId)}">`;
}

function rowOf(context: PageContext, row: UndeliveredDetails): readonly (Html | string)[] {
  const { words, lang } = context;
  const { queues } = words;
  const { status, failures, abandoned, lastError, nextTryAt, decidedAt } = row;
  const next = nextTryAt === undefined ? '–' : untilText(context, nextTryAt);
  const error = lastError === undefined ? queues.notTried : html`<code class="id">${lastError.code ?? lastError.name}</code>`;
  const stopped = abandoned && html` ${pill('bad', 'x', queues.retriesStopped)}`;
  return [
    orderCell(context, row),
    memberCell(context, row.memberId),
    membershipPill(context, status, false),
    html`${error}${stopped}${!abandoned && nextTryAt !== undefined && narrow(next)}`,
    numberText(lang, failures),
    next,
    html`<span${abandoned && html` class="bad"`}>${waited(context, decidedAt)}</span>`,
  ];
}

/** `in 43 s`; `now` where the time has come. */
export function untilText(context: PageContext, iso: string): string {
  const ms = Date.parse(iso) - context.now;
  return ms <= 0 ? context.words.parts.now : context.words.parts.inTime(duration(context, Math.max(1_000, ms)));
}
