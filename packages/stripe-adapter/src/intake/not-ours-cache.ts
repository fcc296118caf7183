// Payment intents of other apps in a shared account, as Stripe reported a while ago. Lists overlap, and each check of a
// refund that is not ours would read its intent again. It only saves reads: the ledger's links are checked first.
import type { Runtime } from '@paidonce/ledger';

/** How long an entry counts: metadata may be set later. */
const believedMs = 6 * 3_600_000;
/** Most entries; then the oldest is dropped. */
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
