// The rules of an order's stream (laws 2 to 7): its decisions are made again, and a payment is linked before it is used.
import { factKey, referenceName, referenceNamesOf } from '../../observation.ts';
import { decide, type OrderCommand } from '../../order/decide.ts';
import type { OrderEvent, PaymentMoved, PaymentObserved } from '../../order/events.ts';
import { isDecision } from '../../order/events.ts';
import { hasReview, isSameReference, type OrderState } from '../../order/order.ts';
import type { Policy } from '../../order/policy.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import type { DecidedStreams } from './decided-streams.ts';
import { findingAt, type Rule } from './finding.ts';
import type { TypedRow } from './read-stream.ts';
import type { VerifyContext } from './verify-context.ts';

type OrderRow = TypedRow<OrderEvent>;

export const decidedOrders: DecidedStreams<OrderState, OrderEvent, OrderCommand, Policy> = {
  noun: 'order',
  aggregate: orderAggregate,
  policiesIn: ({ ofOrders }) => ofOrders,
  commandOf,
  decide,
  emptyRules: { observe: 'law-5', move: 'law-3', shop_ahead: 'law-9' },
  ruleOf,
  // A known fact that names another order adds only the review.
  mayStandAlone: (before, event) =>
    event.type === 'ReviewOpened' && event.data.kind === 'claimed_by_two' && !hasReview(before, 'claimed_by_two', event.data.payment),
};

/** Returns the command that led to an append, as its first event shows it. Undefined: no command begins with that event. */
function commandOf(before: OrderState, rows: readonly OrderRow[], at: number, context: VerifyContext): OrderCommand | undefined {
  const row = rows[at] as OrderRow;
  const { event } = row;
  switch (event.type) {
    case 'OrderPlaced':
      return { type: 'place', order: event.data };
    case 'CheckoutAttached':
      verifyOwner(before, row, referenceName(event.data.payment), context);
      return { type: 'attach', checkout: event.data };
    case 'PaymentObserved': {
      const { payment, fact } = event.data;
      verifyOwner(before, row, referenceName(payment), context);
      if (event.data.factKey !== factKey(payment, fact)) {
        context.report(findingAt(row.row, 'decision', `factKey ${factKey(payment, fact)}`, event.data.factKey));
      }
      return { type: 'observe', observed: event.data, claimedByAnother: isClaimed(before, event.data, rows[at + 1], context) };
    }
    case 'ReviewResolved': {
      return { type: 'resolve', ...event.data, at: openedWith(rows[at + 1]) };
    }
    case 'OrderWithdrawn':
      return { type: 'withdraw', ...event.data, at: openedWith(rows[at + 1]) };
    case 'PaymentMoved':
      verifyMove(before, row, event.data, rows.slice(0, at), context);
      return { type: 'move', ...event.data, at: openedWith(rows[at + 1]) };
    case 'ShopAhead':
      return { type: 'shop_ahead', sequence: event.data.sequence };
    case 'StripeRechecked':
      return { type: 'recheck', ...event.data };
    default:
      return undefined;
  }
}

/** Returns the time of a manual command. The log does not store it, but a review that the command opened does. */
function openedWith(next: OrderRow | undefined): string {
  return next?.event.type === 'ReviewOpened' ? next.event.data.openedAt : '';
}

/**
 * True if a reference of the payment belongs to another order. If a reference was moved, the log does not show which link
 * the ledger read at that time, so both answers are right: then the answer is what the append has.
 */
function isClaimed({ orderId }: OrderState, observed: PaymentObserved, next: OrderRow | undefined, context: VerifyContext): boolean {
  const names = referenceNamesOf(observed).map((name) => context.linksOf(name));
  if (names.some((links) => links.length > 1)) return next?.event.type === 'ReviewOpened' && next.event.data.kind === 'claimed_by_two';
  return names.slice(1).some((links) => links[0]?.owner !== orderId);
}

/** Law 3, claim before use: a link to this order must come before the event. */
function verifyOwner({ orderId }: OrderState, { row }: OrderRow, reference: string, context: VerifyContext): void {
  const links = context.linksOf(reference);
  if (links.some((link) => link.owner === orderId && link.position < row.position)) return;
  const found = links.map((link) => `${link.owner}${link.position < row.position ? '' : ', later'}`).join(', then to ');
  context.report(
    findingAt(
      row,
      'law-3',
      `${reference} is linked to ${orderId} before it is used here`,
      found ? `it is linked to ${found}` : 'it is linked to no order',
    ),
  );
}

/** Checks a move: it must end a link of this order, and the new order must have received all observations of the payment. */
function verifyMove(
  { orderId }: OrderState,
  { row, stored }: OrderRow,
  moved: PaymentMoved,
  before: readonly OrderRow[],
  context: VerifyContext,
): void {
  const { payment, toOrderId, linkRevision } = moved;
  const links = context.linksOf(referenceName(payment));
  const ends = links.find(({ revision }) => revision === linkRevision);
  if (ends?.owner !== orderId || ends.position >= row.position) {
    const found = ends ? `it is a link to ${ends.owner}` : 'that revision holds no link';
    context.report(findingAt(row, 'law-3', `revision ${linkRevision} of ${payment.id} links it to ${orderId}`, found));
  }
  if (context.isRecent(stored.metadata['recordedAt'] ?? '')) return;
  const others = links.map((link) => link.owner).filter((each) => each !== orderId);
  for (const { event } of before) {
    if (event.type !== 'PaymentObserved' || !isSameReference(event.data.payment, payment)) continue;
    if (context.wasObserved(others, event.data)) continue;
    context.report(
      findingAt(
        row,
        'law-7',
        `order ${toOrderId} holds what ${event.data.source} said (${event.data.factKey})`,
        'it does not. A ledger that runs hands it on',
      ),
    );
  }
}

function ruleOf(before: OrderState, event: OrderEvent): Rule {
  if (!isDecision(event)) return 'decision';
  if (event.type === 'MembershipGranted' && before.membership !== 'none') return 'law-2';
  return before.membership === 'revoked' ? 'law-6' : 'law-4';
}
