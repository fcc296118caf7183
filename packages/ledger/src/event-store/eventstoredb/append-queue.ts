// The queue in front of the server: a limited number of appends run at once, and a limited number wait here. A gRPC channel
// carries about 100 calls at a time: without a limit, appends would leave no room for reads and subscriptions.
import { LedgerError } from '../../errors.ts';

/** If more appends wait, the server is too slow, and their callers would give up before their turn. */
const queuedAppends = 10_000;
const queuedBytes = 16 * 1024 * 1024;

export class AppendQueue {
  readonly #limit: number;
  /** Each starts an append that waits. Written by `#turn` and `#leave`. */
  readonly #waiting: (() => void)[] = [];
  /** How many appends run. Written by `run` and `#leave`. */
  #underWay = 0;
  /** How many bytes wait. Written by `#turn`. */
  #bytes = 0;
  /** Called when the last append has ended. Written by `drained`. */
  #idle: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` in its turn. @throws LedgerError `store_busy`: the queue is full, nothing was sent. Also what `work` throws. */
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
    this.#bytes += bytes;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#bytes -= bytes;
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
