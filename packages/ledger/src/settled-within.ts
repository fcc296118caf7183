// Waiting with a bound: neither a store nor a hook that hangs may hang who waits for it.
import type { Runtime } from './runtime.ts';

/** Resolves when all of it has ended, however it ended, or after `ms`. */
export async function settledWithin(runtime: Runtime, ms: number, work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const ended = new AbortController();
  await Promise.race([Promise.allSettled(work), runtime.sleep(ms, ended.signal)]);
  ended.abort();
}
