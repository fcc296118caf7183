// What the tree hashes of an event: its stored text, a field a line. The position is left out, so that a checkpoint
// survives a copy to another store. Others must be able to port this from these lines alone.
import { hashLeaf, type TreeHash } from './merkle-tree.ts';

/** The stored text of an event. */
export interface Leaf {
  readonly stream: string;
  /** 0-based, without gaps. */
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  /** JSON as it was stored, to the letter. */
  readonly metadata: string;
  readonly data: string;
}

/** Two events never share a text: `isOneLine` holds for all fields but the last of everything that was appended. */
export function leafText({ stream, revision, id, type, metadata, data }: Leaf): string {
  return `${stream}\n${revision}\n${id}\n${type}\n${metadata}\n${data}`;
}

export function leafHash(leaf: Leaf): TreeHash {
  return hashLeaf(leafText(leaf));
}

/** Names are printable ASCII, and JSON.stringify writes no line break: what holds one was put in past the ledger. */
export function isOneLine({ stream, id, type, metadata }: Leaf): boolean {
  return !metadata.includes('\n') && !stream.includes('\n') && !id.includes('\n') && !type.includes('\n');
}
