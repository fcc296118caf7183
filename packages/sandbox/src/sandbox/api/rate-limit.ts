// Stripe's rate limit, by the sandbox's clock: a number of calls in each second, then 429 until the next second.
import type { SandboxClock } from '../clock.ts';

export class RateLimit {
  readonly #perSecond: number;
  readonly #clock: SandboxClock;
  #second = -1;
  #calls = 0;

  constructor(perSecond: number, clock: SandboxClock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Seconds to wait; undefined: the call may go on. A refused call counts too. */
  take(): number | undefined {
    const second = this.#clock.nowSeconds();
    this.#calls = second === this.#second ? this.#calls + 1 : 1;
    this.#second = second;
    return this.#calls > this.#perSecond ? 1 : undefined;
  }
}
