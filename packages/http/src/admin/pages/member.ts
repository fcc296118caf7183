// A member: whether there is access and through which order, all orders, and what people did.
import type { ActionTaken, OrderSummary, Page, SubscriptionSummary } from '@paidonce/ledger';
import type { MemberDescription } from '../../console-call.ts';
import { type Html, html } from '../../html.ts';
import type { OrderAccess } from '../charts/access-spans.ts';
import { lanesPicture } from '../charts/lanes.ts';
import { card, type Fact, facts } from '../components/boxes.ts';
import { age, dayText } from '../components/format.ts';
import { copyButton, id, money, time } from '../components/ids.ts';
import { narrow, rowLink, sub, table } from '../components/lists.ts';
import { shownState, sourceInSentence, statePill } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { activityTable } from './activity.ts';
import { nextLink } from './next-link.ts';
import { orderPath, paidCell } from './order-cells.ts';
import { subscriptionPath, subscriptionPill, subscriptionTable } from './subscription-cells.ts';

export interface MemberData {
  readonly memberId: string;
  readonly orders: Page<OrderSummary>;
  /** By order id, of the newest 20. */
  readonly access: ReadonlyMap<string, OrderAccess>;
  readonly activity: Page<ActionTaken>;
  /** Newest first. Absent: the ledger keeps none. */
  readonly subscriptions?: Page<SubscriptionSummary>;
  /** Absent: the shop has no such hook. `silent`: it did not answer. */
  readonly described?: MemberDescription | 'silent';
}

export function memberPage(context: PageContext, data: MemberData): PageView {
  const { words, base } = context;
  const { find } = words;
  const { memberId, orders, activity, access } = data;
  const best = bestOf(orders.items);
  const lanes = orders.items
    .flatMap(({ orderId, plan, placedAt }) => {
      const known = access.get(orderId);
      return known ? [{ orderId, plan, placedAt, spans: known.spans }] : [];
    })
    .toReversed();
  const url = shopUrl(data.described);
  const shop = url !== undefined && html`<p class="acts"><a class="btn" href="${url}" rel="noreferrer">${find.openInShop}</a></p>`;
  const living = livingOf(data, best);
  const state = living ? subscriptionPill(context, living) : best && statePill(context, shownState(best.status, best.queues));
  const did = html`<a href="${base}activity">${find.allActivity}</a>`;
  const body = html`<div><p class="crumbs">${words.parts.members}</p><div class="head"><div class="title"><h1>${find.member(memberId)}</h1>${copyButton(context, memberId)}${state}</div>${shop}</div>
<p class="why">${living ? subscriptionSentence(context, data, living) : sentence(context, data, best)}</p></div>
<section class="card" aria-label="${find.inShort}">${facts(factsOf(context, data, best))}</section>
${lanes.length > 0 && card(find.lanes, lanesPicture(context, memberId, lanes), { aside: find.lanesAbout })}${subscriptionCard(context, data)}${card(
  words.frame.orders,
  orderTable(context, data),
  {
    kind: 'flush',
    aside: orders.items.length > access.size ? find.moreOrders : find.newestFirst,
  },
)}${nextLink(context, orders.next)}${activity.items.length > 0 && card(find.people, activityTable(context, activity.items, false), { kind: 'flush', aside: did })}`;
  return { title: find.member(memberId).toString(), body, hasForms: false };
}

/** The order that says most about the access of a member: one that gives it, else one that needs somebody. */
function bestOf(orders: readonly OrderSummary[]): OrderSummary | undefined {
  const saved = orders.find(({ status, queues }) => status === 'active' && !queues.includes('undelivered'));
  const ranked = ['undelivered', 'suspended', 'reviews', 'awaiting'] as const;
  return saved ?? ranked.map((queue) => orders.find(({ queues }) => queues.includes(queue))).find((order) => order) ?? orders[0];
}

/** The subscription that gives access, or should, where no order does. */
function livingOf({ subscriptions }: MemberData, best: OrderSummary | undefined): SubscriptionSummary | undefined {
  if (best?.status === 'active') return undefined;
  const active = subscriptions?.items.filter(({ status }) => status === 'active') ?? [];
  return active.find(({ isUndelivered }) => !isUndelivered) ?? active[0];
}

function subscriptionSentence(
  context: PageContext,
  { memberId }: MemberData,
  { subscriptionId, plan, validUntil, isUndelivered }: SubscriptionSummary,
): Html {
  const { subscription: words } = context.words;
  const who = html`<strong>${memberId}</strong>`;
  const link = html`<a href="${subscriptionPath(context, subscriptionId)}">${subscriptionId}</a>`;
  if (isUndelivered) return words.hasAccessUnsaved(who, link);
  return words.hasAccess(who, link, plan, validUntil === undefined ? '–' : time(context, validUntil, 'day'));
}

function subscriptionCard(context: PageContext, { subscriptions }: MemberData): Html | undefined {
  const { subscription, find } = context.words;
  if (subscriptions === undefined || subscriptions.items.length === 0) return undefined;
  const aside = subscriptions.next === undefined ? find.newestFirst : subscription.moreOfMember;
  return card(subscription.many, subscriptionTable(context, subscriptions.items), { kind: 'flush', aside });
}

function sentence(context: PageContext, { memberId, subscriptions }: MemberData, best: OrderSummary | undefined): Html | string {
  const { find } = context.words;
  if (best === undefined && (subscriptions?.items.length ?? 0) > 0) return find.hasNoAccess(html`<strong>${memberId}</strong>`);
  if (best === undefined) return subscriptions === undefined ? find.noMember : context.words.subscription.noMember;
  const who = html`<strong>${memberId}</strong>`;
  const order = html`<a href="${orderPath(context, best.orderId)}">${best.orderId}</a>`;
  const { status, queues, plan, grantedAt } = best;
  if (status === 'active' && queues.includes('undelivered')) return find.hasAccessUnsaved(who, order, plan);
  if (status === 'active') return find.hasAccess(who, order, plan, age(context, grantedAt ?? best.placedAt));
  if (status === 'suspended') return find.isSuspended(who, order);
  if (queues.includes('reviews')) return find.needsReview(who, order);
  return queues.includes('awaiting') ? find.awaits(who, order) : find.hasNoAccess(who);
}

function factsOf(context: PageContext, data: MemberData, best: OrderSummary | undefined): readonly Fact[] {
  const { words } = context;
  const { find, parts } = words;
  const { orders, access, described } = data;
  const active = orders.items.filter(({ status }) => status === 'active').length;
  const all = [...access.values()];
  const payments = all.reduce((sum, each) => sum + each.payments.length, 0);
  const refunds = all.reduce((sum, each) => sum + each.refunds.size, 0);
  const disputes = all.flatMap((each) => [...each.disputes.values()]);
  const lost = disputes.filter((outcome) => outcome === 'lost').length;
  const oldest = orders.next === undefined ? orders.items.at(-1) : undefined;
  return [
    [
      find.access,
      html`${best ? statePill(context, shownState(best.status, best.queues)) : '–'} <small>${find.through(active, orders.items.length)}</small>`,
    ],
    [
      parts.paid,
      html`${sums(
        context,
        orders.items.map(({ currency, paidMinor }) => [currency, paidMinor]),
      )} <small>${find.payments(payments)}</small>`,
    ],
    refunds > 0 && [find.refunded, html`${sums(context, refundedOf(data))} <small>${find.refunds(refunds)}</small>`],
    disputes.length > 0 && [find.disputes, html`${disputes.length}${lost > 0 && html` <small>${find.lost(lost)}</small>`}`],
    oldest && [find.firstOrder, time(context, oldest.placedAt, 'day')],
    described !== undefined && [find.shopSays, shopSays(context, described)],
  ];
}

function refundedOf({ orders, access }: MemberData): readonly (readonly [string, number])[] {
  return orders.items.map(({ orderId, currency }) => [
    currency,
    [...(access.get(orderId)?.refunds.values() ?? [])].reduce((sum, minor) => sum + minor, 0),
  ]);
}

/** An amount for each currency. */
function sums(context: PageContext, amounts: readonly (readonly [string, number])[]): readonly Html[] {
  const byCurrency = new Map<string, number>();
  for (const [currency, minor] of amounts) byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + minor);
  return [...byCurrency].map(([currency, minor], at) => html`${at > 0 && ', '}${money(context, minor, currency)}`);
}

function shopSays({ words: { find } }: PageContext, described: MemberDescription | 'silent'): Html {
  if (described === 'silent') return html`${find.shopNoAnswer}`;
  return html`${described.text?.slice(0, 200) ?? '–'} <small>${find.shopSaysNote}</small>`;
}

function shopUrl(described: MemberData['described']): string | undefined {
  const url = described === undefined || described === 'silent' ? undefined : described.url;
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : undefined;
}

function orderTable(context: PageContext, { orders, access }: MemberData): Html {
  const { parts, find } = context.words;
  return table(
    [
      { head: parts.order },
      { head: parts.membership },
      { head: parts.paid, isNumber: true },
      { head: parts.why, isWide: true },
      { head: find.placed, isNumber: true, isWide: true, also: 'soft' },
    ],
    orders.items.map((order) => [
      html`${rowLink(orderPath(context, order.orderId), order.orderId)}${sub(parts.plan(order.plan))}`,
      html`${statePill(context, shownState(order.status, order.queues))}${narrow(time(context, order.placedAt, 'day'))}`,
      paidCell(context, order),
      whyOf(context, order, access.get(order.orderId)),
      time(context, order.placedAt, 'day'),
    ]),
  );
}

function whyOf(context: PageContext, { grantedBy, status }: OrderSummary, access: OrderAccess | undefined): Html | string {
  const { find, parts } = context.words;
  const cause = access?.cause;
  if (cause === undefined || status === 'active')
    return grantedBy === undefined ? parts.notYet : find.grantedByThe(sourceInSentence(context, grantedBy));
  const day = dayText(context, Date.parse(cause.at));
  if (cause.kind === 'review') return find.personOn(day);
  const words = {
    refund: find.refundedOn,
    dispute_open: find.disputeOpen,
    dispute_lost: find.disputeLost,
    returned_debit: find.returnedDebit,
  };
  return html`${words[cause.kind](day)} ${id(context, cause.objectId, { stripe: { livemode: context.livemode ?? true } })}`;
}
