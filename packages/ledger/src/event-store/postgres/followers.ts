// Notices what other processes appended while a reader follows the log: it looks every 50 ms. A look is one small read; a
// notification of PostgreSQL needs a connection of its own, passes no pooler, and takes a lock of the whole cluster.
import type { Runtime } from '../../runtime.ts';
import type { LogGrowth } from '../log-pages.ts';
import { Pauses } from './retry.ts';

export interface FollowersOptions {
  /** Reads the last position of the log, once. */
  readonly head: () => Promise<number>;
  readonly runtime: Runtime;
  readonly growth: LogGrowth;
  readonly closing: AbortSignal;
  readonly lookMs: number;
}

export class Followers {
  readonly #options: FollowersOptions;
  /** How many readers follow the log. Written by `enter`, and by the function that it returns. */
  #count = 0;
  /** Aborted when the last follower has left. Replaced by `enter`. */
  #nobodyLeft = new AbortController();

  constructor(options: FollowersOptions) {
    this.#options = options;
  }

  /** Adds a follower. Call it before the follower's first read. Returns the function that removes the follower. */
  enter(): () => void {
    if (this.#count++ === 0) {
      this.#nobodyLeft = new AbortController();
      void this.#look(AbortSignal.any([this.#nobodyLeft.signal, this.#options.closing]));
    }
    return () => {
      if (--this.#count === 0) this.#nobodyLeft.abort();
    };
  }

  /** Where a look fails, the followers read the log, and get the error. */
  async #look(end: AbortSignal): Promise<void> {
    const { head, runtime, growth, lookMs } = this.#options;
    let seen = -1;
    let pauses = new Pauses(runtime);
    while (!end.aborted) {
      let waitMs = lookMs;
      let now = -1;
      try {
        now = await head();
        pauses = new Pauses(runtime);
      } catch {
        waitMs = Math.max(lookMs, pauses.next());
      }
      if (now !== seen || now === -1) growth.announce();
      seen = now;
      await runtime.sleep(waitMs, end);
    }
  }
}
