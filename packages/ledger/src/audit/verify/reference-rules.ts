// The rules of a reference stream: one owner (law 3), nothing is held after the link, and what was held before it has
// reached the owner (law 7).
import { LedgerError } from '../../errors.ts';
import { referenceName, referenceNamesOf } from '../../observation.ts';
import type { PaymentObserved } from '../../order/events.ts';
import { factContentKey } from '../../order/order.ts';
import {
  type Link,
  type Owner,
  ownerBy,
  type ReferenceEvent,
  type ReferenceState,
  referenceAggregate,
  subscriptionIn,
  subscriptionOwner,
} from '../../streams/reference-streams.ts';
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
      const owner = state.subscription ? subscriptionOwner(state.subscription.subscriptionId) : last?.orderId;
      if (owner !== undefined && !(last && isMove(event, last, id, row.position, context))) {
        const expected = `nothing behind the link to ${owner}, unless a person moved the payment there`;
        context.report(findingAt(row, 'law-3', expected, `${event.type} ${row.data}`));
        return;
      }
      if (event.type === 'PaymentHeld') verifyHeld(state, event.data, read, context);
      else if (owner === undefined) verifyForwarded(state, ownerBy(event), read, context);
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

function named(owner: Owner): string {
  const subscriptionId = subscriptionIn(owner);
  return subscriptionId === undefined ? `order ${owner}` : `subscription ${subscriptionId}`;
}

function verifyForwarded({ id, held }: ReferenceState, linked: Owner, { row, stored }: ReadEvent, context: VerifyContext): void {
  if (context.isRecent(stored.metadata['recordedAt'] ?? '')) return;
  for (const observed of held) {
    // If this stream is of an alias, the observation belongs to the owners of the payment's own id.
    const owners = context.linksOf(referenceName(observed.payment)).map((link) => link.owner);
    // What a session of a subscription held stands under the payment too, and waits there for a link.
    if (owners.length === 0 && referenceName(observed.payment) !== id && subscriptionIn(linked) !== undefined) continue;
    if (context.wasObserved(owners.length > 0 ? owners : [linked], observed)) continue;
    context.report(
      findingAt(
        row,
        'law-7',
        `${named(owners[0] ?? linked)} holds what ${observed.source} said of ${observed.payment.id} (${observed.factKey})`,
        'it does not. A ledger that runs hands it on',
      ),
    );
  }
}
