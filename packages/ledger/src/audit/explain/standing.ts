// Where an order stands, as plain data: what heads its page, and the amounts that its one sentence needs.
import { defined } from '../../defined.ts';
import { isPaid, type ManualAction, type PaidAmount, paymentKey, referenceName, type Source } from '../../observation.ts';
import { owed, refundedMinor } from '../../order/access.ts';
import type { AllowedParts, OrderPlaced } from '../../order/events.ts';
import type { PaymentFacts } from '../../order/facts.ts';
import { type MembershipStatus, moveOf, type OrderState } from '../../order/order.ts';
import { listedUntil } from '../../order/view.ts';
import { msBetween } from './row-drafts.ts';
import type { EntryOf } from './row-types.ts';
import type { TimelineEntry } from './timeline.ts';

/** What heads an order, worst first: the shop's truth before ours. */
export const headlines = ['undelivered', 'reviews', 'suspended', 'revoked', 'active', 'awaiting', 'none'] as const;
export type Headline = (typeof headlines)[number];

/** Where an order stands. Amounts in Stripe's minor unit. Times in ISO 8601 UTC. */
export interface Standing {
  readonly orderId: string;
  /** Absent: the order is not placed. */
  readonly placed?: OrderPlaced;
  readonly membership: MembershipStatus;
  /** False: the shop does not have the newest decision. */
  readonly isSaved: boolean;
  /** The newest decision. Absent: there is none. */
  readonly newest?: EntryOf<'decided'>;
  /** Absent: it was never granted. */
  readonly grant?: Grant;
  /** Received, before refunds, in the order's currency alone. */
  readonly paidMinor: number;
  readonly refundedMinor: number;
  /** In disputes that are open or lost. */
  readonly disputedMinor: number;
  readonly openReviews: readonly OpenReviewAmounts[];
  /** A payment is possible until then. Absent: none is expected any more. */
  readonly awaitedUntil?: string;
  readonly withdrawn?: ManualAction;
}

export interface Grant {
  readonly at: string;
  /** The source that led to it. */
  readonly source: Source;
  readonly paymentId: string;
  /** Absent: what was paid is not among the events. */
  readonly amount?: PaidAmount;
  /** Milliseconds from the payment, by the provider's clock, to the grant. */
  readonly afterPaidMs?: number;
  /** Milliseconds from the grant to the first webhook that reported the payment; 0: it was there before. Absent: none has. */
  readonly webhookAfterMs?: number;
  /** True: the poll or a status query led to the grant, and no webhook had reported the payment 120 s after it. */
  readonly rescued: boolean;
}

/** An open review and its money. */
export interface OpenReviewAmounts extends Omit<EntryOf<'review'>, 'kind'> {
  /** Absent: its payment is not paid. */
  readonly came?: PaidAmount;
  /** The least that counts for the payment: what is expected, with the parts that the order allows. */
  readonly owedMinor: number;
  readonly currency: string;
  readonly allow: AllowedParts;
}

const rescuedAfterMs = 120_000;

/** @param entries the timeline of the order. @param paidAt when the payment of the grant was paid. */
export function standingOf(order: OrderState, entries: readonly TimelineEntry[], paidAt: string | undefined): Standing {
  const { orderId, placed, membership, sequence, delivery, withdrawn } = order;
  const payments = Object.values(order.payments);
  const ours = payments.filter(({ attempt }) => attempt?.status !== 'paid' || attempt.amount.currency === placed?.expected.currency);
  return {
    orderId,
    membership,
    isSaved: membership === 'none' || sequence <= delivery.settled,
    paidMinor: sum(ours.map(({ attempt }) => (attempt?.status === 'paid' ? attempt.amount.totalMinor : 0))),
    refundedMinor: sum(ours.map(refundedMinor)),
    disputedMinor: sum(ours.map(disputedMinor)),
    openReviews: openReviewsIn(order, entries),
    ...defined({
      placed,
      newest: entries.findLast((entry) => entry.kind === 'decided'),
      grant: grantIn(entries, paidAt),
      awaitedUntil: withdrawn ? undefined : listedUntil(order),
      withdrawn: withdrawn?.by,
    }),
  };
}

/** The worst of what may be said of the order. @param now ISO 8601 UTC: a checkout may be over. */
export function headlineOf({ membership, isSaved, openReviews, awaitedUntil }: Standing, now: string): Headline {
  if (!isSaved) return 'undelivered';
  if (openReviews.length > 0) return 'reviews';
  if (membership !== 'none') return membership;
  return awaitedUntil !== undefined && awaitedUntil > now ? 'awaiting' : 'none';
}

function grantIn(entries: readonly TimelineEntry[], paidAt: string | undefined): Grant | undefined {
  const granted = entries.find((entry) => entry.kind === 'decided');
  if (!granted) return undefined;
  const name = referenceName(granted.payment);
  const reports = entries.filter(
    (entry) => entry.kind === 'reported' && isPaid(entry.report.fact) && referenceName(entry.report.payment) === name,
  ) as EntryOf<'reported'>[];
  const webhook = reports.find(({ report }) => report.source === 'webhook');
  const paid = reports.find(({ at }) => at <= granted.at)?.report.fact;
  const source = 'report' in granted.because ? granted.because.report.source : 'manual';
  const webhookAfterMs = webhook && msBetween(granted.at, webhook.at);
  return {
    at: granted.at,
    source,
    paymentId: granted.payment.id,
    rescued: (source === 'poll' || source === 'status_query') && (webhookAfterMs === undefined || webhookAfterMs > rescuedAfterMs),
    ...defined({
      amount: paid && isPaid(paid) ? paid.amount : undefined,
      afterPaidMs: paidAt === undefined ? undefined : msBetween(paidAt, granted.at),
      webhookAfterMs,
    }),
  };
}

function openReviewsIn(order: OrderState, entries: readonly TimelineEntry[]): readonly OpenReviewAmounts[] {
  const { placed } = order;
  const open = new Set(order.reviews.flatMap(({ reviewId, resolution }) => (resolution === undefined ? [reviewId] : [])));
  return entries.flatMap((entry): readonly OpenReviewAmounts[] => {
    if (entry.kind !== 'review' || !open.has(entry.reviewId) || placed === undefined) return [];
    const { kind: _, ...review } = entry;
    const attempt = order.payments[paymentKey(entry.payment)]?.attempt;
    const came = attempt?.status === 'paid' && !moveOf(order, entry.payment) ? attempt.amount : undefined;
    const owedMinor = came ? owed(came, placed) : placed.expected.amountMinor;
    return [{ ...review, owedMinor, currency: placed.expected.currency, allow: placed.expected.allow, ...defined({ came }) }];
  });
}

function disputedMinor({ disputes }: PaymentFacts): number {
  return sum(disputes.map(({ status, amountMinor }) => (status === 'open' || status === 'lost' ? amountMinor : 0)));
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
