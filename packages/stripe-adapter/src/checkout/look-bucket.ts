// One bucket for the looks of all success pages: anybody can open checkouts and ask for their status, and reads of Stripe are
// rationed. It holds half of the part of the allowance that is for looks, and the other half flows in over 30 days. Each
// process has its own.
import type { Runtime } from '@paidonce/ledger';
import { allowanceDays, looksPart } from '../stripe/read-allowance.ts';

const monthMs = allowanceDays * 24 * 3_600_000;

export class LookBucket {
  readonly #runtime: Pick<Runtime, 'monotonicNowMs'>;
  #taken = 0;
  #atMs: number;

  constructor(runtime: Pick<Runtime, 'monotonicNowMs'>) {
    this.#runtime = runtime;
    this.#atMs = runtime.monotonicNowMs();
  }

  /** Takes one look out. False: it is empty. @param allowance all reads of 30 days, of which looks have their part. */
  take(allowance: number): boolean {
    const nowMs = this.#runtime.monotonicNowMs();
    const holds = (allowance * looksPart) / 2;
    this.#taken = Math.max(0, this.#taken - (holds * (nowMs - this.#atMs)) / monthMs);
    this.#atMs = nowMs;
    if (this.#taken + 1 > holds) return false;
    this.#taken += 1;
    return true;
  }
}
