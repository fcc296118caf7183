// Ends attempts that have reached their time limit. One timer serves all attempts of a store: a timer for each is a cost that
// an append next door to the server would feel.
import type { Runtime } from '../../runtime.ts';

interface Limited {
  readonly dueMs: number;
  readonly giveUp: () => void;
}

const longestTickMs = 250;

export class TimeLimits {
  readonly #runtime: Runtime;
  /** The attempts that run. Written by `start`, the function that it returns, and `#watch`. */
  readonly #limited = new Set<Limited>();
  /** How often the timer fires. Written by `start` and `#watch`. */
  #tickMs = longestTickMs;
  /** True while the timer runs. Written by `#watch`. */
  #watching = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Calls `giveUp` after the time, or an eighth of it later. Returns the function that ends the limit. */
  start(timeMs: number, giveUp: () => void): () => void {
    const limited: Limited = { dueMs: this.#runtime.monotonicNowMs() + timeMs, giveUp };
    this.#limited.add(limited);
    this.#tickMs = Math.min(this.#tickMs, Math.max(1, timeMs / 8));
    if (!this.#watching) void this.#watch();
    return () => this.#limited.delete(limited);
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    while (this.#limited.size > 0) {
      await this.#runtime.sleep(this.#tickMs);
      const nowMs = this.#runtime.monotonicNowMs();
      for (const limited of this.#limited) {
        if (limited.dueMs > nowMs) continue;
        this.#limited.delete(limited);
        limited.giveUp();
      }
    }
    this.#watching = false;
    this.#tickMs = longestTickMs;
  }
}
