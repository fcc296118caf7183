// Bounds how often a warning is logged that anybody can cause: who floods a route must not fill the disk with its log.
import type { Runtime } from './runtime.ts';

const intervalMs = 60_000;

/** Lets one warning a minute through. The next one says how many it stands for. */
export class WarningLimit {
  readonly #runtime: Pick<Runtime, 'monotonicNowMs'>;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #kept = 0;

  constructor(runtime: Pick<Runtime, 'monotonicNowMs'>) {
    this.#runtime = runtime;
  }

  /** Call it for each occurrence. Answers how many to log now, this one included; 0: log nothing yet. */
  due(): number {
    this.#kept += 1;
    const nowMs = this.#runtime.monotonicNowMs();
    if (nowMs - this.#loggedAtMs < intervalMs) return 0;
    const occurrences = this.#kept;
    this.#loggedAtMs = nowMs;
    this.#kept = 0;
    return occurrences;
  }
}
