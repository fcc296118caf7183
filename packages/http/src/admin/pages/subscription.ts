// The page of a subscription: where it stands and why, its periods, what happens next, its timeline, and what can be done. A pure
// function of what was read.
import type { SubscriptionPeriod } from '@paidonce/ledger';
import { type SubscriptionRow, subscriptionRowText, subscriptionSummary } from '@paidonce/ledger/audit';
import { type Html, html, type Insert } from '../../html.ts';
import { periodsPicture } from '../charts/periods.ts';
import { banner, card, type Fact, facts, nothing, pairs } from '../components/boxes.ts';
import { localDay, numberText } from '../components/format.ts';
import { action, hidden, reasonField } from '../components/forms.ts';
import { copyButton, id, money, time } from '../components/ids.ts';
import { narrow, queryWith, table } from '../components/lists.ts';
import { membershipPill, pill, statePill, type Tone } from '../components/states.ts';
import { subscriptionForms } from '../forms.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { newest } from './order.ts';
import { alreadySaved } from './order-actions.ts';
import { sentenceHtml } from './order-sentence.ts';
import { type Mark, timelineItem } from './order-timeline.ts';
import { dayCell, subscriptionPath, subscriptionPill } from './subscription-cells.ts';
import type { SubscriptionPageData } from './subscription-data.ts';
import { nextText } from './subscription-next.ts';
import { subscriptionReviewCards } from './subscription-reviews.ts';

export function subscriptionPage(context: PageContext, data: SubscriptionPageData): PageView {
  const { words } = context;
  const { view, summary } = data;
  const next = card(words.subscription.next, html`<p>${nextText(context, view, summary)}</p>`);
  const aside = html`${next}${actionsCard(context, data)}${atStripeCard(context, data)}`;
  const main = html`${subscriptionReviewCards(context, data)}${periodsCard(context, data)}${timelineCard(context, data)}`;
  const body = html`${head(context, data)}${notice(context, data)}${factsCard(context, data)}<div class="order"><div class="stackv">${main}</div><div class="stackv">${aside}</div></div>`;
  return { title: words.subscription.title(data.subscriptionId), body, hasForms: true };
}

function head(context: PageContext, { subscriptionId, explanation, summary }: SubscriptionPageData): Html {
  const { words, base, lang } = context;
  const { memberId } = explanation;
  // The first sentence names what the heading does.
  const why = subscriptionSummary(explanation, lang)
    .slice(1)
    .map(
      (sentence, at) =>
        html`${at > 0 && lang === 'en' && ' '}${sentenceHtml(context, sentence, { amounts: 'strong', times: 'day-minute' })}`,
    );
  const member = memberId !== undefined && html` / <a href="${base}members/${encodeURIComponent(memberId)}">${memberId}</a>`;
  const state = summary ? subscriptionPill(context, summary) : statePill(context, 'none');
  return html`<div><p class="crumbs">${words.subscription.many}${member}</p><div class="head"><div class="title"><h1>${words.subscription.title(subscriptionId)}</h1>${copyButton(context, subscriptionId)}${state}</div><p class="acts"><a class="btn narrow" href="#actions">${words.order.actions}</a></p></div><p class="why">${why}</p></div>
`;
}

/** What an action has just done: made from its event, never from a text in the address. */
function notice(context: PageContext, { did, explanation: { rows } }: SubscriptionPageData): Html | undefined {
  if (did === undefined) return undefined;
  const { order } = context.words;
  const place = `${did.stored.stream}@${did.stored.revision}`;
  const at = rows.findIndex(({ entries }) => entries.some((entry) => entry.place === place));
  const row = rows[at];
  if (row === undefined) return undefined;
  const { title, detail } = subscriptionRowText(row, context.lang, rows.slice(0, at));
  const body = html`${sentenceHtml(context, title, { amounts: 'plain' })}${detail && html`: ${sentenceHtml(context, detail)}`}`;
  const isFailed = row.act?.type === 'DeliveryTakenOver' && row.delivery !== undefined && row.delivery.state !== 'saved';
  if (isFailed) return banner({ tone: 'bad', icon: 'warn', title: order.doneFailed, body, isStatus: true });
  return banner({ tone: did.again ? 'info' : 'ok', icon: 'ok', title: did.again ? order.doneAgain : order.done, body, isStatus: true });
}

function factsCard(context: PageContext, { explanation, view, summary }: SubscriptionPageData): Html {
  const { words, base } = context;
  const { parts, order, subscription } = words;
  const { memberId, sequence, delivered } = explanation;
  const small = (text: Insert): Html => html` <small>${text}</small>`;
  const isSaved = delivered >= sequence;
  const list: readonly Fact[] = [
    [
      parts.membership,
      html`${membershipPill(context, explanation.membership, isSaved)}${explanation.trial && small(subscription.trial)}${view?.inGrace && small(subscription.inGrace)}`,
    ],
    explanation.plan !== undefined && [order.plan, subscription.times(explanation.plan, explanation.quantity)],
    [subscription.paidThrough, dayCell(context, view?.paidThrough)],
    [subscription.accessUntil, html`${dayCell(context, view?.validUntil)}${view?.status === 'active' && small(subscription.gracesIn)}`],
    [
      subscription.atStripe,
      html`${summary?.lifecycle === undefined ? subscription.notBegun : subscription.lifecycle[summary.lifecycle]}${view?.collectionPaused && small(subscription.collectionPaused)}`,
    ],
    [subscription.lookedAt, view?.lookedAt === undefined ? subscription.neverLooked : time(context, view.lookedAt)],
    [
      order.shop,
      sequence === 0
        ? order.nothingToSave
        : html`${isSaved ? pill('ok', 'ok', order.saved) : statePill(context, 'undelivered')}${small(order.decisions(Math.min(delivered, sequence), sequence))}`,
    ],
    memberId !== undefined && [parts.member, html`<a href="${base}members/${encodeURIComponent(memberId)}">${memberId}</a>`],
  ];
  return html`<section class="card" aria-label="${order.inShort}">${facts(list)}</section>
`;
}

/** Periods of one page: two years of months. */
const periodsShown = 24;
const periodTones: Readonly<Record<SubscriptionPeriod['state'], readonly [Tone, 'ok' | 'pause' | 'x' | 'ring']>> = {
  paid: ['ok', 'ok'],
  held: ['warn', 'pause'],
  given_back: ['bad', 'x'],
  open: ['', 'ring'],
};

function periodsCard(context: PageContext, { view }: SubscriptionPageData): Html | undefined {
  const { subscription, parts } = context.words;
  if (view === undefined) return undefined;
  const shown = view.periods.slice(-periodsShown);
  if (shown.length === 0) return card(subscription.periods, nothing(subscription.noPeriods));
  const stripe = { account: view.account, livemode: view.livemode };
  const rows = shown.toReversed().map(({ invoice, state, from, to, totalMinor, currency }): readonly Insert[] => {
    const [tone, icon] = periodTones[state];
    return [
      html`${id(context, invoice, { stripe })}${from !== undefined && narrow(html`${dayCell(context, from)} – ${dayCell(context, to)}`)}`,
      pill(tone, icon, subscription.period[state]),
      dayCell(context, from),
      dayCell(context, to),
      totalMinor === undefined || currency === undefined ? '–' : money(context, totalMinor, currency),
    ];
  });
  const list = table(
    [
      { head: subscription.invoice },
      { head: parts.state },
      { head: subscription.from, isNumber: true, isWide: true },
      { head: subscription.to, isNumber: true, isWide: true },
      { head: subscription.total, isNumber: true },
    ],
    rows,
  );
  const more = view.periods.length > shown.length && html`<p class="small soft">${subscription.newestPeriods(periodsShown)}</p>`;
  return card(subscription.periods, html`${periodsPicture(context, view, shown)}${list}${more}`, { aside: subscription.periodsAbout });
}

function timelineCard(context: PageContext, { explanation: { rows, entries }, skip }: SubscriptionPageData): Html {
  const { words, lang, url, timeZone } = context;
  const { order } = words;
  const shown = newest(rows, skip, (row) => row.entries.length);
  let day = '';
  const items = shown.items.map((row, at) => {
    const today = localDay(timeZone, Date.parse(row.at));
    const text = subscriptionRowText(row, lang, rows.slice(0, shown.before + at));
    const item = timelineItem(context, {
      at: row.at,
      text,
      mark: markOf(row),
      isQuiet: row.confirms,
      times: { times: 'day-minute' },
      isNewDay: today !== day,
    });
    day = today;
    return item;
  });
  const sizes = order.eventsInRows(
    order.events(entries.length, numberText(lang, entries.length)),
    order.rows(rows.length, numberText(lang, rows.length)),
  );
  const earlier =
    shown.before > 0 &&
    html`<p class="small"><a href="${queryWith(url.query, { skip: String(skip + shown.items.length), did: undefined, again: undefined })}">${order.earlier(
      order.rows(shown.before, numberText(lang, shown.before)),
    )}</a></p>`;
  return card(order.timeline, html`${earlier}<ol class="tl" id="t">\n${items}</ol>`, { aside: sizes });
}

export function markOf({ decision, delivery, reviews, act, placed, confirms }: SubscriptionRow): Mark {
  if (delivery?.state === 'failing' || delivery?.state === 'abandoned') return ['bad', 'warn'];
  if (decision) {
    if (decision.type === 'SubscriptionSuspended') return ['warn', 'pause'];
    return decision.type === 'SubscriptionEnded' || decision.type === 'SubscriptionRevoked' ? ['bad', 'x'] : ['ok', 'ok'];
  }
  if (act) return ['', 'user'];
  if (reviews.length > 0) return reviews.some(({ end }) => end === undefined) ? ['warn', 'flag'] : ['', 'flag'];
  if (placed) return ['', 'shop'];
  return confirms ? ['', 'dot'] : ['', 'clock'];
}

function actionsCard(context: PageContext, { subscriptionId, view, delivers }: SubscriptionPageData): Html | undefined {
  const { words, may } = context;
  const { order, subscription } = words;
  if (view === undefined) return undefined;
  const post = (path: string): string => `${subscriptionPath(context, subscriptionId)}/${path}`;
  const look =
    may.has(subscriptionForms.recheck.may) &&
    html`<form method="post" action="${post(subscriptionForms.recheck.path)}" class="acts"><button class="btn">${subscription.look}</button><span class="small soft">${subscription.lookAbout}</span></form>
`;
  const { sequence, delivered } = view;
  const key = html`<code class="id">subscription/${subscriptionId}:${sequence}</code>`;
  const toDeliver = delivers
    ? html`<form class="form" method="post" action="${post(subscriptionForms.redeliver.path)}">${hidden('seenRevision', view.revision)}<p class="small">${subscription.redeliverText(sequence, key)}</p>${reasonField(context, 'why-redeliver')}<p class="acts"><button class="btn main">${order.redeliverButton(sequence)}</button></p></form>`
    : html`<p class="small">${order.doesNotDeliver}</p>`;
  const form = delivered >= sequence ? alreadySaved(context, sequence) : toDeliver;
  const redeliver = sequence > 0 && may.has(subscriptionForms.redeliver.may) && action(order.redeliver, order.redeliverAbout, form);
  if (!look && !redeliver) return undefined;
  return html`<section class="card actions" id="actions"><header><h2>${order.actions}</h2></header>
${look}${redeliver}<p class="small soft">${subscription.endAtStripe}</p></section>
`;
}

function atStripeCard(context: PageContext, { view }: SubscriptionPageData): Html | undefined {
  const { order, subscription, frame } = context.words;
  if (view === undefined) return undefined;
  const { account, livemode, reference, checkouts } = view;
  const stripe = { account, livemode };
  const rows = [
    ...(reference ? [[subscription.customer, id(context, reference.id, { copy: true, stripe })] as const] : []),
    ...checkouts.slice(0, 10).map(({ payment }) => [order.checkout, id(context, payment.id, { copy: true, stripe })] as const),
  ];
  if (rows.length === 0) return undefined;
  return card(order.atStripe, pairs(rows), {
    aside: order.place(livemode ? frame.live : frame.test, html`<code class="id">${account}</code>`),
  });
}
