// Payment intents of other apps in a shared account, as Stripe told us a while ago: lists overlap, and each look at a
// refund that is not ours would cost a read of its intent again. Only saves reads; what the ledger has linked is asked first.
import type { Runtime } from '@paidonce/ledger';

/** Metadata may be set later. */
const believedMs = 6 * 3_600_000;
const remembered = 10_000;

export class NotOursCache {
  readonly #runtime: Runtime;
  readonly #toldAtMs = new Map<string, number>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  has(intentId: string): boolean {
    const toldAtMs = this.#toldAtMs.get(intentId);
    return toldAtMs !== undefined && this.#runtime.monotonicNowMs() - toldAtMs < believedMs;
  }

  add(intentId: string): void {
    this.#toldAtMs.delete(intentId);
    this.#toldAtMs.set(intentId, this.#runtime.monotonicNowMs());
    const [oldest] = this.#toldAtMs.keys();
    if (this.#toldAtMs.size > remembered && oldest !== undefined) this.#toldAtMs.delete(oldest);
  }
}
