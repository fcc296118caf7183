// The list of orders, the shop's table of memberships, and the members' area.

import { type Html, html } from '@paidonce/http/html';
import type { OrderView } from '@paidonce/ledger';
import { paymentLabels, sourceNames } from '../labels.ts';
import type { SavedMembership } from '../memberships.ts';
import type { ShopOrder } from '../orders.ts';
import { membershipPill, page } from './layout.ts';

export interface ListedOrder {
  readonly shopOrder: ShopOrder;
  readonly order: OrderView | undefined;
}

export function ordersPage(orders: readonly ListedOrder[]): string {
  return page({
    title: 'Orders',
    section: '/orders',
    body: html`
<h1>Orders</h1>
${
  orders.length === 0
    ? html`<p class="lead">No orders yet. <a href="/">Buy a membership</a> and come back.</p>`
    : table(
        ['Order', 'Member', 'Plan', 'Webhook', 'Payment', 'Membership', 'Granted by'],
        orders.map(({ shopOrder: { orderId, memberId, plan, fate }, order }) => [
          html`<a href="/orders/${orderId}">${orderId}</a>`,
          memberId,
          plan,
          fate ?? 'as Stripe sends it',
          paymentLabels[order?.payment ?? 'none'],
          membershipPill(order?.membership ?? 'none'),
          order?.grantedBy === undefined ? '–' : sourceNames[order.grantedBy],
        ]),
      )
}`,
  });
}

export function membersPage(memberships: readonly SavedMembership[]): string {
  return page({
    title: 'Members',
    section: '/members',
    body: html`
<h1>Members</h1>
<p class="lead">The shop's own table. The ledger hands each decision over, and the shop takes it only if its sequence is newer.</p>
${memberships.length === 0 ? html`<p>Nobody is a member yet. <a href="/">Be the first</a>.</p>` : membershipTable(memberships, true)}`,
  });
}

export interface MemberPageView {
  readonly memberId: string;
  readonly hasAccess: boolean;
  readonly memberships: readonly SavedMembership[];
}

export function memberPage({ memberId, hasAccess, memberships }: MemberPageView): string {
  return page({
    title: `Members' area of ${memberId}`,
    section: '/members',
    body: html`
<h1>Members' area</h1>
${
  hasAccess
    ? html`<p class="gate open"><strong>Come in, ${memberId}.</strong> A paid order gives you access.</p>`
    : html`<p class="gate"><strong>No access for ${memberId}.</strong> No paid order gives access now. <a href="/">Buy a membership</a></p>`
}
${memberships.length > 0 && html`<h2>Memberships</h2>${membershipTable(memberships, false)}`}`,
  });
}

function membershipTable(memberships: readonly SavedMembership[], withMember: boolean): Html {
  return table(
    [...(withMember ? ['Member'] : []), 'Plan', 'Status', 'Sequence', 'Paid at', 'Ends at', 'Order'],
    memberships.map(({ memberId, plan, status, sequence, paidAt, endsAt, membershipId }) => [
      ...(withMember ? [html`<a href="/members/${memberId}">${memberId}</a>`] : []),
      plan,
      membershipPill(status),
      sequence,
      timeOf(paidAt),
      endsAt === undefined ? (status === 'active' ? 'never' : '–') : timeOf(endsAt),
      html`<a href="/orders/${membershipId}">${membershipId}</a>`,
    ]),
  );
}

function timeOf(iso: string): Html {
  return html`<time datetime="${iso}">${new Date(iso).toLocaleString('sv')}</time>`;
}

/** Makes a table. On a narrow screen each row becomes a card, and `data-label` names its cells. */
function table(labels: readonly string[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  return html`<table>
  <thead><tr>${labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
  <tbody>${rows.map((cells) => html`<tr>${cells.map((cell, column) => html`<td data-label="${labels[column]}">${cell}</td>`)}</tr>`)}</tbody>
</table>`;
}
