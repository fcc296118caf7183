// Finishes what a crash left between a link and its observations: follows the reference streams, in any
// number of processes, and hands held observations on once one of their references has an owner.
import { LedgerError } from './errors.ts';
import type { StoredEvent } from './event-store/event-store.ts';
import type { PaymentWriter } from './observe-payment.ts';
import type { Alert, Log } from './payment-ledger.ts';
import { referenceAggregate } from './reference.ts';

/** Idempotent: what was handed on before is a duplicate. */
export async function rollForward(
  events: readonly StoredEvent[],
  writer: PaymentWriter,
  { log, onAlert }: { readonly log: Log; readonly onAlert: (alert: Alert) => void },
): Promise<void> {
  for (const stored of events) {
    try {
      const event = referenceAggregate.read(stored);
      if (event.type === 'PaymentHeld') await writer.forward(event.data);
      else await writer.forwardHeld(stored.stream.slice(referenceAggregate.stream('').length));
    } catch (error) {
      // A store that cannot write now is asked again. A stream that cannot be read stays as it is, and must not stop the others.
      if (!(error instanceof LedgerError) || (error.code !== 'corrupt' && error.code !== 'file_newer')) throw error;
      const message = `${stored.stream} cannot be handed on: ${error.message}`;
      log.error({ err: error, stream: stored.stream }, message);
      onAlert({ kind: 'roll_forward_failed', message });
    }
  }
}
