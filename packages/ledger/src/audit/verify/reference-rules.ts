// The rules of a reference stream: one owner (law 3), nothing is held after the link, and what was held before it has
// reached the owner (law 7).
import { LedgerError } from '../../errors.ts';
import { referenceName, referenceNamesOf } from '../../observation.ts';
import type { PaymentObserved } from '../../order/events.ts';
import { factContentKey } from '../../order/order.ts';
import { type Link, type ReferenceEvent, type ReferenceState, referenceAggregate } from '../../streams/reference-streams.ts';
import { findingAt } from './finding.ts';
import type { ReadEvent, ReadStream } from './read-stream.ts';
import type { VerifyContext } from './verify-context.ts';

export function verifyReference({ name, events }: ReadStream, context: VerifyContext): void {
  const id = name.slice(referenceAggregate.stream('').length);
  let state: ReferenceState = referenceAggregate.initial(id);
  for (const read of events) {
    const { row, stored } = read;
    try {
      const event = referenceAggregate.read(stored);
      const last = state.links.at(-1);
      if (last !== undefined && !isMove(event, last, id, row.position, context)) {
        const expected = `nothing behind the link to ${last.orderId}, unless a person moved the payment there`;
        context.report(findingAt(row, 'law-3', expected, `${event.type} ${row.data}`));
        return;
      }
      if (event.type === 'PaymentHeld') verifyHeld(state, event.data, read, context);
      else if (event.type === 'ReferenceLinked' && last === undefined) verifyForwarded(state, event.data.orderId, read, context);
      state = referenceAggregate.evolve(state, event, '');
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      context.report(findingAt(row, 'schema', `${row.type} at its schema version`, error.message));
      return;
    }
  }
}

/** True if the event is a move: the former owner's stream has the move, and that names this link. */
function isMove(event: ReferenceEvent, last: Link, id: string, position: string, context: VerifyContext): boolean {
  if (event.type !== 'ReferenceLinked' || event.data.endsRevision !== last.revision) return false;
  return context.wasMoved(last.orderId, id, { orderId: event.data.orderId, endsRevision: last.revision }, position);
}

function verifyHeld({ id, held }: ReferenceState, observed: PaymentObserved, { row }: ReadEvent, { report }: VerifyContext): void {
  if (!referenceNamesOf(observed).includes(id)) {
    report(findingAt(row, 'law-7', `a payment that is called ${id}`, `the payment ${referenceName(observed.payment)}`));
  }
  if (held.some((each) => each.source === observed.source && factContentKey(each) === factContentKey(observed))) {
    report(findingAt(row, 'law-5', 'nothing: this source had said it', `${observed.source} says ${observed.factKey} again`));
  }
}

function verifyForwarded({ held }: ReferenceState, orderId: string, { row, stored }: ReadEvent, context: VerifyContext): void {
  if (context.isRecent(stored.metadata['recordedAt'] ?? '')) return;
  for (const observed of held) {
    // If this stream is of an alias, the observation belongs to the owners of the payment's own id.
    const owners = context.linksOf(referenceName(observed.payment)).map((link) => link.orderId);
    if (context.wasObserved(owners.length > 0 ? owners : [orderId], observed)) continue;
    context.report(
      findingAt(
        row,
        'law-7',
        `order ${owners[0] ?? orderId} holds what ${observed.source} said of ${observed.payment.id} (${observed.factKey})`,
        'it does not. A ledger that runs hands it on',
      ),
    );
  }
}
