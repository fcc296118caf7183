// Signs a checkpoint of a log, and proves that the log continues an earlier checkpoint.
import { LedgerError } from '../../errors.ts';
import type { Position } from '../../event-store/event-store.ts';
import type { LogReader } from '../log/log-reader.ts';
import { consistencyRanges } from '../tree/merkle-tree.ts';
import { scanTree } from '../tree/tree-scan.ts';
import { refuseOrigin, signCheckpoint } from './signed-checkpoint.ts';
import type { NoteSigner } from './signed-note.ts';

/** How to take a checkpoint. */
export interface CheckpointOptions {
  /** The name of the log, without spaces and `+`: `shop.example/ledger`. */
  readonly origin: string;
  /** The keys to sign with: several while a key is rotated. */
  readonly signers: readonly NoteSigner[];
  /** Signs the log up to this position. Default: up to its end. */
  readonly asOf?: Position;
  /** Called with the number of events read so far. */
  readonly onEvents?: (events: number) => void;
}

/** A checkpoint that was signed. */
export interface TakenCheckpoint {
  /** The checkpoint as a signed note. */
  readonly note: string;
  /** How many events it covers: the first `size` of the log. */
  readonly size: number;
  /** The root of the log's tree over these events, base64. */
  readonly root: string;
}

/** Signs a checkpoint. @throws LedgerError `invalid_input`: the origin has a space or a `+`. Also what the store throws. */
export async function takeCheckpoint(log: LogReader, { origin, signers, asOf, onEvents }: CheckpointOptions): Promise<TakenCheckpoint> {
  refuseOrigin(origin);
  const { tree } = await scanTree(log, { asOf }, onEvents);
  const root = tree.root();
  return { note: signCheckpoint({ origin, size: tree.size, root }, signers), size: tree.size, root: root.toString('base64') };
}

/**
 * Returns the proof (RFC 6962, 2.1.2) that the log's first `size` events begin with its first `earlier` events, as base64
 * hashes. A witness needs it who keeps the last checkpoint, but not the log. Requires 0 < earlier ≤ size.
 * @throws LedgerError `invalid_input`: the log has fewer than `size` events.
 */
export async function proveConsistency(log: LogReader, earlier: number, size: number): Promise<readonly string[]> {
  const ranges = consistencyRanges(earlier, size);
  const { tree } = await scanTree(log, { ranges, size });
  if (tree.size < size) throw new LedgerError('invalid_input', `${log.name} has ${tree.size} events, fewer than ${size}`);
  return ranges.map((range) => tree.hashOf(range).toString('base64'));
}
