// The queue in front of the server: a limited number of appends run at once, and a limited number wait here. A gRPC channel
// carries about 100 calls at a time: without a limit, appends would leave no room for reads and subscriptions.
import { LedgerError } from '../../errors.ts';
import type { RetryPolicy } from './retry.ts';

/** If more appends wait, the server is too slow, and their callers would give up before their turn. */
const queuedAppends = 10_000;
const queuedBytes = 16 * 1024 * 1024;

export class AppendQueue {
  readonly #limit: number;
  readonly #policy: Pick<RetryPolicy, 'limits' | 'timeoutMs'>;
  /** Each starts an append that waits, in the order of arrival. Written by `#turn` and `#leave`. */
  readonly #waiting: (() => void)[] = [];
  /** How many appends run. Written by `run` and `#leave`. */
  #underWay = 0;
  /** How many bytes wait. Written by `#turn`. */
  #bytes = 0;
  /** Called when the last append has ended. Written by `drained`. */
  #idle: (() => void) | undefined;

  /** @param policy no append waits longer than a call may take. */
  constructor(limit: number, policy: Pick<RetryPolicy, 'limits' | 'timeoutMs'>) {
    this.#limit = limit;
    this.#policy = policy;
  }

  /**
   * Runs `work` in its turn.
   * @throws LedgerError `store_busy`: the queue is full, or its turn did not come in time; nothing was sent. Also what `work` throws.
   */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#underWay === this.#limit) await this.#turn(bytes);
    else this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Resolves once all earlier appends have ended. */
  drained(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  async #turn(bytes: number): Promise<void> {
    if (this.#waiting.length >= queuedAppends || this.#bytes + bytes > queuedBytes) {
      throw new LedgerError(
        'store_busy',
        `${this.#waiting.length} appends (${this.#bytes} bytes) are waiting for the event store. Nothing was written; try again later`,
      );
    }
    const { limits, timeoutMs } = this.#policy;
    const { promise: turn, resolve: start } = Promise.withResolvers<void>();
    this.#bytes += bytes;
    this.#waiting.push(start);
    try {
      await limits.within(timeoutMs, turn);
    } catch (cause) {
      const place = this.#waiting.indexOf(start);
      if (place === -1) return; // Its turn came in the same moment, and must be used.
      this.#waiting.splice(place, 1);
      throw new LedgerError(
        'store_busy',
        `The append waited ${timeoutMs / 1_000} s for its turn: the event store does not answer, or is too slow. Nothing was sent; try again later`,
        { cause },
      );
    } finally {
      this.#bytes -= bytes;
    }
  }

  /** Starts the next append in place of this one. If none waits, one append fewer runs. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) {
      next();
      return;
    }
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#idle?.();
  }
}
