// The queue in front of the log file, with group commit: appends that arrive in one turn of the event loop
// share one transaction and one sync of the disk. Each is answered after the COMMIT.

import { LedgerError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { nextTurn } from '../../runtime.ts';
import type { AppendResult } from '../event-store.ts';
import type { CheckedAppend } from '../stored-text.ts';
import { busyWaitMs, gapMs } from './contention.ts';
import { isBusy, isCorrupt } from './failure.ts';
import type { LogFile } from './log-file.ts';

/** Larger groups gain nothing and stop the event loop for longer. */
const groupAppends = 512;
const groupBytes = 1024 * 1024;
/** Beyond this the disk does not keep up, and who waits would give up before his turn. */
const queuedAppends = 10_000;
const queuedBytes = 16 * 1024 * 1024;

export interface WriterOptions {
  readonly file: LogFile;
  readonly runtime: Runtime;
  /** How long an append waits for other processes. */
  readonly busyTimeoutMs: number;
  /** Called after each commit. */
  readonly onCommit: () => void;
}

interface Waiting {
  readonly append: CheckedAppend;
  readonly deadline: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export class Writer {
  readonly #options: WriterOptions;
  #queue: Waiting[] = [];
  #bytes = 0;
  /** So many of the first are committed one by one: one of them met a fault of the file. */
  #alone = 0;
  #running: Promise<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** @throws LedgerError `store_busy`: the queue is full, or other processes held the file; and what `LogFile.commit` throws. */
  append(append: CheckedAppend): Promise<AppendResult> {
    if (this.#queue.length >= queuedAppends || this.#bytes + append.bytes > queuedBytes) return Promise.reject(this.#full());
    const deadline = this.#options.runtime.monotonicNowMs() + this.#options.busyTimeoutMs;
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, deadline, resolve, reject });
      this.#bytes += append.bytes;
      this.#running ??= this.#run();
    });
  }

  /** Resolves once everything queued before was answered. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // Everyone who wants to append in this turn has queued when the next begins; a lone caller waits no longer than that.
      await nextTurn();
      const waitMs = this.#commitGroup();
      if (waitMs > 0) await this.#options.runtime.sleep(waitMs);
    }
    this.#running = undefined;
  }

  /** One transaction. Answers how long to leave the file to others. */
  #commitGroup(): number {
    const { file, runtime, onCommit } = this.#options;
    const group = this.#nextGroup();
    const now = runtime.monotonicNowMs();
    try {
      const { results, othersWrote } = file.commit(group.map(({ append }) => append));
      this.#leave(group.length);
      for (const [index, result] of results.entries()) group[index]?.resolve(result);
      onCommit();
      return othersWrote ? gapMs(runtime.monotonicNowMs() - now) : 0;
    } catch (error) {
      // A damaged stream is no matter of the others: who is told `corrupt` does not try again.
      if (isCorrupt(error) && group.length > 1) {
        this.#alone = group.length;
        return 0;
      }
      const busy = isBusy(error);
      for (const { reject } of this.#leave(busy ? this.#overdue(now) : group.length)) reject(error);
      return busy ? busyWaitMs(runtime) : 0;
    }
  }

  /** The first of the queue, up to the bounds; one at least, however large. */
  #nextGroup(): readonly Waiting[] {
    if (this.#alone > 0) return this.#queue.slice(0, 1);
    let bytes = 0;
    let count = 0;
    for (const { append } of this.#queue) {
      bytes += append.bytes;
      if (count === groupAppends || (count > 0 && bytes > groupBytes)) break;
      count += 1;
    }
    return this.#queue.slice(0, count);
  }

  /** Deadlines lie in order of arrival, so the overdue are the first of the queue. */
  #overdue(now: number): number {
    const inTime = this.#queue.findIndex(({ deadline }) => deadline > now);
    return inTime === -1 ? this.#queue.length : inTime;
  }

  #leave(count: number): readonly Waiting[] {
    const left = this.#queue.splice(0, count);
    this.#alone = Math.max(0, this.#alone - count);
    for (const { append } of left) this.#bytes -= append.bytes;
    return left;
  }

  #full(): LedgerError {
    return new LedgerError(
      'store_busy',
      `${this.#options.file.path}: ${this.#queue.length} appends (${this.#bytes} bytes) are waiting for the disk. Nothing was written; try again later.`,
    );
  }
}
