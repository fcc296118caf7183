// Reviews with their money side by side, oldest first. They are resolved on the page of their order.
import type { ActionTaken, Page, Review, ReviewAmounts } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { card, nothing } from '../components/boxes.ts';
import { moneyText, numberText } from '../components/format.ts';
import { money, time, waited } from '../components/ids.ts';
import { narrow, queryWith, rowLink, sub, table, tabs } from '../components/lists.ts';
import { membershipPill } from '../components/states.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { orderPath } from './order-cells.ts';
import { type SubscriptionReviewsPage, subscriptionReviewsCard } from './subscription-queues.ts';

type Row = Review & ReviewAmounts & { readonly memberId: string; readonly plan: string };

export interface ReviewsData extends Page<Row> {
  readonly kind?: Review['kind'];
  /** The newest resolution. Read where nothing waits; absent: there was none. */
  readonly last?: ActionTaken;
  /** Absent: the ledger keeps none, or a kind of orders is asked for. */
  readonly subscriptions?: SubscriptionReviewsPage;
}

export const reviewKinds: readonly Review['kind'][] = [
  'amount',
  'overpaid',
  'claimed_by_two',
  'paid_again',
  'currency',
  'mode',
  'account',
  'conflicting_evidence',
  'refunds_exceed',
  'withdrawn',
];

export function reviewsPage(context: PageContext, { items, next, kind, last, subscriptions }: ReviewsData): PageView {
  const { words, lang, url, queues: counts } = context;
  const { parts, queues } = words;
  const all = counts === undefined ? '' : ` ${numberText(lang, counts.reviews.count)}`;
  // A kind that none of these has would be a tab that leads nowhere.
  const kinds =
    kind === undefined && next === undefined ? reviewKinds.filter((each) => items.some((item) => item.kind === each)) : reviewKinds;
  const tab = (of: Review['kind'] | undefined, text: string): { href: string; text: string; isCurrent: boolean } => ({
    href: queryWith(url.query, { kind: of, after: undefined }),
    text,
    isCurrent: of === kind,
  });
  const columns = [
    { head: parts.order },
    { head: parts.why, isWide: true },
    { head: parts.came, isNumber: true },
    { head: parts.expected, isNumber: true, isWide: true },
    { head: parts.difference, isNumber: true, isWide: true },
    { head: queues.accessNow, isWide: true },
    { head: parts.waiting, isNumber: true },
  ];
  const body = html`<div class="head"><div><h1>${parts.reviews}</h1><p class="why">${queues.reviewsAbout}</p></div></div>
${tabs(queues.kinds, [tab(undefined, `${parts.all}${all}`), ...kinds.map((each) => tab(each, queues.kind[each]))])}${card(
  parts.reviews,
  items.length === 0
    ? nothing(
        html`${parts.nothingWaits}${last && html` ${queues.lastResolved(time(context, last.at), html`<b class="id">${last.actor}</b>`)}`}`,
      )
    : table(
        columns,
        items.map((row) => rowOf(context, row)),
      ),
  { kind: 'flush' },
)}${nextLink(context, next)}<p class="small soft">${queues.resolvedThere}</p>${subscriptionReviewsCard(context, subscriptions)}`;
  return { title: parts.reviews, body, hasForms: false };
}

function rowOf(context: PageContext, row: Row): readonly Html[] {
  const { words, lang } = context;
  const { parts, queues } = words;
  const { orderId, memberId, kind, came, expectedMinor, currency, access, openedAt } = row;
  const expected = money(context, expectedMinor, currency);
  return [
    html`${rowLink(orderPath(context, orderId), orderId)}${sub(memberId)}${narrow(queues.kind[kind])}`,
    html`${queues.kind[kind]}${whyMore(context, row)}`,
    html`<b>${came === undefined ? '–' : money(context, came.totalMinor, came.currency)}</b>${narrow(parts.expectedMoney(moneyText(lang, expectedMinor, currency)))}`,
    expected,
    difference(context, row),
    membershipPill(context, access),
    waited(context, openedAt),
  ];
}

function whyMore(context: PageContext, { otherOrderId, parts, currency, kind }: Row): Html | undefined {
  const { queues } = context.words;
  if (otherOrderId !== undefined) return sub(queues.alsoClaimed(html`<a href="${orderPath(context, otherOrderId)}">${otherOrderId}</a>`));
  if (kind === 'amount' && parts !== undefined && parts.discountMinor > 0)
    return sub(queues.discount(money(context, parts.discountMinor, currency)));
  return undefined;
}

/** Only of amounts in one currency. */
function difference({ lang }: PageContext, { came, expectedMinor, currency }: Row): Html {
  const minor = came?.currency === currency ? came.totalMinor - expectedMinor : 0;
  if (minor === 0) return html`–`;
  return html`<span class="nb${minor < 0 && ' neg'}">${moneyText(lang, minor, currency, 'always')}</span>`;
}
