// Notices commits of other connections while a reader follows the log. SQLite sends no notice, so it checks every 50 ms.
import type { Runtime } from '../../runtime.ts';
import type { LogGrowth } from '../log-pages.ts';
import type { LogFile } from './log-file.ts';

const lookMs = 50;

export class ForeignCommits {
  readonly #file: LogFile;
  readonly #runtime: Runtime;
  readonly #growth: LogGrowth;
  readonly #closing: AbortSignal;
  /** How many readers follow the log. Written by `enter`, and by the function that it returns. */
  #followers = 0;
  /** Aborted when the last follower has left. Replaced by `enter`. */
  #nobodyLeft = new AbortController();

  constructor(file: LogFile, runtime: Runtime, growth: LogGrowth, closing: AbortSignal) {
    this.#file = file;
    this.#runtime = runtime;
    this.#growth = growth;
    this.#closing = closing;
  }

  /** Adds a follower. Call it before the follower's first read. Returns the function that removes the follower. */
  enter(): () => void {
    if (this.#followers++ === 0) {
      this.#nobodyLeft = new AbortController();
      void this.#look(AbortSignal.any([this.#nobodyLeft.signal, this.#closing]));
    }
    return () => {
      if (--this.#followers === 0) this.#nobodyLeft.abort();
    };
  }

  async #look(end: AbortSignal): Promise<void> {
    let seen = this.#version();
    while (!end.aborted) {
      await this.#runtime.sleep(lookMs, end);
      if (end.aborted) return;
      const version = this.#version();
      if (version === undefined || version !== seen) this.#growth.announce();
      seen = version;
    }
  }

  /** Returns the version. Undefined: it cannot be read; then the followers read the log, and get the error. */
  #version(): number | undefined {
    try {
      return this.#file.dataVersion();
    } catch {
      return undefined;
    }
  }
}
