// The page of an order: where it stands and why, its timeline, and what can be done. A pure function of what was read.
import { type Row, rowsOf, rowText } from '@paidonce/ledger/audit';
import { type Html, html } from '../../html.ts';
import { banner } from '../components/boxes.ts';
import { numberText } from '../components/format.ts';
import { field } from '../components/forms.ts';
import { queryWith } from '../components/lists.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { actionsCard } from './order-actions.ts';
import { atStripeCard } from './order-at-stripe.ts';
import type { OrderPageData } from './order-data.ts';
import { eventList } from './order-events.ts';
import { factsCard, factsPairs } from './order-facts.ts';
import { orderBanner, orderHead } from './order-head.ts';
import { reviewCards } from './order-reviews.ts';
import { sentenceHtml } from './order-sentence.ts';
import { timelineList } from './order-timeline.ts';

/** Events that one page shows. The others are on pages of their own. */
export const eventsShown = 500;

export function orderPage(context: PageContext, data: OrderPageData): PageView {
  const rows = rowsOf(data.explanation.entries);
  const reviews = reviewCards(context, data);
  const timeline = timelineCard(context, data, rows);
  const aside = html`${reviews.length > 0 && factsPairs(context, data, rows)}${actionsCard(context, data)}${atStripeCard(context, data)}`;
  const body = html`${orderHead(context, data)}${notice(context, data, rows)}${orderBanner(context, data, rows)}${
    reviews.length === 0 && factsCard(context, data, rows)
  }<div class="order"><div class="stackv">${reviews}${timeline}</div><div class="stackv">${aside}</div></div>`;
  return { title: context.words.order.title(data.orderId), body, hasForms: true };
}

/** What an action has just done: made from its event, never from a text in the address. */
function notice(context: PageContext, { did }: OrderPageData, rows: readonly Row[]): Html | undefined {
  if (did === undefined) return undefined;
  const { stored, again } = did;
  const place = `${stored.stream}@${stored.revision}`;
  const row = rows.find(({ entries }) => entries.some((entry) => entry.place === place && entry.kind !== 'policy_changed'));
  if (row === undefined) return undefined;
  const { order } = context.words;
  const { title, detail } = rowText(row, context.lang);
  const body = html`${sentenceHtml(context, title, { amounts: 'plain' })}${detail && html`: ${sentenceHtml(context, detail)}`}`;
  if (row.kind === 'person' && row.outcome !== undefined && row.outcome.kind !== 'delivered')
    return banner({ tone: 'bad', icon: 'warn', title: order.doneFailed, body, isStatus: true });
  return banner({ tone: again ? 'info' : 'ok', icon: 'ok', title: again ? order.doneAgain : order.done, body, isStatus: true });
}

function timelineCard(context: PageContext, data: OrderPageData, rows: readonly Row[]): Html {
  const { words, lang, url } = context;
  const { order } = words;
  const { showsAll, skip, history } = data;
  const count = history.length;
  const shown = showsAll ? newest(history, skip, () => 1) : newest(rows, skip, ({ entries }) => entries.length);
  const other = queryWith(url.query, { all: showsAll ? undefined : '1', skip: undefined, did: undefined, again: undefined });
  const sizes = order.eventsInRows(order.events(count, numberText(lang, count)), order.rows(rows.length, numberText(lang, rows.length)));
  const earlier =
    shown.before > 0 &&
    html`<p class="small"><a href="${queryWith(url.query, { skip: String(skip + shown.items.length) })}">${order.earlier(
      showsAll ? order.events(shown.before, numberText(lang, shown.before)) : order.rows(shown.before, numberText(lang, shown.before)),
    )}</a></p>`;
  const list = showsAll ? eventList(context, shown.items as typeof history) : timelineList(context, shown.items as readonly Row[]);
  return html`<section class="card"><header><h2>${order.timeline}</h2><p>${sizes} · <a href="${other}#t">${
    showsAll ? order.inRows : order.everyEvent
  }</a></p></header>
${earlier}${list}${asOfForm(context, data)}</section>
`;
}

/** The newest items of a list, without the last `skip`, up to as many events as a page shows; at least one. */
export function newest<T>(
  items: readonly T[],
  skip: number,
  eventsOf: (item: T) => number,
): { readonly items: readonly T[]; readonly before: number } {
  const end = Math.max(0, items.length - skip);
  let [begin, events] = [end, 0];
  while (begin > 0) {
    events += eventsOf(items[begin - 1] as T);
    if (events > eventsShown && begin < end) break;
    begin -= 1;
  }
  return { items: items.slice(begin, end), before: begin };
}

function asOfForm({ words: { order } }: PageContext, { asOf, showsAll }: OrderPageData): Html {
  return html`<details><summary>${order.asOf}</summary><form class="form" method="get">${
    showsAll && html`<input type="hidden" name="all" value="1">`
  }${field({ id: 'as-of', name: 'as-of', label: order.asOfLabel, hint: order.asOfHint, isRequired: true, maxLength: 40, ...(asOf === undefined ? {} : { value: asOf }) })}<p class="acts"><button class="btn">${order.show}</button></p></form></details>`;
}
