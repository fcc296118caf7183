// What the tree hashes of an event: its stored text, one field per line. The position is left out, so that a checkpoint is
// still valid after a copy to another store. Others can port the hash from these lines alone.
import { hashLeaf, type TreeHash } from './merkle-tree.ts';

/** The stored text of an event. */
export interface Leaf {
  readonly stream: string;
  /** The event's place in its stream, from 0. */
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  /** The JSON exactly as it was stored. */
  readonly metadata: string;
  /** The JSON exactly as it was stored. */
  readonly data: string;
}

/** Returns the text that is hashed. Two different events never have the same text, because of `isOneLine`. */
export function leafText({ stream, revision, id, type, metadata, data }: Leaf): string {
  return `${stream}\n${revision}\n${id}\n${type}\n${metadata}\n${data}`;
}

/** Returns the hash of an event: SHA-256 of the byte 0 and its text. */
export function leafHash(leaf: Leaf): TreeHash {
  return hashLeaf(leafText(leaf));
}

/** True if no field but the data has a line break. The ledger never writes one, so a row that has one was changed by others. */
export function isOneLine({ stream, id, type, metadata }: Leaf): boolean {
  return !metadata.includes('\n') && !stream.includes('\n') && !id.includes('\n') && !type.includes('\n');
}
