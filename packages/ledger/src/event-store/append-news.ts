// Who waits for a stream to change hears of what this process appends to it, and need not ask again and again.

/** Streams that somebody waits for. */
export class AppendNews {
  readonly #waiting = new Map<string, Set<() => void>>();

  appended(stream: string): void {
    for (const wake of [...(this.#waiting.get(stream) ?? [])]) wake();
  }

  /** Resolves at the next append to the stream, and at the latest when the signal aborts. */
  next(stream: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const woken = this.#waiting.get(stream) ?? new Set();
      this.#waiting.set(stream, woken);
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        woken.delete(wake);
        if (woken.size === 0) this.#waiting.delete(stream);
        resolve();
      };
      woken.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
