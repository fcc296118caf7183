// Cells of a table of orders, which several pages have.
import type { OrderSummary } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { age, duration, moneyText } from '../components/format.ts';
import { narrow, rowLink } from '../components/lists.ts';
import { shownState, sourceMark, statePill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';

export function orderPath({ base }: Pick<PageContext, 'base'>, orderId: string): string {
  return `${base}orders/${encodeURIComponent(orderId)}`;
}
export function memberPath({ base }: Pick<PageContext, 'base'>, memberId: string): string {
  return `${base}members/${encodeURIComponent(memberId)}`;
}

/** The order, and on narrow screens its member below it. */
export function orderCell(context: PageContext, { orderId, memberId }: Pick<OrderSummary, 'orderId' | 'memberId'>): Html {
  return html`${rowLink(orderPath(context, orderId), orderId)}${narrow(memberId)}`;
}
export function memberCell(context: PageContext, memberId: string): Html {
  return html`<a href="${memberPath(context, memberId)}">${memberId}</a>`;
}
/** @param at on narrow screens its age stands below. */
export function stateCell(context: PageContext, { status, queues }: Pick<OrderSummary, 'status' | 'queues'>, at?: string): Html {
  return html`${statePill(context, shownState(status, queues))}${at !== undefined && narrow(context.words.parts.ago(age(context, at)))}`;
}
export function paidCell({ lang }: PageContext, { paidMinor, currency }: Pick<OrderSummary, 'paidMinor' | 'currency'>): string {
  return paidMinor === 0 ? '–' : moneyText(lang, paidMinor, currency);
}
export function grantedByCell(context: PageContext, { grantedBy }: Pick<OrderSummary, 'grantedBy'>): Html {
  return grantedBy === undefined ? html`<span class="soft">${context.words.parts.notYet}</span>` : sourceMark(context, grantedBy);
}
export function savedCell(context: PageContext, { savedAfterMs }: Pick<OrderSummary, 'savedAfterMs'>): string {
  return savedAfterMs === undefined ? '–' : duration(context, savedAfterMs);
}
