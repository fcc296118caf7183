// Clocks, chance and waiting. All code outside the pure core takes them from here, so that the simulation runs the
// real code.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** Clocks, chance and waiting, injected so that the simulation runs the real code. */
export interface Runtime {
  /** Wall clock. Recorded, never compared across processes. */
  now(): Date;
  /** Monotonic clock in milliseconds, for waiting and deadlines. */
  monotonicNowMs(): number;
  /** A random number in [0, 1). */
  random(): number;
  /** A random UUID in lower case. */
  uuid(): string;
  /** Resolves after `ms`; resolves at once (it never rejects) when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clocks, chance and timers of this machine. */
export const systemRuntime: Runtime = {
  now: () => new Date(),
  monotonicNowMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};

/** Resolves when all of the work has ended, however it ended, or after `ms`. Never rejects. */
export async function settledWithin(runtime: Runtime, ms: number, work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const ended = new AbortController();
  await Promise.race([Promise.allSettled(work), runtime.sleep(ms, ended.signal)]);
  ended.abort();
}
