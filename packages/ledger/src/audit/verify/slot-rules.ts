// The rule of a member's slot (S13): who takes it was placed by that member, with that kind, and whoever held it does not live.
import { LedgerError } from '../../errors.ts';
import { holdersOf, memberSlotAggregate } from '../../streams/slot-streams.ts';
import { isEndStatus } from '../../subscription/facts.ts';
import { findingAt } from './finding.ts';
import type { ReadEvent, ReadStream } from './read-stream.ts';
import type { VerifyContext } from './verify-context.ts';

export function verifySlot({ name, events }: ReadStream, context: VerifyContext): void {
  const memberId = name.slice(memberSlotAggregate.stream('').length);
  let slot = memberSlotAggregate.initial(memberId);
  for (const read of events) {
    const { row, stored } = read;
    try {
      const event = memberSlotAggregate.read(stored);
      const { kind, subscriptionId } = event.data;
      verifyPlaced(memberId, event.data, read, context);
      const holder = holdersOf(slot, kind).at(-1);
      if (holder === subscriptionId) {
        context.report(
          findingAt(row, 'law-s13', `nothing: ${subscriptionId} holds the slot of ${kind} already`, `${row.type} ${row.data}`),
        );
      } else if (holder !== undefined && livedLongBefore(holder, read, context)) {
        const expected = `the slot of ${kind} stays with ${holder}, which has begun and not ended`;
        context.report(findingAt(row, 'law-s13', expected, `${subscriptionId} takes it`));
      }
      slot = memberSlotAggregate.evolve(slot, event, '');
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      context.report(findingAt(row, 'schema', `${row.type} at its schema version`, error.message));
      return;
    }
  }
}

function verifyPlaced(
  memberId: string,
  { kind, subscriptionId }: { readonly kind: string; readonly subscriptionId: string },
  { row }: ReadEvent,
  { subscriptionAt, report }: VerifyContext,
): void {
  const { placed } = subscriptionAt(subscriptionId, row);
  if (placed?.memberId === memberId && placed.kind === kind) return;
  const found = placed ? `it was placed by ${placed.memberId}, kind ${placed.kind}` : 'it was not placed before';
  report(findingAt(row, 'law-s13', `${subscriptionId} was placed by ${memberId}, kind ${kind}`, found));
}

/** True if it had begun at the provider well before: who took the slot has seen that. A customer may pay while it is taken. */
function livedLongBefore(subscriptionId: string, { row, stored }: ReadEvent, { subscriptionAt, underWayBefore }: VerifyContext): boolean {
  const recordedBefore = underWayBefore(stored.metadata['recordedAt'] ?? '');
  const { reference, facts } = subscriptionAt(subscriptionId, { ...row, recordedBefore });
  return reference !== undefined && !isEndStatus(facts.lifecycle?.fact.status);
}
