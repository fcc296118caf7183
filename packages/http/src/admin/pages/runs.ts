// Bulk runs: the list, one run, the question before one is canceled, and what one would do before it is started.
import type { OrderSummary, Page, Run, RunKind } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { banner, card, facts, nothing, progress } from '../components/boxes.ts';
import { age, duration, numberText } from '../components/format.ts';
import { hidden, reasonField } from '../components/forms.ts';
import { ago, time } from '../components/ids.ts';
import { rowLink, sub, table } from '../components/lists.ts';
import { type Icon, pill, type Tone } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { orderCell, orderPath, stateCell } from './order-cells.ts';

const looks: Readonly<Record<Run['state'], readonly [Tone, Icon]>> = {
  running: ['info', 'poll'],
  paused: ['warn', 'pause'],
  finished: ['ok', 'ok'],
  canceled: ['', 'x'],
};
function runPill({ words }: PageContext, state: Run['state']): Html {
  const [tone, icon] = looks[state];
  return pill(tone, icon, words.runs.state[state]);
}
function runPath({ base }: PageContext, runId: string): string {
  return `${base}runs/${encodeURIComponent(runId)}`;
}
function processed({ done, skipped, failed }: Run): number {
  return done + skipped + failed;
}

export function runsPage(context: PageContext, { items, next }: Page<Run>): PageView {
  const { words, lang } = context;
  const { runs, parts, frame } = words;
  const rows = items.map((run) => [
    html`${rowLink(runPath(context, run.runId), run.runId)}${sub(runs.kind[run.kind])}`,
    runPill(context, run.state),
    `${numberText(lang, processed(run))} / ${numberText(lang, run.count)}`,
    html`<span${run.failed > 0 && html` class="bad"`}>${numberText(lang, run.failed)}</span>`,
    html`${time(context, run.startedAt)}, <b class="id">${run.by.actor}</b>`,
    html`<q class="said">${run.by.reason}</q>`,
  ]);
  const columns = [
    { head: runs.run },
    { head: parts.state },
    { head: runs.done, isNumber: true },
    { head: runs.failed, isNumber: true },
    { head: runs.started, isWide: true, also: 'soft' },
    { head: parts.reason, isWide: true },
  ];
  const body = html`<div class="head"><div><h1>${frame.runs}</h1><p class="why">${runs.about}</p></div></div>
${card(frame.runs, items.length === 0 ? nothing(runs.none) : table(columns, rows), { kind: 'flush' })}${nextLink(context, next)}`;
  return { title: frame.runs, body, hasForms: false };
}

function crumbs({ words, base }: PageContext): Html {
  return html`<p class="crumbs"><a href="${base}runs">${words.frame.runs}</a></p>`;
}

export function runPage(context: PageContext, run: Run): PageView {
  const { words, lang, may, now } = context;
  const { runs } = words;
  const { runId, kind, state, count, done, skipped, failed, by, startedAt, endedAt } = run;
  const isOver = state === 'finished' || state === 'canceled';
  const left = count - processed(run);
  const tookMs = (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt);
  const leftMs = processed(run) === 0 ? undefined : (tookMs / processed(run)) * left;
  const timing = isOver
    ? runs.took(duration(context, tookMs))
    : leftMs === undefined || state === 'paused'
      ? ''
      : runs.left(duration(context, leftMs));
  const title = runs.title(runId, runs.kind[kind]);
  const cancel =
    !isOver &&
    may.has('repair') &&
    html`<p class="acts"><a class="btn danger" href="${runPath(context, runId)}/cancel">${runs.cancel}</a></p>`;
  const numbers = facts([
    [kind === 'redeliver' ? runs.saved : runs.read, html`<span class="ok i i-ok"> ${numberText(lang, done)}</span>`],
    [kind === 'redeliver' ? runs.skipped : runs.skippedRecheck, numberText(lang, skipped)],
    [runs.failedAgain, failed > 0 ? html`<span class="bad i i-warn"> ${numberText(lang, failed)}</span>` : '0'],
    [isOver ? runs.notDone : runs.stillToDo, numberText(lang, left)],
  ]);
  const body = html`<div>${crumbs(context)}<div class="head"><div class="title"><h1>${title}</h1>${runPill(context, state)}</div>${cancel}</div>
<p class="why">${runs.startedBy(age(context, startedAt), html`<strong>${by.actor}</strong>`)} <q class="said">${by.reason}</q></p></div>
${state === 'paused' && banner({ tone: 'warn', icon: 'pause', title: runs.paused, body: runs.pausedText })}<section class="card form"><div class="head"><p class="big">${numberText(lang, processed(run))} <small>${runs.ofDone(numberText(lang, count))}</small></p><p class="small soft">${timing}</p></div>${progress(processed(run), count, runs.doneLabel(numberText(lang, processed(run)), numberText(lang, count)))}
${numbers}</section>
${failureCard(context, run)}`;
  return { title, body, hasForms: false };
}

function failureCard(context: PageContext, { failures, failed }: Run): Html | undefined {
  const { runs, parts } = context.words;
  if (failures.length === 0) return undefined;
  const rows = failures.map(({ orderId, error }) => [
    rowLink(orderPath(context, orderId), orderId),
    html`<code class="id">${error}</code>`,
  ]);
  return card(runs.failedAgain, table([{ head: parts.order }, { head: parts.error }], rows), {
    kind: 'flush',
    aside: failed > failures.length ? runs.first100 : runs.stay,
  });
}

/** Asked on a page of its own: then the page of the run has nothing to type, and may be loaded again every few seconds. */
export function cancelRunPage(context: PageContext, { runId }: Run): PageView {
  const { runs } = context.words;
  const title = runs.cancelTitle(runId);
  const body = html`<div>${crumbs(context)}<h1>${title}</h1><p class="why">${runs.cancelText}</p></div>
<form class="card form" method="post" action="cancel">${reasonField(context, 'why-c')}<p class="acts"><button class="btn danger">${runs.cancelNow}</button><a class="btn" href="${runPath(context, runId)}">${runs.goOn}</a></p></form>`;
  return { title, body, hasForms: true };
}

export interface NewRunData {
  readonly kind: RunKind;
  readonly count: number;
  /** The first 100. */
  readonly orders: readonly OrderSummary[];
  readonly lagMs: number;
  /** What the form sends along: these orders, or all of an error. */
  readonly selection: { readonly orders: readonly string[] } | { readonly error?: string };
}

export const mostOrders = 5_000;
/** The page says how many more there are. */
const previewRows = 50;

export function newRunPage(context: PageContext, { kind, count, orders, selection }: NewRunData): PageView {
  const { words, lang, base, may } = context;
  const { runs, parts } = words;
  const back = kind === 'redeliver' ? 'queues/undelivered' : 'orders';
  const title = runs.newTitle(kind, count, numberText(lang, count));
  const canStart = may.has('repair') && count > 0 && count <= mostOrders;
  const shown = orders.slice(0, previewRows);
  const rows = shown.map((order) => [
    orderCell(context, order),
    stateCell(context, order),
    html`${order.memberId}`,
    ago(context, order.newestAt),
  ]);
  const columns = [
    { head: parts.order },
    { head: parts.state },
    { head: parts.member, isWide: true },
    { head: runs.newest, isNumber: true, also: 'soft' },
  ];
  const more = count > shown.length && html`<p class="none">${parts.more(numberText(lang, count - shown.length))}</p>`;
  const list = card(runs.exactly(numberText(lang, count)), count === 0 ? nothing(runs.nothing) : html`${table(columns, rows)}${more}`, {
    kind: 'flush',
    aside: runs.counted(time(context, new Date(context.now).toISOString(), 'second')),
  });
  const start = html`${reasonField(context, 'why-b')}<p class="acts"><button class="btn main">${runs.start(kind, numberText(lang, count))}</button><a class="btn" href="${base}${back}">${runs.back}</a></p>`;
  const instead = html`<p>${count === 0 ? runs.nothing : count > mostOrders ? runs.tooMany : runs.mayNot}</p><p class="acts"><a class="btn" href="${base}${back}">${runs.back}</a></p>`;
  const form = html`<form class="card form" method="post" action="${base}runs">${hidden('kind', kind)}${selected(selection)}<h2>${runs.what}</h2>
<ul class="tight small">${consequences(context, kind).map((text) => html`<li>${text}</li>`)}<li><b>${runs.grantsNothing}</b></li></ul>
${canStart ? start : instead}</form>`;
  const body = html`<div><p class="crumbs"><a href="${base}${back}">${kind === 'redeliver' ? parts.undelivered : words.frame.orders}</a></p><h1>${title}</h1><p class="why">${runs.newAbout}</p></div>
<div class="order">${list}${form}</div>`;
  return { title, body, hasForms: true };
}

/** `id` for each order, or `pick=all` with the error that is meant, if one is. */
function selected(selection: NewRunData['selection']): Html {
  if ('orders' in selection) return html`${selection.orders.map((orderId) => hidden('id', orderId))}`;
  return html`${hidden('pick', 'all')}${selection.error !== undefined && hidden('error', selection.error)}`;
}

function consequences({ words: { runs } }: PageContext, kind: RunKind): readonly string[] {
  if (kind === 'recheck') return [runs.recheck1, runs.recheck2, runs.atATime];
  return [runs.redeliver1, runs.atATime, runs.redeliver2, runs.redeliver3, runs.pauses];
}
