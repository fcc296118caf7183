// Two lists of subscriptions: those to look at now, and those whose renewal Stripe tries to collect.
import type { Page, SubscriptionSummary } from '@paidonce/ledger';
import { html, type Insert } from '../../html.ts';
import { card, nothing } from '../components/boxes.ts';
import { time, waited } from '../components/ids.ts';
import { table } from '../components/lists.ts';
import type { PageContext, PageView } from '../page-context.ts';
import { nextLink } from './next-link.ts';
import { dayCell, subscriptionCell, subscriptionPill } from './subscription-cells.ts';

export function duePage(context: PageContext, data: Page<SubscriptionSummary & { readonly dueAt: string }>): PageView {
  const { due, dueAbout, dueSince } = context.words.subscription;
  return listPage(context, data, { title: due, about: dueAbout, since: dueSince, at: ({ dueAt }) => dueAt });
}

export function dunningPage(context: PageContext, data: Page<SubscriptionSummary & { readonly dunningSince: string }>): PageView {
  const { dunning, dunningAbout, dunningSince: since } = context.words.subscription;
  return listPage(context, data, { title: dunning, about: dunningAbout, since, at: ({ dunningSince }) => dunningSince });
}

function listPage<Row extends SubscriptionSummary>(
  context: PageContext,
  { items, next }: Page<Row>,
  {
    title,
    about,
    since,
    at,
  }: { readonly title: string; readonly about: string; readonly since: string; readonly at: (row: Row) => string },
): PageView {
  const { parts, find, subscription } = context.words;
  const columns = [
    { head: subscription.one },
    { head: find.plan, isWide: true },
    { head: parts.state },
    { head: since, isNumber: true, isWide: true, also: 'soft' },
    { head: subscription.accessUntil, isNumber: true },
    { head: parts.waiting, isNumber: true, isWide: true },
  ];
  const rows = items.map((row): readonly Insert[] => [
    subscriptionCell(context, row),
    subscription.times(row.plan, row.quantity),
    subscriptionPill(context, row),
    time(context, at(row)),
    dayCell(context, row.validUntil),
    waited(context, at(row)),
  ]);
  const list = rows.length === 0 ? nothing(parts.nothingWaits) : table(columns, rows);
  const body = html`<div class="head"><div><h1>${title}</h1><p class="why">${about}</p></div></div>
${card(title, list, { kind: 'flush' })}${nextLink(context, next)}`;
  return { title, body, hasForms: false };
}
