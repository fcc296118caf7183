// Finishes what a crash left between a link and its observations, in any number of processes: forwards held
// observations once one of their references has an owner, and finishes moves.
import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import type { PaymentWriter } from '../observe-payment.ts';
import type { SkippedEvent } from '../read-models/skipped-rows.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { referenceAggregate } from '../streams/reference-streams.ts';

/** The streams to read: reference streams, and for `PaymentMoved` the streams of orders. */
export const rollForwardPrefixes: readonly string[] = [referenceAggregate.stream(''), orderAggregate.stream('')];

/**
 * Handles events in their order. Idempotent: what was forwarded before is a duplicate. Answers the events that could not be
 * handled, because a stream cannot be read: the caller keeps them and tries them again. After the first of a stream the others
 * are not tried: all that a reference holds needs the same streams.
 * @throws LedgerError every other code of the event store: the page is handled again later.
 */
export async function rollForward(events: readonly StoredEvent[], writer: PaymentWriter): Promise<readonly SkippedEvent[]> {
  const failed = new Map<string, SkippedEvent>(); // The first of each stream.
  const skipped: SkippedEvent[] = [];
  for (const stored of events) {
    const before = failed.get(stored.stream);
    const now = before ?? (await skippedUnlessHandled(stored, writer));
    if (now === undefined) continue;
    if (before === undefined) failed.set(stored.stream, now);
    skipped.push({ ...now, revision: stored.revision, position: stored.position });
  }
  return skipped;
}

async function skippedUnlessHandled(stored: StoredEvent, writer: PaymentWriter): Promise<SkippedEvent | undefined> {
  try {
    await rollForwardOne(stored, writer);
    return undefined;
  } catch (error) {
    // A store that cannot write now is tried again at once. A stream that cannot be read must not stop the others.
    if (!(error instanceof LedgerError) || (error.code !== 'corrupt' && error.code !== 'file_newer')) throw error;
    const { stream, revision, position } = stored;
    return { stream, revision, position, code: error.code, message: `${stream} cannot be handed on: ${error.message}` };
  }
}

async function rollForwardOne(stored: StoredEvent, writer: PaymentWriter): Promise<void> {
  const [references, orders] = rollForwardPrefixes.map((prefix) => stored.stream.startsWith(prefix));
  if (orders && stored.type === 'PaymentMoved') {
    const event = orderAggregate.read(stored);
    if (event.type === 'PaymentMoved') await writer.finishMove(stored.stream.slice(orderAggregate.stream('').length), event.data);
  }
  if (!references) return;
  const reference = stored.stream.slice(referenceAggregate.stream('').length);
  const event = referenceAggregate.read(stored);
  if (event.type === 'PaymentHeld') await writer.forward(event.data);
  else if (event.data.endsRevision === undefined) await writer.forwardHeld(reference); // Else the move before it was finished above.
}
