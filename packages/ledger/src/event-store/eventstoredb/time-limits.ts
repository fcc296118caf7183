// Ends calls that have reached their time limit. One timer serves all calls of a store: a separate timer for each would cost
// a process a sixth of its appends.
import type { Runtime } from '../../runtime.ts';
import { Unanswered } from './failure.ts';

interface Limited {
  readonly timeMs: number;
  readonly progress: () => number;
  readonly giveUp: (reason: Unanswered) => void;
  /** When the call is ended (monotonic). Written by `#endOverdue`. */
  dueMs: number;
  /** The last value of `progress`. Written by `#endOverdue`. */
  seen: number;
}

/** A call is ended at most this part of its time too late. */
const lateness = 1 / 8;
const longestTickMs = 250;
const never = (): number => 0;

export class TimeLimits {
  readonly #runtime: Runtime;
  /** The calls that run. Written by `within` and `#endOverdue`. */
  readonly #limited = new Set<Limited>();
  /** How often the timer fires. Written by `within` and `#watch`. */
  #tickMs = longestTickMs;
  /** True while the timer runs. Written by `#watch`. */
  #watching = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Returns what `work` returns within the time. A later result or error is dropped.
   *
   * @param progress a number that grows with the work. If it has changed, the time starts again.
   * @throws Unanswered the time is over.
   */
  within<T>(timeMs: number, work: Promise<T>, progress: () => number = never): Promise<T> {
    return new Promise((resolve, reject) => {
      const limited: Limited = { timeMs, progress, giveUp: reject, dueMs: this.#runtime.monotonicNowMs() + timeMs, seen: progress() };
      this.#limited.add(limited);
      work.then(
        (result) => {
          this.#limited.delete(limited);
          resolve(result);
        },
        (error: unknown) => {
          this.#limited.delete(limited);
          reject(error);
        },
      );
      this.#tickMs = Math.min(this.#tickMs, Math.max(1, timeMs * lateness));
      if (!this.#watching) void this.#watch();
    });
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    while (this.#limited.size > 0) {
      await this.#runtime.sleep(this.#tickMs);
      this.#endOverdue();
    }
    this.#watching = false;
    this.#tickMs = longestTickMs;
  }

  #endOverdue(): void {
    const nowMs = this.#runtime.monotonicNowMs();
    for (const limited of this.#limited) {
      if (limited.dueMs > nowMs) continue;
      const progress = limited.progress();
      if (progress !== limited.seen) {
        limited.seen = progress;
        limited.dueMs = nowMs + limited.timeMs;
        continue;
      }
      this.#limited.delete(limited);
      limited.giveUp(new Unanswered(`nothing for ${Math.round(limited.timeMs)} ms`));
    }
  }
}
