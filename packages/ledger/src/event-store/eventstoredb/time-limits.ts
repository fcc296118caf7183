// Ends what has had its time. One timer looks after all calls of a store: a timer and its cancellation for each would
// cost a sixth of the appends that a process can make.
import type { Runtime } from '../../runtime.ts';
import { Unanswered } from './failure.ts';

interface Limited {
  readonly timeMs: number;
  readonly progress: () => number;
  readonly giveUp: (reason: Unanswered) => void;
  dueMs: number;
  lastProgress: number;
}

/** Calls are ended late by so much of their time, at most. */
const lateness = 1 / 8;
const longestTickMs = 250;
const never = (): number => 0;

export class TimeLimits {
  readonly #runtime: Runtime;
  readonly #limited = new Set<Limited>();
  #tickMs = longestTickMs;
  #watching = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * What `work` gives, in time. What comes later is dropped, an error too.
   *
   * @param progress where it has grown meanwhile, the time counts anew.
   * @throws Unanswered
   */
  within<T>(timeMs: number, work: Promise<T>, progress: () => number = never): Promise<T> {
    return new Promise((resolve, reject) => {
      const limited: Limited = {
        timeMs,
        progress,
        giveUp: reject,
        dueMs: this.#runtime.monotonicNowMs() + timeMs,
        lastProgress: progress(),
      };
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
      if (progress !== limited.lastProgress) {
        limited.lastProgress = progress;
        limited.dueMs = nowMs + limited.timeMs;
        continue;
      }
      this.#limited.delete(limited);
      limited.giveUp(new Unanswered(`nothing for ${Math.round(limited.timeMs)} ms`));
    }
  }
}
