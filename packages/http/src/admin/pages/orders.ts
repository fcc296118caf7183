// All orders, newest first.
import type { MembershipStatus, OrderSummary, Page } from '@paidonce/ledger';
import { html } from '../../html.ts';
import { card, nothing } from '../components/boxes.ts';
import { moneyText } from '../components/format.ts';
import { ago } from '../components/ids.ts';
import { filters, table } from '../components/lists.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { grantedByCell, memberCell, orderCell, paidCell, stateCell } from './order-cells.ts';

export interface OrdersData extends Page<OrderSummary> {
  readonly status?: MembershipStatus;
  readonly plan?: string;
  readonly account?: string;
}
export const statuses: readonly MembershipStatus[] = ['none', 'active', 'suspended', 'revoked'];

export function ordersPage(context: PageContext, { items, next, status, plan = '', account = '' }: OrdersData): PageView {
  const { parts, find, frame } = context.words;
  const rows = items.map((order) => [
    orderCell(context, order),
    memberCell(context, order.memberId),
    stateCell(context, order, order.placedAt),
    paidCell(context, order),
    moneyText(context.lang, order.expectedMinor, order.currency),
    grantedByCell(context, order),
    ago(context, order.placedAt),
  ]);
  const columns = [
    { head: parts.order },
    { head: parts.member, isWide: true },
    { head: parts.membership },
    { head: parts.paid, isNumber: true },
    { head: parts.expected, isNumber: true, isWide: true },
    { head: parts.grantedBy, isWide: true },
    { head: find.placed, isNumber: true, isWide: true, also: 'soft' },
  ];
  const choices = [['', find.anyState] as const, ...statuses.map((each) => [each, parts[each]] as const)];
  const body = html`<div class="head"><div><h1>${frame.orders}</h1><p class="why">${find.allOrders}</p></div></div>
${filters('orders', parts.filter, [
  { name: 'status', label: parts.membership, value: status ?? '', choices },
  { name: 'plan', label: find.plan, value: plan },
  { name: 'account', label: find.account, value: account },
])}${card(frame.orders, items.length === 0 ? nothing(context.words.overview.noOrders) : table(columns, rows), { kind: 'flush' })}${nextLink(context, next)}`;
  return { title: frame.orders, body, hasForms: false };
}
