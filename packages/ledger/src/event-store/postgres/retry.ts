// Repeats a call until it has an answer. Each attempt has a time limit, and all attempts together have a deadline.
import type { Runtime } from '../../runtime.ts';
import type { Connections } from './connections.ts';
import { callFailed, type FailureMeaning, meaningOf } from './failure.ts';

export interface RetryPolicy {
  readonly connections: Connections;
  readonly runtime: Runtime;
  /** The time limit for all attempts of a call together. */
  readonly timeoutMs: number;
  /** The time limit for each attempt. */
  readonly attemptTimeoutMs: number;
  /** Ends the waiting between two attempts. */
  readonly closing: AbortSignal;
}

const firstPauseMs = 20;
const longestPauseMs = 1_000;

/** The pauses between attempts: each twice as long as the last, and never quite the same in two processes. */
export class Pauses {
  readonly #runtime: Runtime;
  /** The next pause. Written by `next`. */
  #ms = firstPauseMs;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  next(): number {
    const ms = this.#ms * (0.5 + this.#runtime.random() / 2);
    this.#ms = Math.min(this.#ms * 2, longestPauseMs);
    return ms;
  }
}

export interface ReadingCall<T> {
  /** The call's name in messages: `order-1: the read`. */
  readonly what: string;
  readonly attempt: () => Promise<T>;
  /** Turns a failure into the error of this call, without another attempt. */
  readonly refuse?: (meaning: FailureMeaning, error: unknown) => Error | undefined;
  /** Called before each attempt. It may throw. */
  readonly before?: () => void;
}

/** Repeats a call that writes nothing, until there is an answer. @throws LedgerError: what `meaningOf` makes of its failure. */
export async function retryReading<T>(policy: RetryPolicy, { what, attempt, refuse, before }: ReadingCall<T>): Promise<T> {
  const { runtime, timeoutMs, closing } = policy;
  const deadline = runtime.monotonicNowMs() + timeoutMs;
  const pauses = new Pauses(runtime);
  for (;;) {
    before?.();
    try {
      return await attempt();
    } catch (error) {
      const meaning = meaningOf(error);
      if (meaning === undefined) throw error;
      const refused = refuse?.(meaning, error);
      if (refused) throw refused;
      const waitMs = pauses.next();
      const isOver = meaning.kind !== 'again' || runtime.monotonicNowMs() + waitMs >= deadline;
      if (isOver) throw callFailed({ what, meaning, error, inDoubt: false, timeoutMs });
      await runtime.sleep(waitMs, closing);
    }
  }
}
