// The Merkle tree of RFC 6962 (section 2.1): its root, the proof that a leaf is in it (inclusion), and the proof that it
// begins with an earlier tree (consistency). A log of any length is hashed in one pass, in logarithmic memory.
import { createHash, hash } from 'node:crypto';

/** A SHA-256 hash, 32 bytes. */
export type TreeHash = Buffer;

/** The leaves from `start` up to, but not including, `end`. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** The root of a tree without leaves. */
export const emptyRoot: TreeHash = createHash('sha256').digest();

/** Returns SHA-256 of the byte 0 and the text. An inner node begins with the byte 1, so a leaf is never mistaken for one. */
export function hashLeaf(text: string): TreeHash {
  return hash('sha256', `\0${text}`, 'buffer');
}

function hashNode(left: TreeHash, right: TreeHash): TreeHash {
  const both = Buffer.allocUnsafe(65);
  both[0] = 1;
  left.copy(both, 1);
  right.copy(both, 33);
  return hash('sha256', both, 'buffer');
}

/**
 * A tree that grows leaf by leaf. It keeps only the perfect subtrees on the right edge: as many as `size` has bits set. For
 * proofs it also keeps the subtrees that the constructor is asked for.
 */
export class GrowingTree {
  /** How many leaves there are. Written by `append`. */
  #size = 0;
  /** The perfect subtrees, largest first. Written by `append`. */
  readonly #peaks: TreeHash[] = [];
  readonly #wanted: ReadonlySet<string>;
  /** The subtrees for proofs. Key: `start-end`. Written by `#keep`. */
  readonly #kept = new Map<string, TreeHash>();

  /** @param wanted the ranges for which `hashOf` will be called. */
  constructor(wanted: readonly LeafRange[] = []) {
    this.#wanted = new Set(wanted.flatMap(perfectParts).map(nameOf));
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: TreeHash): void {
    let node = leaf;
    let start = this.#size;
    this.#keep(start, start + 1, node);
    // Each bit that carries joins two subtrees of the same height.
    for (let height = 1; this.#size & bit(height - 1); height++) {
      const left = this.#peaks.pop();
      if (left === undefined) throw new Error(`a tree of ${this.#size} leaves lacks a peak`);
      node = hashNode(left, node);
      start -= bit(height - 1);
      this.#keep(start, this.#size + 1, node);
    }
    this.#peaks.push(node);
    this.#size += 1;
  }

  root(): TreeHash {
    return joinPeaks(this.#peaks) ?? emptyRoot;
  }

  /** Returns the hash of a range. Throws RangeError if the range is not complete, or was not passed to the constructor. */
  hashOf(range: LeafRange): TreeHash {
    const parts = perfectParts(range).map((part) => this.#kept.get(nameOf(part)));
    const joined = parts.every((part) => part !== undefined) ? joinPeaks(parts) : undefined;
    if (joined === undefined) throw new RangeError(`leaves ${range.start} to ${range.end} of ${this.#size} were not asked for in time`);
    return joined;
  }

  #keep(start: number, end: number, node: TreeHash): void {
    if (this.#wanted.size === 0) return;
    const name = nameOf({ start, end });
    if (this.#wanted.has(name)) this.#kept.set(name, node);
  }
}

/**
 * Returns the ranges whose hashes prove that leaf `index` is in the tree of `size`, nearest first: PATH(m, D[n]).
 * Requires 0 ≤ index < size.
 */
export function inclusionRanges(index: number, size: number): readonly LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    const isLeft = index < middle;
    ranges.push(isLeft ? { start: middle, end } : { start, end: middle });
    if (isLeft) end = middle;
    else start = middle;
  }
  return ranges.reverse();
}

/**
 * Returns the ranges whose hashes prove that the tree of `size` begins with the tree of `earlier`: PROOF(m, D[n]).
 * Requires 0 < earlier ≤ size.
 */
export function consistencyRanges(earlier: number, size: number): readonly LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (earlier < end) {
    const middle = start + largestPowerBelow(end - start);
    if (earlier <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // If the earlier tree is itself a subtree, the verifier knows its hash already: it is the earlier root.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** Checks an inclusion proof (RFC 9162, 2.1.3.2). Never throws: false if a number is out of range. */
export function provesInclusion(leaf: TreeHash, index: number, size: number, proof: readonly TreeHash[], root: TreeHash): boolean {
  if (!(index >= 0 && index < size)) return false;
  const ranges = inclusionRanges(index, size);
  if (proof.length !== ranges.length) return false;
  let node = leaf;
  for (const [step, { start }] of ranges.entries()) {
    const sibling = proof[step];
    if (sibling === undefined) return false;
    node = start > index ? hashNode(node, sibling) : hashNode(sibling, node);
  }
  return node.equals(root);
}

/**
 * Checks a consistency proof (RFC 9162, 2.1.4.2): rebuilds both roots from it. Never throws: false if a number is out of
 * range.
 */
export function provesConsistency(
  earlier: { readonly size: number; readonly root: TreeHash },
  later: { readonly size: number; readonly root: TreeHash },
  proof: readonly TreeHash[],
): boolean {
  if (!(earlier.size > 0 && earlier.size <= later.size)) return false;
  const ranges = consistencyRanges(earlier.size, later.size);
  if (proof.length !== ranges.length) return false;
  let [first, ...rest] = ranges.map(({ start }, step) => ({ start, hash: proof[step] }));
  // If the proof has no hash inside the earlier tree, it starts from the earlier root.
  if (first === undefined || first.start >= earlier.size) {
    rest = first === undefined ? [] : [first, ...rest];
    first = { start: 0, hash: earlier.root };
  }
  let [inEarlier, inLater] = [first.hash, first.hash];
  for (const { start, hash: sibling } of rest) {
    if (sibling === undefined || inEarlier === undefined || inLater === undefined) return false;
    if (start >= earlier.size) inLater = hashNode(inLater, sibling);
    else [inEarlier, inLater] = [hashNode(sibling, inEarlier), hashNode(sibling, inLater)];
  }
  return inEarlier?.equals(earlier.root) === true && inLater?.equals(later.root) === true;
}

/** Splits a range into perfect, aligned subtrees, from left to right. A proof's range is one of them, or ends with the tree. */
function perfectParts({ start, end }: LeafRange): readonly LeafRange[] {
  const parts: LeafRange[] = [];
  let at = start;
  while (at < end) {
    let width = 1;
    while (width * 2 <= end - at && at % (width * 2) === 0) width *= 2;
    parts.push({ start: at, end: at + width });
    at += width;
  }
  return parts;
}

function joinPeaks(peaks: readonly (TreeHash | undefined)[]): TreeHash | undefined {
  return peaks.reduceRight((right, left) => (right && left ? hashNode(left, right) : (right ?? left)), undefined);
}

function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function nameOf({ start, end }: LeafRange): string {
  return `${start}-${end}`;
}

/** Works up to 2^31 leaves: two thousand million events. */
function bit(place: number): number {
  return 1 << place;
}
