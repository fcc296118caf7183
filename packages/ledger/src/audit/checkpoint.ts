// A signed checkpoint of a log as it is now.
import type { LogReader } from './log-reader.ts';
import { refuseOrigin, signCheckpoint } from './signed-checkpoint.ts';
import type { NoteSigner } from './signed-note.ts';
import { scanTree } from './tree-scan.ts';

export interface CheckpointOptions {
  readonly origin: string;
  /** Several while a key is rotated. */
  readonly signers: readonly NoteSigner[];
  /** Events read so far. */
  readonly onEvents?: (events: number) => void;
}

export interface TakenCheckpoint {
  readonly note: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export async function takeCheckpoint(log: LogReader, { origin, signers, onEvents }: CheckpointOptions): Promise<TakenCheckpoint> {
  refuseOrigin(origin);
  const { tree } = await scanTree(log, {}, onEvents);
  const root = tree.root();
  return { note: signCheckpoint({ origin, size: tree.size, root }, signers), size: tree.size, root: root.toString('base64') };
}
