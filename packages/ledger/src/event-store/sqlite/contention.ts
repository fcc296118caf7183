// Sharing the file with other processes. SQLite's own wait starves writers (measured: 6 commits/s against
// 4,870) and would stop the event loop; so we look again and again, and leave gaps for others to get in.
import type { Runtime } from '../../runtime.ts';
import { isBusy } from './failure.ts';

/** The longest gap: whoever waits looks at least once in it, however slow the disk is. */
const longestGapMs = 2;

/** Until the next look at a file that another process holds. Chance decides who comes first. */
export function busyWaitMs(runtime: Runtime): number {
  return 1 + runtime.random() * (longestGapMs - 1);
}

/**
 * After a commit, where others write too: as long as we held the file. Without a gap the next group begins
 * within microseconds, and on a slow disk the others hardly ever find the file free.
 */
export function gapMs(heldMs: number): number {
  return Math.min(heldMs, longestGapMs);
}

/** Runs `attempt` until the file is free. @throws LedgerError `store_busy`: not free for `timeoutMs`, nothing written. */
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
