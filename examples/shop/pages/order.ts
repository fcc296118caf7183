// The page of one order: its state, one sentence why, and the timeline of what each source reported.

import { type Html, html } from '@paidonce/http/html';
import type { OrderView, StoredEvent } from '@paidonce/ledger';
import { money, paymentLabels, sourceNames, timeOfDay } from '../labels.ts';
import type { ShopOrder } from '../orders.ts';
import { type Entry, timelineOf, verdictOf } from '../timeline.ts';
import { fates } from './home.ts';
import { membershipPill, page, unreachableNotice } from './layout.ts';

export interface OrderPageView {
  readonly shopOrder: ShopOrder;
  /** Undefined: no checkout was started. */
  readonly order: OrderView | undefined;
  readonly history: readonly StoredEvent[];
  readonly pollSeconds: number;
  /** The answer of a status query that was just made. */
  readonly answer?: string;
}

export function orderPage({ shopOrder, order, history, pollSeconds, answer }: OrderPageView): string {
  const { orderId, memberId, plan, fate, afterwards, returnedAt } = shopOrder;
  const membership = order?.membership ?? 'none';
  return page({
    title: `Order ${orderId}`,
    section: '/orders',
    script: 'shop.js',
    body: html`
<h1>Order ${orderId}</h1>
<div data-ask="/orders/${orderId}/revision" data-state="${order?.revision ?? -1}"></div>
${unreachableNotice}
<p class="lead">${verdictOf(history)}</p>
<dl class="facts">
  <div><dt>Membership</dt><dd>${membershipPill(membership)}</dd></div>
  <div><dt>Payment</dt><dd>${paymentLabels[order?.payment ?? 'none']}</dd></div>
  <div><dt>Granted by</dt><dd>${order?.grantedBy === undefined ? 'nobody' : sourceNames[order.grantedBy]}</dd></div>
  <div><dt>Plan</dt><dd>${plan}${order && html`, ${money(order.expected.amountMinor, order.expected.currency)}`}</dd></div>
  <div><dt>Member</dt><dd><a href="/members/${memberId}">${memberId}</a></dd></div>
  ${fate !== null && html`<div><dt>Webhook, as chosen</dt><dd>${fateName(fate)}</dd></div>`}
</dl>
${answer !== undefined && html`<p class="answer" role="status">Asked just now: ${answer}.</p>`}
${
  membership === 'none' &&
  afterwards === 'leaves' &&
  html`<p class="note">The customer of this order closes the browser after paying, so no page asks. The webhook or the poll must tell of the
  payment. Or you ask:</p>`
}
${
  membership !== 'active' &&
  html`<div class="actions">
  ${postButton(`/orders/${orderId}/check`, 'Check with Stripe now')}
  ${membership === 'none' && postButton(`/orders/${orderId}/pay`, 'Go to payment')}
</div>`
}
<h2 id="timeline">Timeline</h2>
<p class="note">Each line stands in the ledger, but for the browser's: a redirect proves nothing, so it is no event. What a source repeats adds
  no line. This page follows by itself; the poll asks every ${pollSeconds} seconds. Times are ${zoneName()}.</p>
<ol class="timeline" aria-labelledby="timeline">${timelineOf(orderId, history, returnedAt).map(entryLine)}</ol>`,
  });
}

const effectLabels: Readonly<Record<NonNullable<Entry['effect']>, string>> = {
  granted: 'granted',
  restored: 'restored',
  suspended: 'suspended',
  revoked: 'revoked',
  review: 'needs a person',
  confirmed: 'only confirmed',
  recorded: 'recorded',
  nothing: 'granted nothing',
};

function postButton(action: string, name: string): Html {
  return html`<form method="post" action="${action}"><button class="quiet">${name}</button></form>`;
}

function entryLine({ at, who, title, details, effect }: Entry): Html {
  return html`
  <li class="entry ${effect ?? 'plain'}">
    <time datetime="${at}">${timeOfDay(at)}<span class="millis">.${at.slice(20, 23)}</span></time>
    <div><p><span class="who">${who}</span> ${effect !== undefined && html`<span class="pill ${effect}">${effectLabels[effect]}</span>`}</p>
    <p class="title">${title}</p>${details.map((detail) => html`<p class="detail">${detail}</p>`)}</div>
  </li>`;
}

function fateName(fate: string): string {
  return fates.find(([name]) => name === fate)?.[1] ?? fate;
}

function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
