// Whether a round is due. It is due by the times in the log, and by our own monotonic clock, so that no wall clock can put it
// off for ever; and a round that still seems to run is left alone.
import type { Runtime } from '@paidonce/ledger';
import type { SweepProgress } from '@paidonce/ledger/adapter';

/** A round that this process found running, and since when, by our monotonic clock. */
interface SeenRound {
  readonly round: number;
  readonly atMs: number;
}

export interface Waiting {
  /** Milliseconds between rounds. */
  readonly wait: number;
  /** How often passes come. */
  readonly intervalMs: number;
  /** Our own failures in a row. */
  readonly failures: number;
  /** By Stripe's clock, where this process has heard it. */
  readonly now: Date;
  /** Where reading began if no round has finished yet. ISO 8601 UTC. */
  readonly firstPlacedAt: string;
}

export class DueRounds {
  readonly #runtime: Runtime;
  readonly #seen = new Map<string, SeenRound>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** True if no process has finished a round within `wait`, and no round that began still seems to run. */
  isDue(name: string, progress: SweepProgress, { wait, intervalMs, failures, now, firstPlacedAt }: Waiting): boolean {
    const nowMs = this.#runtime.monotonicNowMs();
    const seen = this.#seen.get(name);
    if (seen?.round !== progress.round) this.#seen.set(name, { round: progress.round, atMs: nowMs });
    if (progress.finished && progress.upTo === undefined) return true;
    const sinceMs = now.getTime() - Date.parse(progress.upTo ?? firstPlacedAt);
    if (progress.finished) return sinceMs >= wait || (seen?.round === progress.round && nowMs - seen.atMs >= wait);
    // A cron job is a new process each time and observes no round for long: it goes by when a round was due.
    if (seen === undefined) return sinceMs >= wait + intervalMs;
    // By our own clock: a round that began an interval ago and has not ended belongs to a process that died. If the failing
    // rounds are ours, each wait is twice as long as the one before, and at most `wait`.
    const patience = Math.min(wait, intervalMs * 2 ** failures);
    return seen.round === progress.round && nowMs - seen.atMs >= patience;
  }
}
