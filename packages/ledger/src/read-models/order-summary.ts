// An order as the lists of a console show it, from its row or from its folded stream.
import type { OrderSummary, Queue, ReviewAmounts, SuspendedOrder, UndeliveredDetails } from '../console-reads.ts';
import { defined } from '../defined.ts';
import { type PaymentReference, paymentKey } from '../observation.ts';
import { owed } from '../order/access.ts';
import type { DeliveryError } from '../order/events.ts';
import type { PaymentFacts } from '../order/facts.ts';
import type { OrderState } from '../order/order.ts';
import { awaitedUntil, openReviews, undeliveredIn } from '../order/view.ts';
import type { FoldedOrder } from './order-rows.ts';
import { queuedIn } from './queue-rows.ts';

/** Undefined until the order is placed. @param now ISO 8601 UTC: what is awaited until then is awaited no more. */
export function summaryOf(order: FoldedOrder, now: string): OrderSummary | undefined {
  const { state, since, progress } = order;
  const { placed } = state;
  if (placed === undefined) return undefined;
  const { orderId, memberId, plan, expected, placedAt } = placed;
  const { grantedAt, savedAt } = progress;
  return {
    orderId,
    memberId,
    plan,
    status: state.membership,
    queues: queuesOf(order, now),
    paidMinor: paidMinor(state, expected.currency),
    expectedMinor: expected.amountMinor,
    currency: expected.currency,
    rescued: progress.rescued,
    placedAt,
    newestAt: progress.newestAt ?? placedAt,
    ...defined({
      grantedBy: state.grantedBy,
      grantedAt: grantedAt ?? undefined,
      savedAfterMs: savedAt === null || since === null ? undefined : Date.parse(savedAt) - Date.parse(since),
    }),
  };
}

/** The lists that the order waits in, the most urgent first. */
function queuesOf({ state, since }: FoldedOrder, now: string): readonly Queue[] {
  const rows = queuedIn({
    status: state.membership,
    since,
    placedAt: state.placed?.placedAt ?? null,
    awaitedUntil: awaitedUntil(state) ?? null,
    isUndelivered: undeliveredIn(state) !== undefined,
  });
  const waits = (queue: Queue): boolean => rows.some((row) => row.queue === queue && (row.until === null || row.until > now));
  return (['undelivered', 'reviews', 'suspended', 'awaiting'] as const).filter((queue) =>
    queue === 'reviews' ? openReviews(state).length > 0 : waits(queue),
  );
}

/** What was received in the currency of the order, before refunds. */
function paidMinor({ payments }: OrderState, currency: string): number {
  return Object.values(payments).reduce(
    (sum, { attempt }) => sum + (attempt?.status === 'paid' && attempt.amount.currency === currency ? attempt.amount.totalMinor : 0),
    0,
  );
}

/** The money of a review. Undefined: the order is not placed. */
export function amountsOf({ placed, payments, membership }: OrderState, payment: PaymentReference): ReviewAmounts | undefined {
  if (placed === undefined) return undefined;
  const attempt = payments[paymentKey(payment)]?.attempt;
  const came = attempt?.status === 'paid' ? attempt.amount : undefined;
  const { amountMinor, currency } = placed.expected;
  return {
    expectedMinor: amountMinor,
    owedMinor: came === undefined ? amountMinor : owed(came, placed),
    currency,
    access: membership,
    ...defined({ came, parts: came?.parts }),
  };
}

/** Why access is paused: the dispute that is open, or was lost. Undefined: it is not. */
export function suspendedBecause({ payments, decided }: OrderState): SuspendedOrder['because'] | undefined {
  if (decided?.type !== 'MembershipSuspended') return undefined;
  const own = payments[paymentKey(decided.payment)];
  const all = [own, ...Object.values(payments).filter((facts) => facts !== own)].flatMap(disputesOf);
  const dispute = all.find(({ status }) => status === 'open') ?? all.find(({ status }) => status === 'lost') ?? all[0];
  if (dispute === undefined) return { kind: 'dispute', id: decided.payment.id, amountMinor: 0 }; // Its payment was moved away.
  const { id, amountMinor, returnedDebit } = dispute;
  return { kind: returnedDebit ? 'returned_debit' : 'dispute', id, amountMinor };
}

function disputesOf(facts: PaymentFacts | undefined): PaymentFacts['disputes'] {
  return [...(facts?.disputes ?? []), ...(facts?.disputesByFirstRules ?? [])];
}

/** The newest decision, while the shop does not have it. */
export function undeliveredDetails({ state, since, progress }: FoldedOrder): UndeliveredDetails | undefined {
  const undelivered = undeliveredIn(state);
  if (undelivered === undefined) return undefined;
  const { lastError, nextTryAt, givesUpAt } = progress;
  return {
    ...undelivered,
    decidedAt: since ?? '',
    givesUpAt: givesUpAt ?? '',
    ...defined({ lastError: lastError === null ? undefined : deliveryError(lastError), nextTryAt: nextTryAt ?? undefined }),
  };
}

function deliveryError(text: string): DeliveryError {
  const slash = text.indexOf('/');
  return slash === -1 ? { name: text } : { name: text.slice(0, slash), code: text.slice(slash + 1) };
}
