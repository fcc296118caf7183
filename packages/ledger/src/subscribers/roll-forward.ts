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

/** How many streams are handled at once. Each waits for reads of the store, one after the other. */
const streamsAtOnce = 16;

/**
 * Handles the events of each stream in their order, several streams at once. Idempotent: what was forwarded before is a
 * duplicate. Answers the events that could not be handled, because a stream cannot be read: the caller keeps them and tries them
 * again. After the first of a stream the others are not tried: all that a reference holds needs the same streams.
 * @throws LedgerError every other code of the event store: the page is handled again later.
 */
export async function rollForward(events: readonly StoredEvent[], writer: PaymentWriter): Promise<readonly SkippedEvent[]> {
  const streams = [...Map.groupBy(events.filter(hasWork), ({ stream }) => stream).values()];
  const skipped: SkippedEvent[] = [];
  let hasFailed = false; // Set by a lane that throws: then the others begin no further stream.
  const lane = async (): Promise<void> => {
    for (let stream = streams.shift(); stream !== undefined && !hasFailed; stream = streams.shift()) {
      try {
        skipped.push(...(await rollForwardStream(stream, writer)));
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(streamsAtOnce, streams.length) }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
  return skipped;
}

async function rollForwardStream(events: readonly StoredEvent[], writer: PaymentWriter): Promise<readonly SkippedEvent[]> {
  let failed: SkippedEvent | undefined; // The first of the stream.
  const skipped: SkippedEvent[] = [];
  for (const stored of events) {
    failed ??= await skippedUnlessHandled(stored, writer);
    if (failed) skipped.push({ ...failed, revision: stored.revision, position: stored.position });
  }
  return skipped;
}

/** An order has many events, and only a move leaves anything to do. */
function hasWork({ stream, type }: StoredEvent): boolean {
  return type === 'PaymentMoved' || stream.startsWith(referenceAggregate.stream(''));
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
  // The first event of its stream: nothing was held before it. Else, where it ends a link, the move before it was finished above.
  else if (stored.revision > 0 && !('endsRevision' in event.data)) await writer.forwardHeld(reference);
}
