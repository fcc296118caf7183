// Clocks, chance and waiting. Everything outside the pure core takes them from here, so that the
// simulation runs the real code.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** Clocks, chance and waiting, injected so that the simulation runs the real code. */
export interface Runtime {
  /** Wall clock. Recorded, never compared across processes. */
  now(): Date;
  /** Milliseconds that never run backwards; for waiting and deadlines. */
  monotonicNowMs(): number;
  /** In [0, 1). */
  random(): number;
  uuid(): string;
  /** Resolves after `ms`; resolves at once (it never rejects) when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemRuntime: Runtime = {
  now: () => new Date(),
  monotonicNowMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};

/** Resolves when all of it has ended, however it ended, or after `ms`. */
export async function settledWithin(runtime: Runtime, ms: number, work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const ended = new AbortController();
  await Promise.race([Promise.allSettled(work), runtime.sleep(ms, ended.signal)]);
  ended.abort();
}
