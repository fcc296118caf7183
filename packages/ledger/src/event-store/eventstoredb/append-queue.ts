// The queue in front of the server: so many appends under way at once, the rest waits here, within bounds. A gRPC
// channel carries about 100 calls at a time; without a limit appends would keep reads and subscriptions out.
import { LedgerError } from '../../errors.ts';

/** Beyond this the server does not keep up, and who waits would give up before his turn. */
const queuedAppends = 10_000;
const queuedBytes = 16 * 1024 * 1024;

export class AppendQueue {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #bytes = 0;
  #idle: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws LedgerError `store_busy`: the queue is full, nothing was sent; and what `work` throws. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#underWay === this.#limit) await this.#turn(bytes);
    else this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Resolves once everything that came before was answered. */
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

  /** The turn goes to the next one; `underWay` stays as it is. */
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
