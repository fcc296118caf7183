// The rules of a reference stream: one owner (law 3), nothing is held after the link, and what was held before it has
// reached the owner (law 7).
import { LedgerError } from '../../errors.ts';
import type { PaymentObserved } from '../../order/events.ts';
import { factContentKey } from '../../order/order.ts';
import { type Link, type ReferenceEvent, type ReferenceState, referenceAggregate } from '../../streams/reference-streams.ts';
import { findingAt } from './finding.ts';
import type { ReadEvent, ReadStream } from './read-stream.ts';
import type { Judge } from './verify-context.ts';

export function judgeReference({ name, events }: ReadStream, judge: Judge): void {
  const id = name.slice(referenceAggregate.stream('').length);
  let state: ReferenceState = referenceAggregate.initial(id);
  for (const read of events) {
    const { row, stored } = read;
    try {
      const event = referenceAggregate.read(stored);
      const last = state.links.at(-1);
      if (last !== undefined && !isMove(event, last, id, row.position, judge)) {
        const expected = `nothing behind the link to ${last.orderId}, unless a person moved the payment there`;
        judge.report(findingAt(row, 'law-3', expected, `${event.type} ${row.data}`));
        return;
      }
      if (event.type === 'PaymentHeld') judgeHeld(state, event.data, read, judge);
      else if (last === undefined) judgeHandedOn(state, event.data.orderId, read, judge);
      state = referenceAggregate.evolve(state, event, '');
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      judge.report(findingAt(row, 'schema', `${row.type} at its schema version`, error.message));
      return;
    }
  }
}

/** True if the event is a move: the former owner's stream has the move, and that names this link. */
function isMove(event: ReferenceEvent, last: Link, id: string, position: string, judge: Judge): boolean {
  if (event.type !== 'ReferenceLinked' || event.data.endsRevision !== last.revision) return false;
  return judge.wasMoved(last.orderId, id, { orderId: event.data.orderId, endsRevision: last.revision }, position);
}

function judgeHeld({ id, held }: ReferenceState, observed: PaymentObserved, { row }: ReadEvent, { report }: Judge): void {
  if (observed.payment.id !== id && !observed.aliases?.includes(id)) {
    report(findingAt(row, 'law-7', `a payment that is called ${id}`, `the payment ${observed.payment.id}`));
  }
  if (held.some((each) => each.source === observed.source && factContentKey(each) === factContentKey(observed))) {
    report(findingAt(row, 'law-5', 'nothing: this source had said it', `${observed.source} says ${observed.factKey} again`));
  }
}

function judgeHandedOn({ held }: ReferenceState, orderId: string, { row, stored }: ReadEvent, judge: Judge): void {
  if (judge.isRecent(stored.metadata['recordedAt'] ?? '')) return;
  for (const observed of held) {
    // If this stream is of an alias, the observation belongs to the owners of the payment's own id.
    const owners = judge.linksOf(observed.payment.id).map((link) => link.orderId);
    if (judge.wasTold(owners.length > 0 ? owners : [orderId], observed)) continue;
    judge.report(
      findingAt(
        row,
        'law-7',
        `order ${owners[0] ?? orderId} holds what ${observed.source} said of ${observed.payment.id} (${observed.factKey})`,
        'it does not. A ledger that runs hands it on',
      ),
    );
  }
}
