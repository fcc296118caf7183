// A form of a subscription that comes back: because a field is wrong (422), or because the subscription has news that the sender did
// not see (409). What was typed is kept, and nothing was done.
import type { StaleSubscription, SubscriptionReads } from '@paidonce/ledger';
import { explainSubscriptionHistory, type SubscriptionRow, subscriptionRowText } from '@paidonce/ledger/audit';
import type { Console, ConsoleCall } from '../../console-call.ts';
import { type Html, html } from '../../html.ts';
import { jsonReply, pageReply, type Reply } from '../../reply.ts';
import { banner, card, nothing, pairs } from '../components/boxes.ts';
import { type SubscriptionFormName, subscriptionForms } from '../forms.ts';
import { frame } from '../frame.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { contextOf } from '../page-route.ts';
import { timelineItem } from '../pages/order-timeline.ts';
import { markOf } from '../pages/subscription.ts';
import { subscriptionPath } from '../pages/subscription-cells.ts';
import { FormProblem, textOf } from './form.ts';
import { input } from './returned-form.ts';

interface ReturnedForm {
  readonly name: SubscriptionFormName;
  readonly subscriptionId: string;
  /** Below the subscription's own address: where it is sent again. */
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly problem?: FormProblem;
  /** All rows, and from which one on they are new. Absent: nothing is. */
  readonly news?: { readonly rows: readonly SubscriptionRow[]; readonly isNew: (row: SubscriptionRow) => boolean };
  /** True: there is nothing left to send. */
  readonly isClosed: boolean;
}

export async function subscriptionFormReply(
  console: Console,
  reads: SubscriptionReads,
  call: ConsoleCall,
  name: SubscriptionFormName,
  why: FormProblem | StaleSubscription,
): Promise<Reply> {
  const { subscriptionId = '', reviewId = '' } = call.params;
  const isWrong = why instanceof FormProblem;
  if (!call.wantsPage) {
    if (isWrong) return jsonReply(422, { error: 'invalid_input', field: why.field, problem: why.problem });
    return jsonReply(409, { error: 'stale', subscriptionId, revision: why.revision });
  }
  const { ledger } = console.payments;
  const typed = Object.fromEntries(subscriptionForms[name].fields.map((each) => [each, textOf(call, each)]));
  const path = subscriptionForms[name].path.replace(':reviewId', encodeURIComponent(reviewId));
  const [history, view] = await Promise.all([reads.history(subscriptionId), ledger.subscription(subscriptionId)]);
  const seen = Number(textOf(call, 'seenRevision'));
  const known = new Set(history.filter(({ revision }) => revision <= seen).map(({ stream, revision }) => `${stream}@${revision}`));
  const rows = explainSubscriptionHistory(subscriptionId, history)?.rows ?? [];
  const isNew = (row: SubscriptionRow): boolean => row.entries.some(({ place }) => !known.has(place));
  const form: ReturnedForm = {
    name,
    subscriptionId,
    path,
    fields: isWrong ? typed : { ...typed, seenRevision: String(why.revision) },
    isClosed: name === 'resolve' && view?.openReviews.every((review) => review.reviewId !== reviewId) === true,
    ...(isWrong ? { problem: why } : { news: { rows, isNew } }),
  };
  const context = await contextOf(console, call, ledger.runtime.now().getTime());
  return pageReply(isWrong ? 422 : 409, frame(context, returnedPage(context, form)));
}

function returnedPage(context: PageContext, form: ReturnedForm): PageView {
  const { actions, subscription } = context.words;
  const { name, subscriptionId, news, problem } = form;
  const title = news === undefined ? actions.correct : subscription.changed;
  const link = html`<a href="${subscriptionPath(context, subscriptionId)}">${subscriptionId}</a>`;
  const fresh = news?.rows.filter(news.isNew) ?? [];
  const why =
    news === undefined
      ? actions.correctText(actions.name[name])
      : actions.changedText(fresh.length, html`<strong>${subscriptionId}</strong>`);
  const detail =
    problem?.detail !== undefined && banner({ tone: 'warn', icon: 'flag', title: actions.problem.refused, body: problem.detail });
  const body = html`<div><p class="crumbs">${subscription.many} / ${link}</p><h1>${title}</h1><p class="why">${why}</p></div>${detail}${
    news !== undefined && card(actions.newSince, newsList(context, news.rows, fresh))
  }${card(actions.sent, sentAgain(context, form))}`;
  return { title, body, hasForms: true };
}

function newsList(context: PageContext, rows: readonly SubscriptionRow[], fresh: readonly SubscriptionRow[]): Html {
  if (fresh.length === 0) return nothing(context.words.parts.nothingWaits);
  const items = fresh.map((row) => {
    const text = subscriptionRowText(row, context.lang, rows.slice(0, rows.indexOf(row)));
    return timelineItem(context, { at: row.at, text, mark: markOf(row), isQuiet: row.confirms, times: {}, isNewDay: true });
  });
  return html`<ol class="tl">${items}</ol>`;
}

function sentAgain(context: PageContext, { name, subscriptionId, path, fields, news, problem, isClosed }: ReturnedForm): Html {
  const { actions, subscription } = context.words;
  const here = subscriptionPath(context, subscriptionId);
  const isMain = news !== undefined || isClosed;
  const look = html`<a class="btn${isMain && ' main'}" href="${here}">${subscription.goThere}</a>`;
  const inputs = subscriptionForms[name].fields.map((each) => input(context, each, fields[each] ?? '', { currency: 'usd', problem }));
  const button = html`<button class="btn${!isMain && ' main'}">${news === undefined ? actions.send : actions.sendAnyway}</button>`;
  return html`<form class="form" method="post" action="${here}/${path}">${pairs([[actions.form, actions.name[name]]])}${inputs}${
    isClosed && html`<p>${actions.closed}</p>`
  }<p class="acts">${look}${!isClosed && button}</p></form>`;
}
