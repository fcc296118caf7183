// The ids of an order at Stripe, whole, each with a button that copies it and a link to Stripe's dashboard.
import type { TimelineEntry } from '@paidonce/ledger/audit';
import { type Html, html } from '../../html.ts';
import { card, pairs } from '../components/boxes.ts';
import { id } from '../components/ids.ts';
import type { PageContext } from '../page-context.ts';
import type { OrderPageData } from './order-data.ts';

/** Objects of one kind that are shown; the events in the timeline have the others. */
const shownOfAKind = 10;

export interface StripeIds {
  readonly payments: readonly string[];
  readonly refunds: readonly string[];
  readonly disputes: readonly string[];
  readonly checkouts: readonly string[];
  readonly events: readonly string[];
}

export function stripeIdsIn(entries: readonly TimelineEntry[]): StripeIds {
  const found = {
    payments: [] as string[],
    refunds: [] as string[],
    disputes: [] as string[],
    checkouts: [] as string[],
    events: [] as string[],
  };
  for (const entry of entries) {
    if (entry.kind === 'attached') (entry.payment.id.startsWith('cs_') ? found.checkouts : found.payments).push(entry.payment.id);
    if (entry.kind !== 'reported' && entry.kind !== 'held') continue;
    const { fact, payment, evidence } = entry.report;
    (payment.id.startsWith('cs_') ? found.checkouts : found.payments).push(payment.id);
    if (fact.kind === 'refund') found.refunds.push(fact.id);
    if (fact.kind === 'dispute') found.disputes.push(fact.id);
    if (evidence.eventId !== undefined) found.events.push(evidence.eventId);
  }
  const once = (ids: readonly string[]): readonly string[] => [...new Set(ids)];
  return {
    payments: once(found.payments),
    refunds: once(found.refunds),
    disputes: once(found.disputes),
    checkouts: once(found.checkouts),
    events: once(found.events),
  };
}

export function atStripeCard(context: PageContext, { explanation }: OrderPageData): Html | undefined {
  const { words } = context;
  const { order, frame } = words;
  const { placed } = explanation.standing;
  const ids = stripeIdsIn(explanation.entries);
  const place = { livemode: placed?.livemode ?? true, ...(placed ? { account: placed.account } : {}) };
  const row = (what: string) => (full: string) => [what, id(context, full, { copy: true, stripe: place })] as const;
  const rows = [
    ...ids.payments.slice(0, shownOfAKind).map(row(order.payment)),
    ...ids.refunds.slice(0, shownOfAKind).map(row(order.refund)),
    ...ids.disputes.slice(0, shownOfAKind).map(row(order.dispute)),
    ...ids.checkouts.slice(0, shownOfAKind).map(row(order.checkout)),
    ...ids.events.slice(0, 1).map(row(order.event)),
  ];
  if (rows.length === 0) return undefined;
  const aside = placed && order.place(placed.livemode ? frame.live : frame.test, html`<code class="id">${placed.account}</code>`);
  return card(order.atStripe, pairs(rows), aside === undefined ? {} : { aside });
}
