// Notices the commits of other connections while somebody follows the log: SQLite tells nobody, so it looks.
import type { Runtime } from '../../runtime.ts';
import type { LogGrowth } from '../log-pages.ts';
import type { LogFile } from './log-file.ts';

const pollMs = 50;

export class ForeignCommits {
  readonly #file: LogFile;
  readonly #runtime: Runtime;
  readonly #growth: LogGrowth;
  readonly #closing: AbortSignal;
  #followers = 0;
  #nobodyLeft = new AbortController();

  constructor(file: LogFile, runtime: Runtime, growth: LogGrowth, closing: AbortSignal) {
    this.#file = file;
    this.#runtime = runtime;
    this.#growth = growth;
    this.#closing = closing;
  }

  /** Call it before the follower's first read. Answers how to leave. */
  enter(): () => void {
    if (this.#followers++ === 0) {
      this.#nobodyLeft = new AbortController();
      void this.#poll(AbortSignal.any([this.#nobodyLeft.signal, this.#closing]));
    }
    return () => {
      if (--this.#followers === 0) this.#nobodyLeft.abort();
    };
  }

  async #poll(end: AbortSignal): Promise<void> {
    let lastVersion = this.#version();
    while (!end.aborted) {
      await this.#runtime.sleep(pollMs, end);
      if (end.aborted) return;
      const version = this.#version();
      if (version === undefined || version !== lastVersion) this.#growth.announce();
      lastVersion = version;
    }
  }

  /** Undefined where the file cannot be asked: the followers look themselves, and meet the failure. */
  #version(): number | undefined {
    try {
      return this.#file.dataVersion();
    } catch {
      return undefined;
    }
  }
}
