// Four lists in which something waits for somebody else: a payment, an order for a held payment, the bank, a newer release.
import type { HeldPayment, OrderSummary, Page, SuspendedOrder, UnreadableEntry } from '@paidonce/ledger';
import { type Html, html, type Insert } from '../../html.ts';
import { card, nothing } from '../components/boxes.ts';
import { field, hidden } from '../components/forms.ts';
import { id, money, time, waited } from '../components/ids.ts';
import { type Column, narrow, rowLink, sub, table } from '../components/lists.ts';
import { sourceMark, sourceText } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { orderPath } from './order-cells.ts';

/** A page with one table; what follows stands below it. */
function listPage(
  context: PageContext,
  {
    title,
    about,
    next,
    after,
    hasForms = false,
  }: { title: string; about: string; next: string | undefined; after?: Insert; hasForms?: boolean },
  columns: readonly Column[],
  rows: readonly (readonly Insert[])[],
): PageView {
  const list = rows.length === 0 ? nothing(context.words.parts.nothingWaits) : table(columns, rows);
  const body = html`<div class="head"><div><h1>${title}</h1><p class="why">${about}</p></div></div>
${card(title, list, { kind: 'flush' })}${nextLink(context, next)}${after}`;
  return { title, body, hasForms };
}

export function awaitingPage(context: PageContext, { items, next }: Page<OrderSummary & { readonly until: string }>): PageView {
  const { parts, queues, find } = context.words;
  return listPage(
    context,
    { title: parts.awaiting, about: queues.awaitingAbout, next },
    [
      { head: parts.order },
      { head: find.plan, isWide: true },
      { head: parts.expected, isNumber: true },
      { head: queues.ends, isNumber: true, isWide: true, also: 'soft' },
      { head: parts.waiting, isNumber: true },
    ],
    items.map(({ orderId, memberId, plan, expectedMinor, currency, until, placedAt }) => [
      html`${rowLink(orderPath(context, orderId), orderId)}${sub(memberId)}`,
      plan,
      money(context, expectedMinor, currency),
      until.startsWith('9999') ? '–' : time(context, until),
      waited(context, placedAt),
    ]),
  );
}

export function heldPage(context: PageContext, { items, next }: Page<HeldPayment>): PageView {
  const { words, may } = context;
  const { parts, queues } = words;
  const canLink = may.has('money') && items.length > 0;
  const rows = items.map(({ payment, source, claims, amount, heldSince }) => [
    html`${id(context, payment.id, { copy: true, stripe: payment })}${narrow(sourceText(context, source))}`,
    sourceMark(context, source),
    claims ?? '–',
    amount === undefined ? html`<span class="soft">${queues.notPaid}</span>` : money(context, amount.totalMinor, amount.currency),
    waited(context, heldSince),
  ]);
  return listPage(
    context,
    {
      title: parts.held,
      about: queues.heldAbout,
      next,
      hasForms: true,
      after:
        items.length > 0 && card(queues.whatToDo, html`<p>${queues.heldText}</p>${canLink && linkForm(context, items)}`, { kind: 'form' }),
    },
    [
      { head: queues.payment },
      { head: queues.reportedBy, isWide: true },
      { head: queues.claims, isWide: true },
      { head: parts.came, isNumber: true },
      { head: parts.waiting, isNumber: true },
    ],
    rows,
  );
}

/** Filled in where there is only one. It leads to the order's page that says what linking would do. */
function linkForm(context: PageContext, items: readonly HeldPayment[]): Html {
  const { queues, order } = context.words;
  const [only] = items.length === 1 ? items : [];
  return html`<form class="form" method="get" action="${context.base}queues/held/link">${field({
    id: 'hp',
    name: 'payment',
    label: queues.payment,
    isRequired: true,
    maxLength: 128,
    ...(only ? { value: only.payment.id } : {}),
  })}${field({ id: 'ho', name: 'to', label: queues.toOrder, isRequired: true, maxLength: 128, ...(only?.claims ? { value: only.claims } : {}) })}<p class="acts"><button class="btn main">${order.see}</button></p></form>`;
}

export function suspendedPage(context: PageContext, { items, next }: Page<SuspendedOrder>): PageView {
  const { parts, queues } = context.words;
  const livemode = context.livemode ?? true;
  return listPage(
    context,
    { title: parts.suspended, about: queues.suspendedAbout, next },
    [
      { head: parts.order },
      { head: parts.why },
      { head: queues.amount, isNumber: true },
      { head: parts.since, isNumber: true, isWide: true, also: 'soft' },
      { head: parts.waiting, isNumber: true },
    ],
    items.map(({ orderId, memberId, because, currency, since }) => [
      html`${rowLink(orderPath(context, orderId), orderId)}${sub(memberId)}`,
      html`${because.kind === 'dispute' ? queues.disputeOpen : queues.debitReturned}${sub(id(context, because.id, { stripe: { livemode } }))}`,
      money(context, because.amountMinor, currency),
      time(context, since),
      waited(context, since),
    ]),
  );
}

export function unreadablePage(context: PageContext, { items, next }: Page<UnreadableEntry>): PageView {
  const { words, may, base } = context;
  const { parts, queues } = words;
  const canAsk = may.has('repair') && items.length > 0;
  const recheck = (objectId: string): Html =>
    html`<form method="post" action="${base}recheck">${hidden('id', objectId)}<button class="btn" aria-label="${queues.recheckObject(objectId)}">${queues.recheck}</button></form>`;
  return listPage(
    context,
    { title: parts.unreadable, about: queues.unreadableAbout, next, hasForms: true },
    [
      { head: queues.object },
      { head: queues.failedAt },
      { head: queues.apiVersion, isWide: true },
      { head: parts.waiting, isNumber: true },
      ...(canAsk ? [{ head: html`<span class="vh">${parts.action}</span>` }] : []),
    ],
    items.map((entry) => [
      html`${id(context, entry.objectId, { copy: true, stripe: { livemode: entry.livemode ?? context.livemode ?? true } })}${sub(entry.type)}${entry.readSince !== undefined && sub(queues.readSince(waited(context, entry.readSince)))}`,
      entry.path === '' ? queues.wholeObject : html`<code class="id">${entry.path}</code>`,
      html`<code class="id">${entry.apiVersion ?? '–'}</code>`,
      waited(context, entry.since),
      ...(canAsk ? [recheck(entry.objectId)] : []),
    ]),
  );
}
