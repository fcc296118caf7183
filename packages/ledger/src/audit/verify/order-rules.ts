// The rules of an order's stream (laws 2 to 6): each append must add what the decider adds after the facts before it, under
// the policy that it names. The state then continues with what the log has, so that one false event is one finding.

import { isDeepStrictEqual } from 'node:util';
import { LedgerError } from '../../errors.ts';
import { factKey, referenceName, referenceNamesOf } from '../../observation.ts';
import { decide, type OrderCommand } from '../../order/decide.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import type { OrderEvent, PaymentMoved, PaymentObserved } from '../../order/events.ts';
import { isDecision } from '../../order/events.ts';
import { evolve, hasReview, initialState, isSameReference, type OrderState } from '../../order/order.ts';
import type { Policy } from '../../order/policy.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { isDeliveryEvent, verifyDelivery } from './delivery-rules.ts';
import { eventText, findingAt, type Rule } from './finding.ts';
import type { OrderRow, ReadStream } from './read-stream.ts';
import type { VerifyContext } from './verify-context.ts';

/** Judges an order's stream. Returns for how many appends the decisions were made again. */
export function verifyOrder(stream: ReadStream, context: VerifyContext): number {
  const rows = readAll(stream, context);
  let state = initialState(stream.name.slice(orderAggregate.stream('').length));
  let verified = 0;
  for (let at = 0; at < rows.length; ) {
    const row = rows[at] as OrderRow;
    const command = commandOf(state, rows, at, context);
    const policy = policyOf(row, context);
    let matched = 1;
    if (isDeliveryEvent(row.event)) verifyDelivery(state, row, rows[at - 1], context.report);
    else if (command === undefined) verifyAlone(state, row, context);
    else if (policy) {
      matched = verifyAppend(state, command, policy, rows, at, context);
      verified += 1;
    }
    for (const end = at + matched; at < end; at++) {
      const { event, stored, row: place } = rows[at] as OrderRow;
      try {
        state = evolve(state, event, stored.metadata['instance'] ?? '');
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        context.report(findingAt(place, ruleOf(state, event), 'an event that can follow the ones before it', error.message));
        return verified; // Without a valid state the rest of the stream cannot be judged.
      }
    }
  }
  return verified;
}

/** Parses the events up to the first that cannot be read. */
function readAll({ events }: ReadStream, { report }: VerifyContext): readonly OrderRow[] {
  const rows: OrderRow[] = [];
  for (const { row, stored } of events) {
    try {
      rows.push({ row, stored, event: readOrderEvent(stored) });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      report(findingAt(row, 'schema', `${row.type} at its schema version`, error.message));
      break;
    }
  }
  return rows;
}

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
  return names.slice(1).some((links) => links[0]?.orderId !== orderId);
}

/** Law 3, claim before use: a link to this order must come before the event. */
function verifyOwner({ orderId }: OrderState, { row }: OrderRow, reference: string, context: VerifyContext): void {
  const links = context.linksOf(reference);
  if (links.some((link) => link.orderId === orderId && link.position < row.position)) return;
  const found = links.map((link) => `${link.orderId}${link.position < row.position ? '' : ', later'}`).join(', then to ');
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
  if (ends?.orderId !== orderId || ends.position >= row.position) {
    const found = ends ? `it is a link to ${ends.orderId}` : 'that revision holds no link';
    context.report(findingAt(row, 'law-3', `revision ${linkRevision} of ${payment.id} links it to ${orderId}`, found));
  }
  if (context.isRecent(stored.metadata['recordedAt'] ?? '')) return;
  const others = links.map((link) => link.orderId).filter((each) => each !== orderId);
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

function policyOf({ row, stored }: OrderRow, { policies, report }: VerifyContext): Policy | undefined {
  const { policy: hash = '' } = stored.metadata;
  const adopted = policies.get(hash);
  if (adopted && adopted.position < row.position) return adopted.policy;
  const found = adopted ? 'it was adopted later' : 'no policy of that name was adopted';
  report(findingAt(row, 'policy', `policy ${hash || '(none named)'} was adopted before`, found));
  return undefined;
}

/** The rule that is broken where a command added an event, and should have added none. */
const emptyRules: Readonly<Partial<Record<OrderCommand['type'], Rule>>> = { observe: 'law-5', move: 'law-3', shop_ahead: 'law-9' };

/** Judges one append. Returns how many events it has. */
function verifyAppend(
  before: OrderState,
  command: OrderCommand,
  policy: Policy,
  rows: readonly OrderRow[],
  at: number,
  context: VerifyContext,
): number {
  const first = rows[at] as OrderRow;
  const expected = decided(before, command, policy);
  if (typeof expected === 'string' || expected.length === 0) {
    const rule = emptyRules[command.type] ?? 'decision';
    context.report(
      findingAt(first.row, rule, 'nothing is added: the order knew it', typeof expected === 'string' ? expected : eventText(first.event)),
    );
    return 1;
  }
  let matched = 0;
  for (const event of expected) {
    const found = rows[at + matched];
    if (found?.event.type !== event.type) {
      // The expected event is missing. The event that is here is judged separately.
      context.report(findingAt(first.row, ruleOf(before, event), `after it ${eventText(event)}`, eventText(found?.event)));
      continue;
    }
    if (matched > 0 && !isDeepStrictEqual(found.event.data, event.data)) {
      context.report(findingAt(found.row, ruleOf(before, event), eventText(event), eventText(found.event)));
    }
    if (matched > 0 && !isOneAppend(first, found)) {
      context.report(findingAt(found.row, 'append', `the metadata of the append: ${first.row.metadata}`, found.row.metadata));
    }
    matched += 1;
  }
  return Math.max(matched, 1);
}

function decided(before: OrderState, command: OrderCommand, policy: Policy): readonly OrderEvent[] | string {
  try {
    return decide(before, command, policy);
  } catch (error) {
    if (error instanceof LedgerError) return error.message;
    throw error;
  }
}

/** Reports an event with which no command begins. */
function verifyAlone(before: OrderState, { row, event }: OrderRow, context: VerifyContext): void {
  // This one is allowed: a known fact that names another order adds only the review.
  if (event.type === 'ReviewOpened' && event.data.kind === 'claimed_by_two' && !hasReview(before, 'claimed_by_two', event.data.payment))
    return;
  context.report(findingAt(row, ruleOf(before, event), 'nothing: the facts before it lead to no such event', eventText(event)));
}

function ruleOf(before: OrderState, event: OrderEvent): Rule {
  if (!isDecision(event)) return 'decision';
  if (event.type === 'MembershipGranted' && before.membership !== 'none') return 'law-2';
  return before.membership === 'revoked' ? 'law-6' : 'law-4';
}

/** True if both events have the metadata of one append. Only the schema version may differ, from type to type. */
function isOneAppend(a: OrderRow, b: OrderRow): boolean {
  if (a.row.metadata === b.row.metadata) return true;
  const { version: _a, ...first } = a.stored.metadata;
  const { version: _b, ...second } = b.stored.metadata;
  return isDeepStrictEqual(first, second);
}
