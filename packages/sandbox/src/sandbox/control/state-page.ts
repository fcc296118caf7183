// The sandbox's current state, on one page.
import type { SandboxCore } from '../core.ts';
import type { Model } from '../model.ts';
import { formatAmount } from '../money.ts';
import { fateOfSession } from '../objects/announcement.ts';
import type { Page } from '../page/document.ts';
import { type Html, html } from '../page/html.ts';
import { endpointOf } from '../webhooks/enqueue.ts';

const ROWS = 25;

export function statePage(core: SandboxCore): Page {
  const { clock } = core.model;
  const accounts = [...core.accounts.all()];
  const main = html`<section class="pane">
<h1>State of the sandbox</h1>
<p class="soft">Its clock: ${time(clock.nowSeconds())} UTC${clock.offsetMs > 0 && html`, ${Math.round(clock.offsetMs / 1_000)} s ahead of the machine`}.
The newest ${ROWS} of each kind.</p>
<form class="field" method="post" action="/_sandbox/advance"><span>Advance the clock by</span>
<button name="ms" value="3600000">an hour</button><button name="days" value="1">a day</button><button name="months" value="1">a month</button></form>
<div class="tables">
${accounts.map((model) => html`${accounts.length > 1 && html`<h2>Account ${model.account}</h2>`}${paymentTables(model)}${webhookTables(model)}`)}
${faultTable(core)}
${callTable(core)}
</div></section>`;
  return { title: 'Stripe sandbox', main };
}

function time(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
}

function paymentTables(model: Model): Html {
  const { state } = model;
  return html`${table('Checkout sessions', ['Created', 'Session', 'Amount', 'Status', 'Webhook'], state.sessions, (record) => {
    const { session } = record;
    const amount = session.amount_total === null ? '' : formatAmount(session.amount_total, session.currency ?? 'usd');
    const link =
      session.status === 'open'
        ? html`<a href="/c/pay/${record.id}">${record.id.slice(0, 20)}…</a>`
        : html`<code>${record.id.slice(0, 20)}…</code>`;
    return [time(session.created), link, amount, `${session.status}, ${session.payment_status}`, fateOfSession(record)];
  })}
${table('Payment links', ['Link', 'Active', 'Order'], state.paymentLinks, ({ id, link }) => [
  link.active ? html`<a href="/b/${id}">${id}</a>` : html`<code>${id}</code>`,
  link.active ? 'yes' : 'no',
  Object.values(link.metadata).join(', '),
])}
${billingTables(model)}
${table('Payment intents', ['Created', 'Intent', 'Amount', 'Status'], state.intents, (intent) => [
  time(intent.created),
  state.challenges.get(intent.id) ? html`<a href="/c/authenticate/${intent.id}">${intent.id}</a>` : html`<code>${intent.id}</code>`,
  formatAmount(intent.amount, intent.currency),
  intent.status,
])}
${moneyTable('Refunds', 'Refund', state.refunds)}${moneyTable('Disputes', 'Dispute', state.disputes)}`;
}

function billingTables({ state }: Model): Html {
  if (state.subscriptions.size === 0 && state.invoices.size === 0) return html``;
  return html`${table(
    'Subscriptions',
    ['Created', 'Subscription', 'Prices', 'Status', 'Period ends'],
    state.subscriptions,
    ({ id, subscription, items }) => [
      time(subscription.created),
      html`<code>${id}</code>`,
      items.map((item) => `${item.quantity ?? 1} × ${formatAmount(item.price.unit_amount ?? 0, subscription.currency)}`).join(', '),
      subscription.cancel_at === null ? subscription.status : `${subscription.status}, ends ${time(subscription.cancel_at)}`,
      items.map((item) => time(item.current_period_end)).join(', '),
    ],
  )}
${table('Invoices', ['Created', 'Invoice', 'Why', 'Total', 'Status', 'Next try'], state.invoices, ({ id, invoice }) => [
  time(invoice.created),
  invoice.status === 'draft' ? html`<code>${id}</code>` : html`<a href="/i/${id}">${id}</a>`,
  invoice.billing_reason ?? '',
  formatAmount(invoice.total, invoice.currency),
  invoice.status ?? '',
  invoice.next_payment_attempt === null ? '' : time(invoice.next_payment_attempt),
])}`;
}

interface MoneyRow {
  readonly id: string;
  readonly created: number;
  readonly amount: number;
  readonly currency: string;
  readonly status: string | null;
}

function moneyTable(caption: string, column: string, rows: { newestFirst(): Iterable<MoneyRow> }): Html {
  return table(caption, ['Created', column, 'Amount', 'Status'], rows, ({ id, created, amount, currency, status }) => [
    time(created),
    html`<code>${id}</code>`,
    formatAmount(amount, currency),
    status ?? '',
  ]);
}

function webhookTables(model: Model): Html {
  const { state } = model;
  return html`${table(
    'Webhook endpoints',
    ['Endpoint', 'To', 'Payload', 'Version', 'Status'],
    state.endpoints,
    ({ id, object, payload, connect }) => [
      html`<code>${id}</code>`,
      object.url,
      connect ? `${payload}, connected accounts` : payload,
      object.api_version ?? model.apiVersion,
      object.status,
    ],
  )}
${table('Webhook deliveries', ['Event', 'To', 'Status', 'Tries', 'Last answer'], state.deliveries, (delivery) => [
  html`${(state.events.get(delivery.event) ?? state.thinEvents.get(delivery.event))?.type ?? ''}<br><code>${delivery.event}</code>`,
  endpointOf(model, delivery.endpoint)?.endpoint.object.url ?? '',
  delivery.status,
  String(delivery.attempts),
  delivery.lastResult ?? '',
])}
${table('Events that were never made', ['Event', 'Object'], state.missedEvents, ({ type, related }) => [type, related?.id ?? ''])}`;
}

function faultTable({ faults }: SandboxCore): Html {
  const waiting = faults.list();
  if (waiting.length === 0) return html`<p class="soft">Faults: none.</p>`;
  return html`<table><caption>Faults to come</caption><thead><tr><th scope="col">Kind</th><th scope="col">Where</th><th scope="col">Left</th></tr></thead>
<tbody>${waiting.map(({ kind, status, method, path, left }) => html`<tr><td>${kind} ${status}</td><td>${method ?? 'any'} ${path ?? ''}</td><td>${left}</td></tr>`)}</tbody></table>`;
}

function callTable({ calls }: SandboxCore): Html {
  const rows = Object.entries(calls.byRoute());
  if (rows.length === 0) return html`<p class="soft">API calls: none.</p>`;
  return html`<table><caption>API calls: ${calls.count()}</caption><thead><tr><th scope="col">Entry</th><th scope="col">Calls</th></tr></thead>
<tbody>${rows.map(([route, count]) => html`<tr><td>${route}</td><td>${count}</td></tr>`)}</tbody></table>`;
}

function table<T>(
  caption: string,
  columns: readonly string[],
  rows: { newestFirst(): Iterable<T> },
  cells: (row: T) => readonly (string | Html)[],
): Html {
  const newest = [...rows.newestFirst()].slice(0, ROWS);
  if (newest.length === 0) return html`<p class="soft">${caption}: none.</p>`;
  return html`<table><caption>${caption}</caption><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${newest.map((row) => html`<tr>${cells(row).map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>`;
}
