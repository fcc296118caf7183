// A form that comes back: because a field is wrong (422), or because the order has news that the sender did not see (409). What was
// typed is kept, and nothing was done.
import type { Preview, StaleAction } from '@paidonce/ledger';
import { decimalsOf } from '@paidonce/ledger/adapter';
import { explainHistory, type Row, rowsOf, rowText, sentenceText } from '@paidonce/ledger/audit';
import type { Console, ConsoleCall } from '../../console-call.ts';
import { type Html, html } from '../../html.ts';
import { jsonReply, pageReply, type Reply } from '../../reply.ts';
import { banner, card, nothing, pairs } from '../components/boxes.ts';
import { choices, field, hidden } from '../components/forms.ts';
import { time } from '../components/ids.ts';
import { type OrderFormName, orderForms } from '../forms.ts';
import { frame } from '../frame.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { contextOf } from '../page-route.ts';
import { orderPath } from '../pages/order-cells.ts';
import { effectOf } from './effects.ts';
import { type FormProblem, textOf } from './form.ts';

interface ReturnedForm {
  readonly name: OrderFormName;
  readonly orderId: string;
  /** Below the mount: where it is sent again. */
  readonly action: string;
  /** What was typed, by the names of the form's fields. */
  readonly fields: Readonly<Record<string, string>>;
  /** In which the amount is expected, for the example. */
  readonly currency: string;
  readonly problem?: Pick<FormProblem, 'field' | 'problem' | 'detail'>;
  /** What is new, where the order has moved on. */
  readonly news?: readonly Row[];
  /** What it would do now. */
  readonly effect?: readonly Preview[];
  /** True: there is nothing left to send, as where the review is resolved. */
  readonly isClosed?: boolean;
}

export async function formReply(console: Console, call: ConsoleCall, name: OrderFormName, problem: FormProblem): Promise<Reply> {
  if (!call.wantsPage) return jsonReply(422, { error: 'invalid_input', field: problem.field, problem: problem.problem });
  const order = await console.payments.ledger.order(call.params['orderId'] ?? '').catch(() => undefined);
  return page(console, call, 422, { ...sentForm(call, name), problem, currency: order?.expected.currency ?? 'usd' });
}

export async function staleReply(console: Console, call: ConsoleCall, name: OrderFormName, stale: StaleAction): Promise<Reply> {
  const { ledger } = console.payments;
  if (!call.wantsPage) return jsonReply(409, { error: 'stale', orderId: stale.orderId, revision: stale.revision });
  const sent = sentForm(call, name);
  // `move` looks at two orders: the one that has moved on gets its new revision.
  const isOther = stale.orderId !== sent.orderId;
  const seen = Number(textOf(call, isOther ? 'toRevision' : 'seenRevision'));
  const [history, order] = await Promise.all([ledger.history(stale.orderId), ledger.order(sent.orderId)]);
  const known = new Set(history.filter(({ revision }) => revision <= seen).map(({ stream, revision }) => `${stream}@${revision}`));
  const entries = explainHistory(stale.orderId, history)?.entries ?? [];
  const news = rowsOf(entries).filter(({ entries: events }) => events.some(({ place }) => !known.has(place)));
  const fields = { ...sent.fields, [isOther ? 'toRevision' : 'seenRevision']: String(stale.revision) };
  const effect = order && (await effectOf(ledger, call, name, order));
  const isClosed =
    (name === 'resolve' && order?.openReviews.every(({ reviewId }) => reviewId !== call.params['reviewId']) === true) ||
    (name === 'withdraw' && order !== undefined && (order.withdrawn !== undefined || order.sequence > 0));
  return page(console, call, 409, {
    ...sent,
    fields,
    news,
    currency: order?.expected.currency ?? 'usd',
    isClosed,
    ...(effect ? { effect } : {}),
  });
}

function sentForm(call: ConsoleCall, name: OrderFormName): Pick<ReturnedForm, 'name' | 'orderId' | 'action' | 'fields'> {
  const { orderId = '', reviewId = '' } = call.params;
  const path = orderForms[name].path.replace(':reviewId', encodeURIComponent(reviewId));
  const fields = Object.fromEntries(orderForms[name].fields.map((each) => [each, textOf(call, each)]));
  return { name, orderId, action: `orders/${encodeURIComponent(orderId)}/${path}`, fields };
}

async function page(console: Console, call: ConsoleCall, status: 409 | 422, form: ReturnedForm): Promise<Reply> {
  const context = await contextOf(console, call, console.payments.ledger.runtime.now().getTime());
  return pageReply(status, frame(context, returnedFormPage(context, form)));
}

/** Pure: the page of a form that came back. */
function returnedFormPage(context: PageContext, form: ReturnedForm): PageView {
  const { actions, frame: words } = context.words;
  const { name, orderId, news, problem } = form;
  const title = news === undefined ? actions.correct : actions.changed;
  const link = html`<a href="${orderPath(context, orderId)}">${orderId}</a>`;
  const head = html`<div><p class="crumbs"><a href="${context.base}orders">${words.orders}</a> / ${link}</p><h1>${title}</h1><p class="why">${
    news === undefined ? actions.correctText(actions.name[name]) : actions.changedText(news.length, html`<strong>${orderId}</strong>`)
  }</p></div>`;
  const detail =
    problem?.detail === undefined
      ? undefined
      : banner({ tone: 'warn', icon: 'flag', title: actions.problem.refused, body: problem.detail });
  const body = html`${head}${detail}${news !== undefined && card(actions.newSince, newsList(context, news))}${card(actions.sent, sentAgain(context, form))}`;
  return { title, body, hasForms: true };
}

function newsList(context: PageContext, rows: readonly Row[]): Html {
  if (rows.length === 0) return nothing(context.words.parts.nothingWaits);
  return html`<ol class="tl">${rows.map((row) => {
    const { title, detail, reason } = rowText(row, context.lang);
    return html`<li>${time(context, row.at)}<span class="node" aria-hidden="true"></span><div><p class="t">${sentenceText(title)}</p>${
      detail && html`<p class="d">${sentenceText(detail)}</p>`
    }${reason !== undefined && html`<p class="d"><q class="said">${reason}</q></p>`}</div></li>`;
  })}</ol>`;
}

function sentAgain(
  context: PageContext,
  { name, orderId, action, fields, currency, news, effect, problem, isClosed = false }: ReturnedForm,
): Html {
  const { actions, parts } = context.words;
  const look = html`<a class="btn${(news !== undefined || isClosed) && ' main'}" href="${orderPath(context, orderId)}">${actions.look}</a>`;
  const shown = effect?.map(({ orderId: of, membership }) => actions.becomes(html`<strong>${of}</strong>`, parts[membership]));
  const inputs = orderForms[name].fields.map((each) => input(context, each, fields[each] ?? '', { currency, problem }));
  const button = html`<button class="btn${news === undefined && ' main'}">${news === undefined ? actions.send : actions.sendAnyway}</button>`;
  return html`<form class="form" method="post" action="${context.base}${action}">${pairs([
    [actions.form, actions.name[name]],
    shown !== undefined && [actions.effect, html`${shown}`],
  ])}${inputs}${isClosed && html`<p>${actions.closed}</p>`}<p class="acts">${look}${!isClosed && button}</p></form>`;
}

/** Revisions and what a page has chosen by itself are sent along unseen; what was typed can be mended. */
const unseen: readonly string[] = ['seenRevision', 'toRevision', 'timeZone', 'currency'];

export function input(
  context: PageContext,
  name: string,
  value: string,
  { currency, problem }: { readonly currency: string; readonly problem: ReturnedForm['problem'] },
): Html {
  const { actions } = context.words;
  const wrong = problem?.field === name ? problem.problem : undefined;
  if (unseen.includes(name) && wrong === undefined) return value === '' ? html`` : hidden(name, value);
  if (name === 'resolution') {
    const list = (['grant', 'revoke', 'dismiss'] as const).map((each) => ({
      value: each,
      what: actions.resolution[each],
      consequence: '',
    }));
    return choices(actions.choice, name, list, value);
  }
  const said =
    wrong === undefined
      ? undefined
      : wrong === 'amount_unclear'
        ? actions.problem.amount_unclear(exampleOf(currency))
        : actions.problem[wrong];
  const label = name in actions.field ? actions.field[name as keyof typeof actions.field] : name;
  const keep =
    wrong === 'reason_has_address' &&
    html`<label class="choice"><input type="checkbox" name="keepReason" value="1"><span>${actions.keep}</span></label>`;
  const isTime = name === 'paidAt' && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value);
  return html`${field({
    id: `sent-${name}`,
    name,
    label,
    value,
    isRequired: true,
    ...(isTime ? { type: 'datetime-local' } : {}),
    ...(said === undefined ? {} : { problem: said }),
  })}${keep}`;
}

function exampleOf(currency: string): string {
  const decimals = decimalsOf(currency);
  return decimals === 0 ? '2900' : `2900.${'0'.repeat(decimals)}`;
}
