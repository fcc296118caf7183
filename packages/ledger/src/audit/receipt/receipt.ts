// Makes a receipt for one order: its events, its reference streams, the policies that it names, and the proof that all of
// them are in the log that was signed. `receipt-verify.ts` checks it.
import { defined } from '../../defined.ts';
import { LedgerError } from '../../errors.ts';
import type { Position } from '../../event-store/event-store.ts';
import { referenceName, referenceNamesOf } from '../../observation.ts';
import { readOrderEvent } from '../../order/event-schemas.ts';
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { referenceAggregate } from '../../streams/reference-streams.ts';
import { type Checkpoint, readCheckpoint, refuseOrigin, signCheckpoint } from '../checkpoint/signed-checkpoint.ts';
import { isSignedNote, type NoteSigner } from '../checkpoint/signed-note.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type LogRow, positionText, storedEvent } from '../log/log-row.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import { inclusionRanges, type LeafRange } from '../tree/merkle-tree.ts';
import { scanTree } from '../tree/tree-scan.ts';
import type { Finding } from '../verify/finding.ts';
import { verifyStreams } from '../verify/verify-streams.ts';
import { maxReceiptEvents, type Receipt, type ReceiptEvent } from './receipt-verify.ts';

/** How to make a receipt. */
export interface ReceiptOptions {
  /** A signed checkpoint that covers the order; or an origin and keys, to sign a new checkpoint. */
  readonly proof: { readonly checkpoint: string } | { readonly origin: string; readonly signers: readonly NoteSigner[] };
  /** Takes the order, and signs the log, up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called with the number of events read so far. Each event is read twice. */
  readonly onEvents?: (events: number) => void;
}

/**
 * Makes the receipt of one order.
 * @throws LedgerError `order_unknown`: the log does not have the order. `invalid_input`: the checkpoint cannot be read or does
 *   not cover the order, or has no whole signature; the order has more than 5,000 events, or the origin is not valid. `corrupt`: the
 *   checkpoint is of another log, or an event cannot be read. Also what the store throws.
 */
export async function takeReceipt(log: LogReader, orderId: string, { proof, asOf, onEvents }: ReceiptOptions): Promise<Receipt> {
  if ('origin' in proof) refuseOrigin(proof.origin);
  const rows = await receiptRows(log, orderId, asOf);
  if (rows.length > maxReceiptEvents) {
    throw new LedgerError(
      'invalid_input',
      `Order ${orderId} has ${rows.length} events, and a receipt holds at most ${maxReceiptEvents}. Audit the log itself: paidonce verify`,
    );
  }
  const { indexes, events } = await indexesOf(log, rows, { asOf, onEvents });
  const given = 'checkpoint' in proof ? readSigned(proof.checkpoint) : undefined;
  const size = given?.size ?? events;
  const newest = Math.max(...indexes.values());
  if (newest >= size) {
    throw new LedgerError(
      'invalid_input',
      `The checkpoint covers ${size} events, and order ${orderId} goes on to event ${newest + 1}. Use a newer one, or a key`,
    );
  }
  const proofs = new Map<string, readonly LeafRange[]>(
    rows.map(({ position }) => [position, inclusionRanges(indexes.get(position) ?? 0, size)]),
  );
  const { tree } = await scanTree(log, { ranges: [...proofs.values()].flat(), size }, (read) => onEvents?.(events + read));
  const root = tree.root();
  if (tree.size < size || (given && !given.root.equals(root))) {
    throw new LedgerError('corrupt', `The log is not the one of the checkpoint over ${size} events. Run: paidonce verify`);
  }
  const checkpoint = 'checkpoint' in proof ? proof.checkpoint : signCheckpoint({ origin: proof.origin, size, root }, proof.signers);
  return {
    format: 'paidonce-receipt/1',
    orderId,
    checkpoint,
    events: rows
      .map(({ position, ...row }): ReceiptEvent => {
        const hashes = (proofs.get(position) ?? []).map((range) => tree.hashOf(range).toString('base64'));
        return { index: indexes.get(position) ?? 0, ...row, proof: hashes };
      })
      .sort((a, b) => a.index - b.index),
  };
}

function readSigned(note: string): Checkpoint {
  const checkpoint = readCheckpoint(note);
  if (!('refused' in checkpoint) && isSignedNote(note)) return checkpoint;
  const why = 'refused' in checkpoint ? checkpoint.refused : 'it has no whole signature';
  throw new LedgerError('invalid_input', `The checkpoint cannot be used: ${why}`);
}

/**
 * Makes the order's decisions again from the receipt alone, and returns where it differs. Call it after `verifyReceipt`. It
 * needs a temporary file. Empty: nothing was found.
 */
export async function verifyReceiptDecisions({ orderId, events }: Receipt): Promise<readonly Finding[]> {
  const rows = [...events]
    .sort((a, b) => a.index - b.index)
    .map(
      ({ index: _, proof: __, ...row }, place): LogRow => ({ ...row, position: String(place + 1).padStart(20, '0') as LogRow['position'] }),
    );
  const reader: LogReader = {
    name: 'the receipt',
    async *rows() {
      yield rows;
    },
    stream: async (name) => rows.filter(({ stream }) => stream === name),
    close: async () => undefined,
  };
  return withSqliteLog(reader, {}, async ({ log, upTo }) => {
    const [range] = log.streamRanges(Number.MAX_SAFE_INTEGER);
    if (range === undefined) return [];
    const { findings } = verifyStreams(log, { range, upTo, newest: '' });
    // The receipt does not have the other orders that a reference belonged to, so only this order is judged.
    return findings.filter(({ stream }) => stream === orderAggregate.stream(orderId));
  });
}

async function receiptRows(log: LogReader, orderId: string, asOf: Position | undefined): Promise<readonly LogRow[]> {
  const streamThen = async (stream: string): Promise<readonly LogRow[]> =>
    (await log.stream(stream)).filter(({ position }) => asOf === undefined || position <= asOf);
  const order = await streamThen(orderAggregate.stream(orderId));
  const then = asOf === undefined ? '' : ` up to position ${positionText(asOf)}`;
  if (order.length === 0) throw new LedgerError('order_unknown', `${log.name} knows no order ${orderId}${then}. Is it the right log?`);
  const references = await Promise.all([...referencesIn(order)].map((reference) => streamThen(referenceAggregate.stream(reference))));
  const named = new Set(order.map((row) => storedEvent(row).metadata['policy']));
  const policies = (await log.stream('policy')).filter((row) => named.has((storedEvent(row).data as { hash?: string }).hash));
  return [...order, ...references.flat(), ...policies];
}

/** Returns the reference names of its payments and of all their aliases. */
function referencesIn(order: readonly LogRow[]): ReadonlySet<string> {
  return new Set(
    order.flatMap((row) => {
      const event = readOrderEvent(storedEvent(row));
      if (event.type === 'CheckoutAttached' || event.type === 'PaymentMoved') return [referenceName(event.data.payment)];
      return event.type === 'PaymentObserved' ? referenceNamesOf(event.data) : [];
    }),
  );
}

/** Returns the places of the rows in the log, from 0, and the length of the log. Key: the position. */
async function indexesOf(
  log: LogReader,
  rows: readonly LogRow[],
  { asOf, onEvents }: { readonly asOf: Position | undefined; readonly onEvents: ReceiptOptions['onEvents'] | undefined },
): Promise<{ readonly indexes: ReadonlyMap<string, number>; readonly events: number }> {
  const wanted = new Set<string>(rows.map(({ position }) => position));
  const indexes = new Map<string, number>();
  let events = 0;
  for await (const page of log.rows(defined({ upTo: asOf }))) {
    for (const { position } of page) {
      if (wanted.has(position)) indexes.set(position, events);
      events += 1;
    }
    onEvents?.(events);
  }
  return { indexes, events };
}
