// The sandbox's own time: the machine's clock, plus what a test has advanced it by. It never runs backwards.
import type { Runtime } from '../runtime.ts';

export class SandboxClock {
  readonly #runtime: Runtime;
  #offsetMs = 0;
  #latestMs = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** After a restart: sets how far it was ahead before, so that time does not go back. */
  startAt(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  /** Milliseconds by which this clock is ahead of the machine's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  nowMs(): number {
    this.#latestMs = Math.max(this.#latestMs, this.#runtime.now().getTime() + this.#offsetMs);
    return this.#latestMs;
  }

  /** Unix seconds, as in Stripe's `created`. */
  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1_000);
  }

  /** For the `Date` header, which tells a reader how old an answer is. */
  httpDate(): string {
    return new Date(this.nowMs()).toUTCString();
  }

  advanceTo(ms: number): void {
    this.#offsetMs += Math.max(0, ms - this.nowMs());
  }
}
