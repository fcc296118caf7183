// The queue in front of the log file, with group commit: appends that arrive in one turn of the event loop share one
// transaction and one sync of the disk. Each is answered after the COMMIT.

import { LedgerError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { nextTurn } from '../../runtime.ts';
import type { AppendResult } from '../event-store.ts';
import type { CheckedAppend } from '../stored-text.ts';
import { busyWaitMs, gapMs } from './contention.ts';
import { isBusy, isCorrupt } from './failure.ts';
import type { LogFile } from './log-file.ts';

/** Larger groups are not faster, and block the event loop for longer. */
const groupAppends = 512;
const groupBytes = 1024 * 1024;
/** If more appends wait, the disk is too slow, and their callers would give up before their turn. */
const queuedAppends = 10_000;
const queuedBytes = 16 * 1024 * 1024;

export interface WriterOptions {
  readonly file: LogFile;
  readonly runtime: Runtime;
  /** How long an append waits for other processes, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Called after each commit. */
  readonly onCommit: () => void;
}

/** A set of appends, in one commit whole or not at all. */
interface Waiting {
  readonly appends: readonly CheckedAppend[];
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: (results: readonly AppendResult[]) => void;
  readonly reject: (error: unknown) => void;
}

export class Writer {
  readonly #options: WriterOptions;
  /** The sets that wait, in order of arrival. Written by `append` and `#leave`. */
  #queue: Waiting[] = [];
  /** How many bytes wait. Written by `append` and `#leave`. */
  #bytes = 0;
  /** How many of the first sets are committed singly, because their group failed. Written by `#commitGroup` and `#leave`. */
  #alone = 0;
  /** When the first append of this turn of the event loop arrived. Written by `append` and `#run`. */
  #turnMs: number | undefined;
  /** The loop that commits. Undefined: nothing waits. Written by `append` and `#run`. */
  #running: Promise<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /**
   * Queues appends that are made together: usually one. Resolves after their commit, with a result for each.
   * @throws LedgerError `store_busy`: the queue is full, or other processes held the file. Also what `LogFile.commit` throws.
   */
  append(appends: readonly CheckedAppend[]): Promise<readonly AppendResult[]> {
    const bytes = appends.reduce((sum, append) => sum + append.bytes, 0);
    if (this.#queue.length >= queuedAppends || this.#bytes + bytes > queuedBytes) return Promise.reject(this.#full());
    // One deadline for all of a turn: a group that came at once is refused whole, and no later part of it is written.
    this.#turnMs ??= this.#options.runtime.monotonicNowMs();
    const deadline = this.#turnMs + this.#options.busyTimeoutMs;
    return new Promise((resolve, reject) => {
      this.#queue.push({ appends, bytes, deadline, resolve, reject });
      this.#bytes += bytes;
      this.#running ??= this.#run();
    });
  }

  /** Resolves once all appends in the queue are answered. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // All callers of this turn of the event loop are in the queue when the next turn begins.
      await nextTurn();
      this.#turnMs = undefined;
      const waitMs = this.#commitGroup();
      if (waitMs > 0) await this.#options.runtime.sleep(waitMs);
    }
    this.#running = undefined;
  }

  /** Commits one group. Returns for how many milliseconds to leave the file to other processes. */
  #commitGroup(): number {
    const { file, runtime, onCommit } = this.#options;
    const group = this.#nextGroup();
    const now = runtime.monotonicNowMs();
    try {
      const { results, othersWrote } = file.commit(group.map(({ appends }) => appends));
      file.look(); // Before anything is acknowledged: it may be stored in a file that is no longer the log.
      this.#leave(group.length);
      for (const [index, { resolve }] of group.entries()) resolve(results[index] ?? []);
      onCommit();
      return othersWrote ? gapMs(runtime.monotonicNowMs() - now) : 0;
    } catch (error) {
      // One damaged stream must not fail the other appends: a caller does not repeat an append that was `corrupt`.
      if (isCorrupt(error) && group.length > 1) {
        this.#alone = group.length;
        return 0;
      }
      const busy = isBusy(error);
      for (const { reject } of this.#leave(busy ? this.#overdue(now) : group.length)) reject(error);
      return busy ? busyWaitMs(runtime) : 0;
    }
  }

  /** Returns the first sets of the queue, up to the limits, but at least one, however large it is. */
  #nextGroup(): readonly Waiting[] {
    if (this.#alone > 0) return this.#queue.slice(0, 1);
    let bytes = 0;
    let count = 0;
    for (const each of this.#queue) {
      bytes += each.bytes;
      if (count === groupAppends || (count > 0 && bytes > groupBytes)) break;
      count += 1;
    }
    return this.#queue.slice(0, count);
  }

  /** Returns how many appends are past their deadline. They are the first of the queue, because deadlines follow arrival. */
  #overdue(now: number): number {
    const inTime = this.#queue.findIndex(({ deadline }) => deadline > now);
    return inTime === -1 ? this.#queue.length : inTime;
  }

  /** Removes the first appends from the queue, and returns them. */
  #leave(count: number): readonly Waiting[] {
    const left = this.#queue.splice(0, count);
    this.#alone = Math.max(0, this.#alone - count);
    for (const { bytes } of left) this.#bytes -= bytes;
    return left;
  }

  #full(): LedgerError {
    return new LedgerError(
      'store_busy',
      `${this.#options.file.path}: ${this.#queue.length} appends (${this.#bytes} bytes) are waiting for the disk. Nothing was written; try again later.`,
    );
  }
}
