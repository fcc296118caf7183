// What an operator may do with an order: closed forms, each of which says before it is sent what will happen, and what will not.
// What one may not do has no form; its route refuses it all the same.
import type { OrderView } from '@paidonce/ledger';
import { decimalText } from '@paidonce/ledger/adapter';
import type { TimelineEntry } from '@paidonce/ledger/audit';
import { type Html, html, type Insert } from '../../html.ts';
import { localDay, localTime } from '../components/format.ts';
import { action, field, hidden, reasonField } from '../components/forms.ts';
import { id } from '../components/ids.ts';
import { type OrderFormName, orderForms } from '../forms.ts';
import type { PageContext } from '../page-context.ts';
import type { OrderPageData } from './order-data.ts';
import { orderHref } from './order-head.ts';

export function actionsCard(context: PageContext, data: OrderPageData): Html | undefined {
  const { order } = data;
  if (order === undefined || data.asOf !== undefined) return undefined;
  const words = context.words.order;
  const forms = [
    recheck(context, data),
    redeliver(context, data, order),
    observe(context, data, order),
    move(context, data),
    link(context, data),
    withdraw(context, data, order),
  ].filter((form) => form !== undefined);
  if (forms.length === 0) return undefined;
  return html`<section class="card actions" id="actions"><header><h2>${words.actions}</h2></header>
${forms}</section>
`;
}

/** The form of an action: a POST with the revision that the page shows. Undefined: the operator may not. */
export function orderForm(
  context: PageContext,
  name: OrderFormName,
  { orderId, order }: Pick<OrderPageData, 'orderId' | 'order'>,
  { before, button, danger = false }: { readonly before: Insert; readonly button: string; readonly danger?: boolean },
): Html | undefined {
  const { may, path } = orderForms[name];
  if (!context.may.has(may) || order === undefined) return undefined;
  return html`<form class="form" method="post" action="${orderHref(context, orderId)}/${path}">${hidden('seenRevision', order.revision)}${before}${reasonField(
    context,
    `why-${name}`,
  )}<p class="acts"><button class="btn ${danger ? 'danger' : 'main'}">${button}</button></p></form>`;
}

function recheck(context: PageContext, { orderId, order, explanation }: OrderPageData): Html | undefined {
  const { order: words } = context.words;
  if (!context.may.has(orderForms.recheck.may)) return undefined;
  // Each object of the order, and its list of disputes.
  const reads = 1 + objectsIn(explanation.entries).length;
  return html`<form method="post" action="${orderHref(context, orderId)}/${orderForms.recheck.path}" class="acts">${hidden(
    'seenRevision',
    order?.revision ?? -1,
  )}<button class="btn">${words.recheck}</button><span class="small soft">${words.reads(reads)}</span></form>
`;
}

/** The payments and checkouts of an order, each once. */
function objectsIn(entries: readonly TimelineEntry[]): readonly string[] {
  const ids = entries.flatMap((entry) => {
    if (entry.kind === 'attached') return [entry.payment.id];
    return entry.kind === 'reported' ? [entry.report.payment.id] : [];
  });
  return [...new Set(ids)];
}

function redeliver(context: PageContext, data: OrderPageData, { sequence, orderId }: OrderView): Html | undefined {
  const { order: words } = context.words;
  const { newest, isSaved } = data.explanation.standing;
  if (newest === undefined || !context.may.has(orderForms.redeliver.may)) return undefined;
  if (isSaved) return action(words.redeliver, words.redeliverAbout, alreadySaved(context, sequence));
  if (!data.delivers) return action(words.redeliver, words.redeliverAbout, html`<p class="small">${words.doesNotDeliver}</p>`);
  const before = html`<p class="small">${words.redeliverText(sequence, words.change[newest.decision], html`<code class="id">${orderId}:${sequence}</code>`)}</p>`;
  const form = orderForm(context, 'redeliver', data, { before, button: words.redeliverButton(sequence) });
  return form && action(words.redeliver, words.redeliverAbout, form);
}

/** In place of the form where the shop has the newest decision: there is nothing to deliver, so it would not be called. */
export function alreadySaved({ words: { order } }: PageContext, sequence: number): Html {
  return html`<p class="small">${order.alreadySaved(sequence, html`<code class="id">paidonce compare --repair</code>`)}</p>`;
}

function observe(context: PageContext, data: OrderPageData, { expected }: OrderView): Html | undefined {
  const { order: words } = context.words;
  const { timeZone, now } = context;
  const currency = expected.currency.toUpperCase();
  const before = html`<p class="small">${words.observeText}</p>${hidden('currency', expected.currency)}${hidden('timeZone', timeZone)}${field(
    {
      id: 'paymentId',
      name: 'paymentId',
      label: words.payment,
      value: data.manualId,
      hint: words.paymentHint,
      isRequired: true,
      maxLength: 128,
    },
  )}${field({
    id: 'amount',
    name: 'amount',
    label: words.received(currency),
    value: decimalText(expected.amountMinor, expected.currency),
    inputMode: 'decimal',
    isRequired: true,
  })}${field({
    id: 'paidAt',
    name: 'paidAt',
    label: words.receivedAt,
    value: `${localDay(timeZone, now)}T${localTime(timeZone, now).minute}`,
    hint: words.receivedHint(timeZone),
    type: 'datetime-local',
    isRequired: true,
  })}`;
  const form = orderForm(context, 'observe', data, { before, button: words.observeButton });
  return form && action(words.observe, words.observeAbout, form);
}

/** First a page that says what it would do: a GET form, so that it is an address. */
function move(context: PageContext, { orderId, explanation }: OrderPageData): Html | undefined {
  const { order: words } = context.words;
  const payments = paymentsIn(explanation.entries);
  const [first] = payments;
  if (!context.may.has(orderForms.move.may) || first === undefined) return undefined;
  const which =
    payments.length === 1
      ? html`${hidden('payment', first)}<p class="small">${id(context, first)}</p>`
      : html`<div class="field"><label for="move-payment">${words.payment}</label><select id="move-payment" name="payment">${payments.map(
          (each) => html`<option value="${each}">${each}</option>`,
        )}</select></div>`;
  const form = html`<form class="form" method="get" action="${orderHref(context, orderId)}/move"><p class="small">${words.moveText}</p>${which}${field(
    {
      id: 'move-to',
      name: 'to',
      label: words.toOrder,
      isRequired: true,
      maxLength: 128,
    },
  )}<p class="acts"><button class="btn">${words.see}</button></p></form>`;
  return action(words.move, words.moveAbout, form);
}

/** The payments that were reported on the order, without those that were moved away. */
function paymentsIn(entries: readonly TimelineEntry[]): readonly string[] {
  const moved = new Set(entries.flatMap((entry) => (entry.kind === 'moved' ? [entry.payment.id] : [])));
  const reported = entries.flatMap((entry) => (entry.kind === 'reported' ? [entry.report.payment.id] : []));
  return [...new Set(reported)].filter((payment) => !moved.has(payment));
}

function link(context: PageContext, { orderId }: OrderPageData): Html | undefined {
  const { order: words } = context.words;
  if (!context.may.has(orderForms.link.may)) return undefined;
  const form = html`<form class="form" method="get" action="${orderHref(context, orderId)}/link"><p class="small">${words.linkText}</p>${field(
    {
      id: 'link-payment',
      name: 'payment',
      label: words.payment,
      isRequired: true,
      maxLength: 128,
    },
  )}<p class="acts"><button class="btn">${words.see}</button></p></form>`;
  return action(words.link, words.linkAbout, form);
}

function withdraw(context: PageContext, data: OrderPageData, { sequence, withdrawn }: OrderView): Html | undefined {
  const { order: words } = context.words;
  if (sequence > 0 || withdrawn) return undefined;
  const before = html`<p class="small">${words.withdrawText}</p>`;
  const form = orderForm(context, 'withdraw', data, { before, button: words.withdraw, danger: true });
  return form && action(words.withdraw, words.withdrawAbout, form);
}
