// How background work calls Stripe: at most five requests a second, and again after the delay in `Retry-After` where a
// retry can help.
import type { Runtime } from '@paidonce/ledger';
import { withRetries } from './stripe-failure.ts';

const betweenCallsMs = 200;
const retries = 3;

export class BackgroundReads {
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  #count = 0;
  #nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(runtime: Runtime, signal: AbortSignal) {
    this.#runtime = runtime;
    this.#signal = signal;
  }

  /** Requests sent so far: each retry is one. */
  get count(): number {
    return this.#count;
  }

  /** For the option `around` of `StripeCalls`. @throws what the last try threw. */
  readonly around = <T>(_what: string, call: () => Promise<T>): Promise<T> =>
    withRetries(
      retries,
      this.#runtime,
      async () => {
        await this.#pace();
        this.#count += 1;
        return call();
      },
      this.#signal,
    );

  async #pace(): Promise<void> {
    const now = this.#runtime.monotonicNowMs();
    const at = Math.max(now, this.#nextAtMs);
    this.#nextAtMs = at + betweenCallsMs;
    if (at > now) await this.#runtime.sleep(at - now, this.#signal);
  }
}
