// The tree of a log, in one pass over its rows: its root, the roots at chosen sizes, and proofs for chosen leaves.
import type { Position } from '../../event-store/event-store.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { leafHash } from './leaf.ts';
import { GrowingTree, type LeafRange, type TreeHash } from './merkle-tree.ts';

export interface TreeScanOptions {
  /** Sizes whose roots are asked for. */
  readonly sizes?: readonly number[];
  /** Ranges whose hashes are asked for. */
  readonly ranges?: readonly LeafRange[];
}

/** Takes the rows of a log in log order. */
export class TreeScan {
  readonly tree: GrowingTree;
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

/** @param onRows called with the number of rows read so far. */
export async function scanTree(
  log: LogReader,
  options: TreeScanOptions & { readonly size?: number; readonly asOf?: Position | undefined } = {},
  onRows?: (rows: number) => void,
): Promise<TreeScan> {
  const scan = new TreeScan(options);
  const { size = Number.POSITIVE_INFINITY, asOf } = options;
  for await (const rows of log.rows(asOf === undefined ? {} : { upTo: asOf })) {
    for (const row of rows) {
      if (scan.tree.size === size) return scan;
      scan.take(row);
    }
    onRows?.(scan.tree.size);
  }
  return scan;
}
