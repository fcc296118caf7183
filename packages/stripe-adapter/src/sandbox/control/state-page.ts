// What the sandbox knows right now, on one page.
import type { SandboxCore } from '../core.ts';
import { formatAmount } from '../money.ts';
import { fateOfSession } from '../objects/announcement.ts';
import type { Page } from '../page/document.ts';
import { type Html, html } from '../page/html.ts';

const ROWS = 25;

export function statePage(core: SandboxCore): Page {
  const { state, clock } = core.model;
  const time = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const main = html`<section class="pane">
<h1>State of the sandbox</h1>
<p class="soft">Its clock: ${time(clock.nowSeconds())} UTC${clock.offsetMs > 0 && html`, ${Math.round(clock.offsetMs / 1_000)} s ahead of the machine`}.
The newest ${ROWS} of each kind.</p>
<div class="tables">
${table('Checkout sessions', ['Created', 'Session', 'Amount', 'Status', 'Webhook'], state.sessions, (record) => {
  const { session } = record;
  const amount = session.amount_total === null ? '' : formatAmount(session.amount_total, session.currency ?? 'usd');
  const link =
    session.status === 'open'
      ? html`<a href="/c/pay/${record.id}">${record.id.slice(0, 20)}…</a>`
      : html`<code>${record.id.slice(0, 20)}…</code>`;
  return [time(session.created), link, amount, `${session.status}, ${session.payment_status}`, fateOfSession(record)];
})}
${table('Payment intents', ['Created', 'Intent', 'Amount', 'Status'], state.intents, (intent) => [
  time(intent.created),
  html`<code>${intent.id}</code>`,
  formatAmount(intent.amount, intent.currency),
  intent.status,
])}
${table('Refunds', ['Created', 'Refund', 'Amount', 'Status'], state.refunds, (refund) => [
  time(refund.created),
  html`<code>${refund.id}</code>`,
  formatAmount(refund.amount, refund.currency),
  refund.status ?? '',
])}
${table('Disputes', ['Created', 'Dispute', 'Amount', 'Status'], state.disputes, (dispute) => [
  time(dispute.created),
  html`<code>${dispute.id}</code>`,
  formatAmount(dispute.amount, dispute.currency),
  dispute.status,
])}
${table('Webhook deliveries', ['Event', 'To', 'Status', 'Tries', 'Last answer'], state.deliveries, (delivery) => [
  html`${state.events.get(delivery.event)?.type ?? ''}<br><code>${delivery.event}</code>`,
  state.endpoints.get(delivery.endpoint)?.object.url ?? '',
  delivery.status,
  String(delivery.attempts),
  delivery.lastResult ?? '',
])}
</div></section>`;
  return { title: 'Stripe sandbox', main };
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
