// The sandbox's own time: the machine's clock plus what a test has advanced it by. It never runs backwards.
import type { Runtime } from '../runtime.ts';

export class SandboxClock {
  readonly #runtime: Runtime;
  #offsetMs = 0;
  #latestMs = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** After a restart: ahead as it was before, so that time has not gone back. */
  startAt(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  /** How far this clock is ahead of the machine's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  nowMs(): number {
    this.#latestMs = Math.max(this.#latestMs, this.#runtime.now().getTime() + this.#offsetMs);
    return this.#latestMs;
  }

  /** Stripe's `created`: whole seconds. */
  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1_000);
  }

  /** For the `Date` header, by which a reader tells how old an answer is. */
  httpDate(): string {
    return new Date(this.nowMs()).toUTCString();
  }

  advanceTo(ms: number): void {
    this.#offsetMs += Math.max(0, ms - this.nowMs());
  }
}
