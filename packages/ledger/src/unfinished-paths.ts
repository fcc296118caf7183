// Files and folders that hold a part of a log until their work ends. Whoever makes one removes it at its end, also after an error.
// A signal ends a process before that, so a command removes them then; a shop's process may have other plans for its signals.
import { rmSync } from 'node:fs';
import { constants } from 'node:os';

/** No SIGHUP: whoever starts a command with `nohup` wants it to go on, and a handler would end it. */
const signals = ['SIGINT', 'SIGTERM'] as const;

class UnfinishedPaths {
  readonly #paths = new Set<string>();
  /** Written by `removeOnSignals`. */
  #removes = false;

  add(path: string): void {
    this.#paths.add(path);
    // Only now: a handler keeps a signal from ending work that leaves the event loop no turn.
    if (this.#removes && this.#paths.size === 1) for (const signal of signals) process.on(signal, end);
  }

  delete(path: string): void {
    this.#paths.delete(path);
    if (this.#paths.size === 0) for (const signal of signals) process.off(signal, end);
  }

  /** From now on a signal removes what is there, and ends the process. For commands alone. */
  removeOnSignals(): void {
    this.#removes = true;
  }

  removeAll(): void {
    for (const path of this.#paths) rmSync(path, { recursive: true, force: true });
  }
}

export const unfinishedPaths: UnfinishedPaths = new UnfinishedPaths();

function end(signal: NodeJS.Signals): void {
  unfinishedPaths.removeAll();
  process.exit(128 + constants.signals[signal]);
}
