// What of the queues is about subscriptions: a card below that of the orders, oldest first.
import type { SubscriptionReads } from '@paidonce/ledger';
import { type Html, html } from '../../html.ts';
import { card } from '../components/boxes.ts';
import { numberText } from '../components/format.ts';
import { id, waited } from '../components/ids.ts';
import { narrow, table } from '../components/lists.ts';
import { membershipPill, pill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { memberCell } from './order-cells.ts';
import { subscriptionCell } from './subscription-cells.ts';

/** Where the next page of subscriptions begins; the orders have `after`. */
export const afterSubscription = 'after-subscription';

export type SubscriptionReviewsPage = Awaited<ReturnType<SubscriptionReads['reviews']>>;
export type UndeliveredSubscriptionsPage = Awaited<ReturnType<SubscriptionReads['undelivered']>>;

export function subscriptionReviewsCard(context: PageContext, page: SubscriptionReviewsPage | undefined): Html | undefined {
  const { parts, queues, subscription } = context.words;
  if (page === undefined || page.items.length === 0) return undefined;
  const rows = page.items.map((review) => [
    html`${subscriptionCell(context, review)}${narrow(subscription.kind[review.kind])}`,
    subscription.kind[review.kind],
    review.invoice === undefined ? '–' : id(context, review.invoice),
    membershipPill(context, review.status),
    waited(context, review.openedAt),
  ]);
  const list = table(
    [
      { head: subscription.one },
      { head: parts.why, isWide: true },
      { head: subscription.invoice, isWide: true },
      { head: queues.accessNow },
      { head: parts.waiting, isNumber: true },
    ],
    rows,
  );
  const below = html`${nextLink(context, page.next, { name: afterSubscription })}<p class="small soft">${subscription.reviewsHere}</p>`;
  return html`${card(subscription.many, list, { kind: 'flush' })}${below}`;
}

export function undeliveredSubscriptionsCard(context: PageContext, page: UndeliveredSubscriptionsPage | undefined): Html | undefined {
  const { words, lang } = context;
  const { parts, queues, subscription } = words;
  if (page === undefined || page.items.length === 0) return undefined;
  const rows = page.items.map((row) => [
    subscriptionCell(context, row),
    memberCell(context, row.memberId),
    html`${membershipPill(context, row.status, false)}${row.abandoned && html` ${pill('bad', 'x', queues.retriesStopped)}`}`,
    numberText(lang, row.failures),
    html`<span${row.abandoned && html` class="bad"`}>${waited(context, row.decidedAt)}</span>`,
  ]);
  const list = table(
    [
      { head: subscription.one },
      { head: parts.member, isWide: true },
      { head: queues.shouldBe },
      { head: queues.attempts, isNumber: true, isWide: true },
      { head: parts.waiting, isNumber: true },
    ],
    rows,
  );
  const below = html`${nextLink(context, page.next, { name: afterSubscription })}<p class="small soft">${subscription.deliverHere}</p>`;
  return html`${card(subscription.many, list, { kind: 'flush' })}${below}`;
}
