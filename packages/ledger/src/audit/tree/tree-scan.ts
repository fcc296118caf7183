// Builds the tree of a log in one pass over its rows: its root, the roots at chosen sizes, and proofs for chosen leaves.
import { defined } from '../../defined.ts';
import type { Position } from '../../event-store/event-store.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { leafHash } from './leaf.ts';
import { GrowingTree, type LeafRange, type TreeHash } from './merkle-tree.ts';

export interface TreeScanOptions {
  /** The sizes at which to note the root. */
  readonly sizes?: readonly number[];
  /** The ranges whose hashes a proof needs. */
  readonly ranges?: readonly LeafRange[];
}

/** Builds the tree from rows, which must come in log order. */
export class TreeScan {
  readonly tree: GrowingTree;
  /** Key: size. Written by the constructor and `take`. */
  readonly roots: Map<number, TreeHash> = new Map();
  readonly #sizes: ReadonlySet<number>;

  constructor({ sizes = [], ranges = [] }: TreeScanOptions = {}) {
    this.tree = new GrowingTree(ranges);
    this.#sizes = new Set(sizes);
    if (this.#sizes.has(0)) this.roots.set(0, this.tree.root());
  }

  take(row: LogRow): void {
    this.tree.append(leafHash(row));
    if (this.#sizes.has(this.tree.size)) this.roots.set(this.tree.size, this.tree.root());
  }
}

/**
 * Builds the tree of a log.
 * @param options `size`: stops after this number of events. `asOf`: stops at this position. Default: the end of the log.
 * @param onRows called with the number of rows read so far.
 */
export async function scanTree(
  log: LogReader,
  options: TreeScanOptions & { readonly size?: number; readonly asOf?: Position | undefined } = {},
  onRows?: (rows: number) => void,
): Promise<TreeScan> {
  const scan = new TreeScan(options);
  const { size = Number.POSITIVE_INFINITY, asOf } = options;
  for await (const rows of log.rows(defined({ upTo: asOf }))) {
    for (const row of rows) {
      if (scan.tree.size === size) return scan;
      scan.take(row);
    }
    onRows?.(scan.tree.size);
  }
  return scan;
}
