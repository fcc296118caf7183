// Payment intents, and objects of subscriptions, of other apps in a shared account, as Stripe reported a while ago. Lists overlap, a
// refund has several webhooks, and each of them would read its intent again. It only saves reads: the ledger's links are checked first.
import type { Runtime } from '@paidonce/ledger';

/** How long an entry counts: metadata may be set later. */
const ttlMs = 6 * 3_600_000;
/** Most entries; then the oldest is dropped. */
const maxEntries = 10_000;

export class NotOursCache {
  readonly #runtime: Runtime;
  readonly #addedAtMs = new Map<string, number>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  has(id: string): boolean {
    const addedAtMs = this.#addedAtMs.get(id);
    return addedAtMs !== undefined && this.#runtime.monotonicNowMs() - addedAtMs < ttlMs;
  }

  add(id: string): void {
    this.#addedAtMs.delete(id);
    this.#addedAtMs.set(id, this.#runtime.monotonicNowMs());
    const [oldest] = this.#addedAtMs.keys();
    if (this.#addedAtMs.size > maxEntries && oldest !== undefined) this.#addedAtMs.delete(oldest);
  }
}
