// Decides how long a reader of the log may fail in a row: until the time limit has passed without a page.
import { LedgerError } from '../../errors.ts';
import type { Position } from '../event-store.ts';
import { meaningOf } from './failure.ts';
import type { RetryPolicy } from './retry.ts';

const firstPauseMs = 20;
const longestPauseMs = 1_000;

export class Reconnect {
  readonly #retryPolicy: RetryPolicy;
  /** When the present row of failures began (monotonic). Written by `progressed` and `pauseAfter`. */
  #failingSinceMs: number | undefined;
  /** The next pause. Written by `progressed` and `pauseAfter`. */
  #pauseMs = firstPauseMs;

  constructor(retryPolicy: RetryPolicy) {
    this.#retryPolicy = retryPolicy;
  }

  /** Notes that a page has arrived: the next failure begins a new row. */
  progressed(): void {
    this.#failingSinceMs = undefined;
    this.#pauseMs = firstPauseMs;
  }

  /**
   * Waits before the next attempt, or gives up.
   * @throws LedgerError `store_unavailable`: the time is over. `invalid_input`: the log has no such position. Also what the
   *   server refuses.
   */
  async pauseAfter(error: unknown, next: Position, end: AbortSignal): Promise<void> {
    if (error instanceof LedgerError) throw error;
    const meaning = meaningOf(error, '$all: reading the log');
    if (meaning.kind === 'refused' && meaning.error.code === 'invalid_input') throw notOfThisLog(next, error);
    if (meaning.kind === 'refused') throw meaning.error;
    const { runtime, timeoutMs, onDoubt } = this.#retryPolicy;
    onDoubt?.();
    const now = runtime.monotonicNowMs();
    this.#failingSinceMs ??= now;
    if (now - this.#failingSinceMs >= timeoutMs) {
      const advice = meaning.kind === 'in_doubt' ? meaning.advice : String(error);
      throw new LedgerError(
        'store_unavailable',
        `$all: the log could not be read for ${timeoutMs / 1_000} s. ${advice}. Read on from ${next} later`,
        { cause: error },
      );
    }
    await runtime.sleep(this.#pauseMs * (0.5 + runtime.random() / 2), end);
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }
}

function notOfThisLog(next: Position, cause: unknown): LedgerError {
  return new LedgerError(
    'invalid_input',
    `Position ${next} is no place in this log: it comes from another one. Rebuild what was read from that one.`,
    { cause },
  );
}
