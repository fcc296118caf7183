// Checks law 9 in the log: a delivery belongs to a decision, only the newest decision is tried, and what is settled stays
// settled.
import { type Deliverable, type DeliveryEvent, isDeliveryEvent, isPending } from '../../order/delivery-state.ts';
import type { Typed } from '../../streams/aggregate.ts';
import { eventText, findingAt, type Report } from './finding.ts';
import type { TypedRow } from './read-stream.ts';

/** Reports a delivery event that cannot follow. @param previous the event before it in the stream. */
export function verifyDelivery(
  before: Deliverable,
  { row, stored, event }: TypedRow<Typed>,
  previous: TypedRow<Typed> | undefined,
  report: Report,
): void {
  if (!isDeliveryEvent(event)) return;
  const expected = expectedOf(before, event, stored.metadata['instance'] ?? '', previous);
  if (expected !== undefined)
    report(findingAt(row, 'law-9', expected, `${eventText(event)} by instance ${stored.metadata['instance'] || '(none)'}`));
}

/** Returns what would be right instead. Undefined: the event is right. */
function expectedOf(
  before: Deliverable,
  event: DeliveryEvent,
  instance: string,
  previous: TypedRow<Typed> | undefined,
): string | undefined {
  const { sequence: newest, delivery } = before;
  const { sequence } = event.data;
  switch (event.type) {
    case 'MembershipDelivered':
      if (event.data.found) return expectedFound(before, sequence, instance);
      // An older attempt may still end after a newer decision; never after a newer delivery.
      if (sequence > delivery.settled && sequence <= newest) return undefined;
      return delivery.settled === newest
        ? `no delivery: all ${newest} decisions are settled`
        : `a sequence from ${delivery.settled + 1} to ${newest}`;
    case 'DeliveryFailed':
      if (event.data.error && event.data.reason === 'timeout') return 'no error: it timed out, so nothing was thrown';
      if (sequence === newest && isPending(before) && delivery.owner === instance) return undefined;
      return `the newest decision, ${newest}, pending, tried by its owner, instance ${delivery.owner || '(none)'}`;
    case 'DeliveryTakenOver':
      if (sequence === newest && newest > 0 && (event.data.by || isPending(before))) return undefined;
      return `the newest decision, ${newest}, not yet settled`;
    case 'DeliveryAbandoned': {
      const last = previous && isDeliveryEvent(previous.event) ? previous.event : undefined;
      const failed = (last?.type === 'DeliveryFailed' || last?.type === 'DeliveryTakenOver') && last.data.sequence === sequence;
      return failed && sequence === newest ? undefined : `the newest decision, ${newest}, after its last failure or silent owner`;
    }
  }
}

/** The shop is asked about the newest decision alone, by a process that delivers nothing, and until it is settled. */
function expectedFound({ sequence: newest, delivery }: Deliverable, sequence: number, instance: string): string | undefined {
  if (sequence === newest && sequence > delivery.settled && instance === '') return undefined;
  return delivery.settled === newest
    ? `nothing found at the shop: all ${newest} decisions are settled`
    : `the newest decision, ${newest}, found at the shop by a process without \`deliver\``;
}
