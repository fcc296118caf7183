// Cells of a table of subscriptions, which several pages have.
import type { SubscriptionSummary } from '@paidonce/ledger';
import { type Html, html, type Insert } from '../../html.ts';
import { time } from '../components/ids.ts';
import { narrow, rowLink, sub, table } from '../components/lists.ts';
import { type ShownState, statePill } from '../components/states.ts';
import type { PageContext } from '../page-context.ts';

export function subscriptionPath({ base }: Pick<PageContext, 'base'>, subscriptionId: string): string {
  return `${base}subscriptions/${encodeURIComponent(subscriptionId)}`;
}

/** The one state that heads a subscription or stands in its row: the worst. */
function subscriptionState({
  status,
  isUndelivered,
  openReviews,
}: Pick<SubscriptionSummary, 'status' | 'isUndelivered' | 'openReviews'>): ShownState {
  if (isUndelivered) return 'undelivered';
  if (openReviews > 0) return 'reviews';
  return status;
}

export function subscriptionPill(
  context: PageContext,
  summary: Pick<SubscriptionSummary, 'status' | 'isUndelivered' | 'openReviews'>,
): Html {
  return statePill(context, subscriptionState(summary));
}

export function subscriptionCell(
  context: PageContext,
  { subscriptionId, memberId }: Pick<SubscriptionSummary, 'subscriptionId' | 'memberId'>,
): Html {
  return html`${rowLink(subscriptionPath(context, subscriptionId), subscriptionId)}${sub(memberId)}`;
}

/** A day, or a dash. */
export function dayCell(context: PageContext, iso: string | undefined): Insert {
  return iso === undefined ? '–' : time(context, iso, 'day');
}

export function subscriptionTable(context: PageContext, items: readonly SubscriptionSummary[]): Html {
  const { parts, find, subscription } = context.words;
  return table(
    [
      { head: subscription.one },
      { head: parts.membership },
      { head: subscription.atStripe, isWide: true },
      { head: subscription.accessUntil, isNumber: true },
      { head: find.placed, isNumber: true, isWide: true, also: 'soft' },
    ],
    items.map((row) => [
      html`${rowLink(subscriptionPath(context, row.subscriptionId), row.subscriptionId)}${sub(parts.plan(subscription.times(row.plan, row.quantity)))}`,
      html`${subscriptionPill(context, row)}${row.lifecycle && narrow(subscription.lifecycle[row.lifecycle])}`,
      row.lifecycle === undefined ? subscription.notBegun : subscription.lifecycle[row.lifecycle],
      dayCell(context, row.validUntil),
      time(context, row.placedAt, 'day'),
    ]),
  );
}
