// Shares the file with other processes. SQLite's own waiting lets writers starve (measured: 6 commits/s against 4,870) and
// would stop the event loop. So we try again and again, and leave pauses in which others can write.
import type { Runtime } from '../../runtime.ts';
import { isBusy } from './failure.ts';

/** The longest pause after a commit. A process that waits tries at least once in this time, however slow the disk is. */
const longestGapMs = 2;

/** Returns how long to wait before the next attempt: a random time, so that no process is always the last. */
export function busyWaitMs(runtime: Runtime): number {
  return 1 + runtime.random() * (longestGapMs - 1);
}

/**
 * Returns how long to pause after a commit if others write too: as long as we held the file, at most 2 ms. Without a pause
 * the next group begins within microseconds, and on a slow disk the others hardly ever find the file free.
 */
export function gapMs(heldMs: number): number {
  return Math.min(heldMs, longestGapMs);
}

/** Repeats `attempt` until the file is free. @throws LedgerError `store_busy`: not free for `timeoutMs`; nothing was written. */
export async function whenFree<T>(runtime: Runtime, timeoutMs: number, attempt: () => T): Promise<T> {
  const deadline = runtime.monotonicNowMs() + timeoutMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || runtime.monotonicNowMs() >= deadline) throw error;
      await runtime.sleep(busyWaitMs(runtime));
    }
  }
}
