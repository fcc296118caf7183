// Finishes what a crash left between a link and its observations, in any number of processes: forwards held
// observations once one of their references has an owner, and finishes moves.
import type { Alert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import type { PaymentWriter } from '../observe-payment.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { referenceAggregate } from '../streams/reference-streams.ts';

/** The streams to read: reference streams, and for `PaymentMoved` the streams of orders. */
export const rollForwardPrefixes: readonly string[] = [referenceAggregate.stream(''), orderAggregate.stream('')];

/**
 * Handles a page of events. Idempotent: what was forwarded before is a duplicate. An event whose stream cannot be read
 * (`corrupt`, `file_newer`) is logged, alerted and skipped.
 * @throws LedgerError every other code of the event store: the page is handled again later.
 */
export async function rollForward(
  events: readonly StoredEvent[],
  writer: PaymentWriter,
  { log, onAlert }: { readonly log: Logger; readonly onAlert: (alert: Alert) => void },
): Promise<void> {
  for (const stored of events) {
    try {
      await rollForwardOne(stored, writer);
    } catch (error) {
      // A store that cannot write now is tried again. A stream that cannot be read stays as it is, and must not stop the others.
      if (!(error instanceof LedgerError) || (error.code !== 'corrupt' && error.code !== 'file_newer')) throw error;
      const message = `${stored.stream} cannot be handed on: ${error.message}`;
      log.error({ err: error, stream: stored.stream }, message);
      onAlert({ kind: 'roll_forward_failed', message });
    }
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
