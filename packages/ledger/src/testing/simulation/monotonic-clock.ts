// The monotonic clock of one life of a process. It stops while the machine is suspended.
import type { Party, Scheduler } from './scheduler.ts';

export class MonotonicClock {
  readonly #scheduler: Scheduler;
  readonly #party: Party;
  /** What it shows at virtual time 0. Written by `goOn`: it loses the time for which it stood still. */
  #originMs: number;
  /** Since when it stands still, in virtual time, and whether the timers of the process stand still too. Written by `stop` and `goOn`. */
  #stopped: { readonly atMs: number; readonly delays: boolean } | undefined;

  constructor(scheduler: Scheduler, party: Party, originMs: number) {
    this.#scheduler = scheduler;
    this.#party = party;
    this.#originMs = originMs;
  }

  get nowMs(): number {
    return this.#originMs + (this.#stopped?.atMs ?? this.#scheduler.nowMs);
  }

  /** Stops the process and its clock. */
  stop(delays: boolean): void {
    this.#stopped = { atMs: this.#scheduler.nowMs, delays };
    this.#party.paused = true;
  }

  /** Lets the process go on, if its clock was stopped. */
  goOn(): void {
    if (!this.#stopped) return;
    const { atMs, delays } = this.#stopped;
    const sleptMs = this.#scheduler.nowMs - atMs;
    this.#stopped = undefined;
    this.#originMs -= sleptMs;
    this.#party.paused = false;
    if (delays) this.#scheduler.delayTimersOf(this.#party, sleptMs);
  }
}
