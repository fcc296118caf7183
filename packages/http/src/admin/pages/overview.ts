// The overview: what needs a person, what is failing, and whether webhooks, grants and deliveries are as usual.
import type { Backlog, OrderSummary, Page, Queue, Statistics, UndeliveredGroup } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { grantsPicture } from '../charts/grants.ts';
import { latencyPicture } from '../charts/latency.ts';
import { oldestPicture } from '../charts/oldest.ts';
import { rescuedPicture } from '../charts/rescued.ts';
import { verdictOf } from '../charts/verdict.ts';
import { banner, card, nothing, tile } from '../components/boxes.ts';
import { age, dayTimeText, duration, localDay, localTime, numberText } from '../components/format.ts';
import { ago } from '../components/ids.ts';
import { table } from '../components/lists.ts';
import type { Icon, Tone } from '../components/states.ts';
import type { PageContext, PageView, QueueCounts } from '../page-context.ts';
import { grantedByCell, memberCell, orderCell, paidCell, savedCell, stateCell } from './order-cells.ts';
import { errorName } from './undelivered.ts';

export interface OverviewData {
  readonly queues: QueueCounts;
  /** How many of the undelivered no process tries any more. */
  readonly backlog: Pick<Backlog, 'abandoned'>;
  readonly errors: readonly UndeliveredGroup[];
  /** 30 days. */
  readonly month: Statistics;
  /** The four weeks before them. */
  readonly before: Statistics;
  /** 7 days. */
  readonly week: Statistics;
  /** Webhooks and missed ones of the last three hours, all accounts together. */
  readonly lastHours: { readonly webhooks: number; readonly missed: number };
  /** The newest. */
  readonly orders: Page<OrderSummary>;
}

export function overviewPage(context: PageContext, data: OverviewData): PageView {
  const { words } = context;
  const { month, before, week, orders, lastHours } = data;
  const { overview, pictures } = words;
  const body = html`<div class="head"><div><h1>${words.frame.overview}</h1><p class="why">${needs(context, data)}</p></div></div>
<div class="tiles">
${tiles.map((each) => queueTile(context, data.queues, each))}</div>
${failing(context, data)}<div class="grid c21">
${card(pictures.grants, grantsPicture(context, month.days), { aside: pictures.grantsAbout })}${card(
  pictures.rescued,
  rescuedPicture(context, month.days, verdictOf(month.days, before.days, lastHours)),
  { aside: pictures.days30 },
)}</div>
<div class="grid c2">
${card(
  pictures.latency,
  html`<div class="stackv">${latencyPicture(context, 'l1', pictures.paidToGranted, month.latency.paid_to_granted, 'webhook')}
${latencyPicture(context, 'l2', pictures.grantedToSaved, month.latency.granted_to_saved, 'query')}</div>`,
  { aside: pictures.latencyAbout },
)}${card(pictures.oldest, html`${oldestPicture(context, week.oldest)}<p class="small soft">${pictures.oldestLimit(html`<code class="id">delivery_failing</code>`)}</p>`, { aside: pictures.oldestAbout })}</div>
${card(overview.latest, orders.items.length === 0 ? nothing(overview.noOrders) : latestOrders(context, orders.items), { aside: html`<a href="${context.base}orders">${overview.allOrders}</a>`, kind: 'flush' })}`;
  return { title: words.frame.overview, body, hasForms: false };
}

/** What a person must do: of the undelivered, only those that no process tries any more. */
function needs(context: PageContext, { queues, backlog, errors }: OverviewData): Html | string {
  const { lang, words } = context;
  const count = queues.reviews.count + queues.held.count + queues.unreadable.count + backlog.abandoned;
  if (count === 0) return words.overview.needNobody;
  const stopped = errors.filter(({ nextTryAt, error }) => nextTryAt === undefined && error !== 'none').map(({ firstAt }) => firstAt);
  const waiting = [queues.reviews, queues.held, queues.unreadable].flatMap(({ oldestSince }) => oldestSince ?? []);
  const oldest = [...waiting, ...stopped].toSorted()[0] ?? new Date(context.now).toISOString();
  return words.overview.needPerson(
    count,
    html`<strong>${numberText(lang, count)}</strong>`,
    html`<strong>${age(context, oldest)}</strong>`,
  );
}

const tiles: readonly (readonly [Queue, Tone, Icon | undefined])[] = [
  ['reviews', 'warn', 'flag'],
  ['undelivered', 'bad', 'warn'],
  ['held', 'warn', 'hand'],
  ['unreadable', 'warn', 'query'],
  ['suspended', '', undefined],
  ['awaiting', '', undefined],
];

function queueTile(context: PageContext, queues: QueueCounts, [queue, tone, icon]: (typeof tiles)[number]): Html {
  const { lang, words, base } = context;
  const { count, oldestSince } = queues[queue];
  return tile({
    href: `${base}queues/${queue}`,
    what: words.parts[queue],
    count: numberText(lang, count),
    isZero: count === 0,
    age: count === 0 || oldestSince === undefined ? words.overview.none : words.overview.oldest(age(context, oldestSince)),
    tone,
    ...(icon ? { icon } : {}),
  });
}

/** Deliveries that have failed and are tried again. Those not tried yet are a matter of seconds. */
function failing(context: PageContext, { errors }: OverviewData): Html | undefined {
  const { lang, words, base, timeZone, now } = context;
  const retried = errors.filter(({ error, nextTryAt }) => error !== 'none' && nextTryAt !== undefined);
  const count = retried.reduce((sum, group) => sum + group.count, 0);
  const [most] = retried.toSorted((a, b) => b.count - a.count);
  if (most === undefined) return undefined;
  const since = Date.parse(retried.map(({ firstAt }) => firstAt).toSorted()[0] ?? '');
  const isToday = localDay(timeZone, since) === localDay(timeZone, now);
  const next = retried.flatMap(({ nextTryAt }) => nextTryAt ?? []).toSorted()[0];
  const wait = next === undefined ? undefined : duration(context, Math.max(1_000, Date.parse(next) - now));
  const { overview } = words;
  return banner({
    tone: 'bad',
    icon: 'warn',
    title: overview.unsaved(count, numberText(lang, count), isToday ? localTime(timeZone, since).minute : dayTimeText(context, since)),
    body: html`${most.error !== 'other' && overview.failWith(most.count, numberText(lang, most.count), html`<code class="id">${errorName(context, most.error)}</code>`)} ${overview.retries(wait)}`,
    acts: html`<a class="btn" href="${base}queues/undelivered">${overview.seeThem}</a><a class="btn" href="${base}health">${words.frame.health}</a>`,
  });
}

function latestOrders(context: PageContext, orders: readonly OrderSummary[]): Html {
  const { parts, overview } = context.words;
  return table(
    [
      { head: parts.order },
      { head: parts.member, isWide: true },
      { head: parts.membership },
      { head: parts.paid, isNumber: true },
      { head: parts.grantedBy, isWide: true },
      { head: overview.savedAfter, isNumber: true, isWide: true },
      { head: parts.when, isNumber: true, isWide: true, also: 'soft' },
    ],
    orders.map((order) => [
      orderCell(context, order),
      memberCell(context, order.memberId),
      stateCell(context, order, order.placedAt),
      paidCell(context, order),
      grantedByCell(context, order),
      savedCell(context, order),
      ago(context, order.placedAt),
    ]),
  );
}
