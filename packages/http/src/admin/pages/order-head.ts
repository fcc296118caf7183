// The head of an order's page: its id, one pill, the sentence why, and at most one banner.
import { type DecidedRow, headlineOf, type Row, type Standing, whyText } from '@paidonce/ledger/audit';
import { type Html, html } from '../../html.ts';
import { banner } from '../components/boxes.ts';
import { age, numberText } from '../components/format.ts';
import { hidden } from '../components/forms.ts';
import { copyButton, stripeUrl, time } from '../components/ids.ts';
import { statePill } from '../components/states.ts';
import { orderForms } from '../forms.ts';
import type { PageContext } from '../page-context.ts';
import type { OrderPageData } from './order-data.ts';
import { sentenceHtml } from './order-sentence.ts';
import { untilText } from './undelivered.ts';

/** The path of an order, from this page. */
export function orderHref({ base }: PageContext, orderId: string): string {
  return `${base}orders/${encodeURIComponent(orderId)}`;
}

/** The time that the page stands for, ISO 8601 UTC. */
export function pageTime({ now }: PageContext, { asOf }: Pick<OrderPageData, 'asOf'>): string {
  return asOf ?? new Date(now).toISOString();
}

export function orderHead(context: PageContext, data: OrderPageData): Html {
  const { words, base, lang } = context;
  const { orderId, explanation } = data;
  const { standing, memberId } = explanation;
  const at = pageTime(context, data);
  const here = orderHref(context, orderId);
  const why = sentenceHtml(context, whyText(standing, lang, at), { amounts: 'strong', times: 'day-minute' });
  return html`<div><p class="crumbs"><a href="${base}orders">${words.frame.orders}</a>${
    memberId !== undefined && html` / <a href="${base}members/${encodeURIComponent(memberId)}">${memberId}</a>`
  }</p><div class="head"><div class="title"><h1>${words.order.title(orderId)}</h1>${copyButton(context, orderId)}${statePill(
    context,
    headlineOf(standing, at),
  )}</div><p class="acts">${
    data.asOf === undefined && html`<a class="btn narrow" href="#actions">${words.order.actions}</a>`
  }<a class="btn w" href="${here}/ticket">${words.order.ticket}</a><a class="btn w" href="${here}/events.ndjson" download>NDJSON</a></p></div><p class="why">${why}</p></div>
`;
}

/** At most one: the one that helps most now. After an action only what still stops the member. */
export function orderBanner(context: PageContext, data: OrderPageData, rows: readonly Row[]): Html | undefined {
  const { order: words } = context.words;
  const { asOf, order, orderId, explanation } = data;
  const { standing } = explanation;
  if (asOf !== undefined) {
    const link = html`<a href="${orderHref(context, orderId)}">${words.asOfNow}</a>`;
    return banner({ tone: 'info', icon: 'clock', title: words.asOfTitle(time(context, asOf, 'day-minute')), body: words.asOfText(link) });
  }
  if (order === undefined) return banner({ tone: 'warn', icon: 'clock', title: words.notPlacedTitle, body: words.notPlacedText });
  switch (headlineOf(standing, pageTime(context, data))) {
    case 'undelivered':
      return undeliveredBanner(context, data, rows);
    case 'suspended':
      return data.did === undefined ? disputeBanner(context, standing) : undefined;
    default:
      return undefined;
  }
}

function undeliveredBanner(context: PageContext, data: OrderPageData, rows: readonly Row[]): Html | undefined {
  const { words, base, lang, may } = context;
  const { order } = words;
  const { newest } = data.explanation.standing;
  const decided = rows.findLast((row): row is Row & DecidedRow => row.kind === 'decided');
  if (newest === undefined || decided === undefined) return undefined;
  const { failures, state, nextTryAt, givesUpAt } = decided.delivery;
  const last = failures.at(-1)?.error;
  const parts = [
    failures.length > 0 ? order.failed(failures.length) : order.notTried,
    last && order.lastError(html`<code class="id">${last.code ?? last.name}</code>`),
    state === 'abandoned' && order.stopped,
    nextTryAt !== undefined && order.nextTry(untilText(context, nextTryAt), time(context, givesUpAt ?? nextTryAt)),
  ].filter((part) => part !== false && part !== undefined);
  const { same = 0, all = 0 } = data.alike ?? {};
  const link = html`<a href="${base}queues/undelivered">${order.seeAll(numberText(lang, all))}</a>`;
  const canTry = may.has('repair') && data.delivers && data.order !== undefined;
  return html`<div class="banner bad"><span class="i i-warn"></span><h2>${order.notSaved(age(context, newest.at))}</h2><p>${parts.map(
    (part, index) => html`${index > 0 && lang === 'en' && ' '}${part}`,
  )}</p>${same > 0 && html`<p>${order.sameWay(same, numberText(lang, same), link)}</p>`}${canTry && tryNow(context, data)}</div>
`;
}

function tryNow(context: PageContext, { orderId, order }: OrderPageData): Html {
  const words = context.words.order;
  return html`
<form class="acts" method="post" action="${orderHref(context, orderId)}/${orderForms.redeliver.path}">${hidden(
    'seenRevision',
    order?.revision ?? -1,
  )}${hidden('reason', words.tryNowReason)}<button class="btn main">${words.tryNow}</button></form>`;
}

function disputeBanner(context: PageContext, { newest, placed }: Standing): Html | undefined {
  const { order } = context.words;
  if (newest === undefined || !('report' in newest.because) || newest.because.report.fact.kind !== 'dispute') return undefined;
  const { id } = newest.because.report.fact;
  const url = placed && stripeUrl(id, { account: placed.account, livemode: placed.livemode });
  const acts = url !== undefined && html`<a class="btn main i i-ext" href="${url}" rel="noreferrer">${order.openDispute}</a>`;
  return banner({
    tone: 'warn',
    icon: 'pause',
    title: order.disputeOpen(age(context, newest.at)),
    body: order.disputeText,
    ...(acts ? { acts } : {}),
  });
}
