// Grows the tree of a log that is being written. For a SQLite log a worker thread reads and hashes, so that appends do not
// become slower. Other stores are read through the port.
import { Worker } from 'node:worker_threads';
import { LedgerError } from '../../errors.ts';
import { type EventStore, logStart } from '../../event-store/event-store.ts';
import { readerOf } from '../log/log-reader.ts';
import type { LogRow } from '../log/log-row.ts';
import { TreeScan } from './tree-scan.ts';

/** The root is noted at each multiple of this size. */
export const checkpointEvents = 1_000;

export interface TreeGrowth {
  /** The roots that this step passed, base64: at each multiple of 1,000, and at each size that was asked for. */
  readonly roots: readonly (readonly [size: number, root: string])[];
  /** How many events the tree has now. */
  readonly size: number;
  /** Its root, base64. */
  readonly root: string;
  /** True if the end of the log is reached. */
  readonly caughtUp: boolean;
}

export interface TreeFollower {
  /** Reads about 20,000 events more, or up to the end of the log. @throws LedgerError what reading the log throws. */
  advance(): Promise<TreeGrowth>;
  close(): Promise<void>;
}

/** Opens a follower at the beginning of the log. @param sizes the sizes to note roots at, besides the multiples of 1,000. */
export function followTree(store: EventStore, sizes: readonly number[]): TreeFollower {
  return 'path' in store && typeof store.path === 'string' ? followFile(store.path, sizes) : followStore(store, sizes);
}

/** Collects what one `advance` answers. */
export class TreeStep {
  readonly #scan: TreeScan;
  readonly #sizes: ReadonlySet<number>;
  /** Written by `take`. */
  readonly #roots: (readonly [number, string])[] = [];

  constructor(scan: TreeScan, sizes: ReadonlySet<number>) {
    this.#scan = scan;
    this.#sizes = sizes;
  }

  take(rows: readonly LogRow[]): void {
    const { tree } = this.#scan;
    for (const row of rows) {
      this.#scan.take(row);
      if (tree.size % checkpointEvents === 0 || this.#sizes.has(tree.size)) this.#roots.push([tree.size, tree.root().toString('base64')]);
    }
  }

  answer(caughtUp: boolean): TreeGrowth {
    const { tree } = this.#scan;
    return { roots: this.#roots, size: tree.size, root: tree.root().toString('base64'), caughtUp };
  }
}

/** After so many events a step ends, so that the caller can decide whether to stop. */
export const eventsAtOnce = 20_000;

function followStore(store: EventStore, sizes: readonly number[]): TreeFollower {
  const reader = readerOf(store);
  const scan = new TreeScan();
  const wanted = new Set(sizes);
  let position = logStart;
  return {
    advance: async () => {
      const step = new TreeStep(scan, wanted);
      const before = scan.tree.size;
      for await (const rows of reader.rows({ after: position })) {
        step.take(rows);
        position = rows.at(-1)?.position ?? position;
        if (scan.tree.size - before >= eventsAtOnce) return step.answer(false);
      }
      return step.answer(true);
    },
    close: async () => undefined, // The store belongs to the ledger.
  };
}

export type FromTreeWorker = TreeGrowth | { readonly failed: LedgerError['code']; readonly message: string };

function followFile(path: string, sizes: readonly number[]): TreeFollower {
  const url = new URL(import.meta.url.endsWith('.ts') ? './tree-worker.ts' : './tree-worker.js', import.meta.url);
  const worker = new Worker(url, { workerData: { path, sizes }, resourceLimits: { maxYoungGenerationSizeMb: 8 } });
  worker.unref(); // Between two steps the worker must not keep a process alive that has nothing else to do.
  return {
    advance: () =>
      new Promise((done, failed) => {
        const onMessage = (message: FromTreeWorker): void => {
          settle();
          if ('failed' in message) failed(new LedgerError(message.failed, message.message));
          else done(message);
        };
        const onError = (error: unknown): void => {
          settle();
          failed(error);
        };
        const onExit = (code: number): void =>
          onError(new LedgerError('store_unavailable', `The worker that hashes ${path} ended (exit ${code}). Another one is started`));
        const settle = (): void => {
          worker.unref();
          worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        };
        worker.on('message', onMessage).on('error', onError).on('exit', onExit);
        worker.ref();
        worker.postMessage('advance');
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}
