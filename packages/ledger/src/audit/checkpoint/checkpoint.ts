// A signed checkpoint of a log as it is now, and the proof that it continues an earlier one.
import { LedgerError } from '../../errors.ts';
import type { Position } from '../../event-store/event-store.ts';
import type { LogReader } from '../log/log-reader.ts';
import { consistencyRanges } from '../tree/merkle-tree.ts';
import { scanTree } from '../tree/tree-scan.ts';
import { refuseOrigin, signCheckpoint } from './signed-checkpoint.ts';
import type { NoteSigner } from './signed-note.ts';

export interface CheckpointOptions {
  readonly origin: string;
  /** Several while a key is rotated. */
  readonly signers: readonly NoteSigner[];
  /** Of the log as it was. Default: as it is. */
  readonly asOf?: Position;
  /** Events read so far. */
  readonly onEvents?: (events: number) => void;
}

export interface TakenCheckpoint {
  readonly note: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export async function takeCheckpoint(log: LogReader, { origin, signers, asOf, onEvents }: CheckpointOptions): Promise<TakenCheckpoint> {
  refuseOrigin(origin);
  const { tree } = await scanTree(log, { asOf }, onEvents);
  const root = tree.root();
  return { note: signCheckpoint({ origin, size: tree.size, root }, signers), size: tree.size, root: root.toString('base64') };
}

/**
 * The proof (RFC 6962, 2.1.2) that the first `size` events begin with the first `earlier` ones, base64: for a witness who
 * keeps the last checkpoint and not the log. Requires 0 < earlier ≤ size.
 */
export async function proveConsistency(log: LogReader, earlier: number, size: number): Promise<readonly string[]> {
  const ranges = consistencyRanges(earlier, size);
  const { tree } = await scanTree(log, { ranges, size });
  if (tree.size < size) throw new LedgerError('invalid_input', `${log.name} has ${tree.size} events, fewer than ${size}`);
  return ranges.map((range) => tree.hashOf(range).toString('base64'));
}
