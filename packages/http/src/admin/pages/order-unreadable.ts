// The page of an order whose events this release cannot read: which event, and what to do.
import type { StoredEvent } from '@paidonce/ledger';
import { html } from '../../html.ts';
import { banner } from '../components/boxes.ts';
import { copyButton } from '../components/ids.ts';
import type { PageContext, PageView } from '../page-context.ts';

export interface UnreadableOrder {
  readonly orderId: string;
  /** The first event that cannot be read. Absent: each can be read, but they do not follow each other. */
  readonly event?: StoredEvent;
  /** What the ledger says of it. */
  readonly message: string;
}

export function unreadableOrderPage(context: PageContext, { orderId, event, message }: UnreadableOrder): PageView {
  const { words, base } = context;
  const { order, frame } = words;
  const command = html`<code class="id">paidonce verify</code>`;
  const at = event && html`<code class="id">${event.stream}@${event.revision}</code> <code class="id">${event.type}</code>`;
  const body = html`<div><p class="crumbs"><a href="${base}orders">${frame.orders}</a></p><div class="head"><div class="title"><h1>${order.title(
    orderId,
  )}</h1>${copyButton(context, orderId)}</div></div></div>
${banner({
  tone: 'bad',
  icon: 'warn',
  title: order.unreadableTitle,
  body: html`${order.unreadableText(command)}${at && html` ${order.unreadableAt(at)}`} <code class="id">${message}</code>`,
})}`;
  return { title: order.title(orderId), body, hasForms: false };
}
