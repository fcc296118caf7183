// One call, as many attempts as it takes: each ends in its own time, and all of them together have a deadline. What is
// in doubt is tried again; every other meaning ends the call.
import { LedgerError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { type FailureMeaning, isUninformative, meaningOf } from './failure.ts';
import type { TimeLimits } from './time-limits.ts';

export interface RetryPolicy {
  readonly runtime: Runtime;
  readonly limits: TimeLimits;
  /** For all attempts of a call. */
  readonly timeoutMs: number;
  /** For each attempt. */
  readonly attemptTimeoutMs: number;
}

export interface Call<T> {
  /** For messages: `order-1: the append`. */
  readonly what: string;
  /** Rejects with `Unanswered` after `timeMs` of silence: not every call of the clients knows a deadline. */
  readonly attempt: (timeMs: number) => Promise<T>;
  /** Meanings that are answers of this call. Undefined: it is none. */
  readonly answer?: (meaning: FailureMeaning) => T | undefined;
  /** What the caller knows, and should do, when the time is up. */
  readonly unsettled: string;
  /** Do not wait for settings to mend themselves. */
  readonly failFast?: boolean;
}

const firstPauseMs = 20;
const longestPauseMs = 1_000;

/** @throws LedgerError `store_unavailable` when the time is up; what the server refuses. */
export async function retry<T>(retryPolicy: RetryPolicy, call: Call<T>): Promise<T> {
  const { runtime, timeoutMs, attemptTimeoutMs } = retryPolicy;
  const deadline = runtime.monotonicNowMs() + timeoutMs;
  let mostTelling: Failed | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const timeMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - runtime.monotonicNowMs()));
    const tried = await tryOnce(timeMs, call);
    if (tried.meaning === undefined) return tried.result;
    const { meaning } = tried;
    if (!mostTelling || !isUninformative(meaning)) mostTelling = tried; // The last attempts are short.
    const answer = call.answer?.(meaning);
    if (answer !== undefined) return answer;
    if (meaning.kind === 'refused') throw meaning.error;
    const waitMs = pauseMs * (0.5 + runtime.random() / 2);
    const givesUp = call.failFast === true && meaning.kind === 'in_doubt' && meaning.permanent;
    if (givesUp || runtime.monotonicNowMs() + waitMs >= deadline) throw unavailable(call, mostTelling, givesUp ? undefined : timeoutMs);
    await runtime.sleep(waitMs);
  }
}

interface Failed {
  readonly meaning: FailureMeaning;
  readonly error: unknown;
}
type Tried<T> = { readonly meaning: undefined; readonly result: T } | Failed;

async function tryOnce<T>(timeMs: number, { what, attempt }: Call<T>): Promise<Tried<T>> {
  try {
    return { meaning: undefined, result: await attempt(timeMs) };
  } catch (error) {
    if (error instanceof LedgerError) throw error;
    return { meaning: meaningOf(error, what), error };
  }
}

function unavailable<T>({ what, unsettled }: Call<T>, { meaning, error }: Failed, timeoutMs: number | undefined): LedgerError {
  const waited = timeoutMs === undefined ? '' : ` within ${timeoutMs / 1_000} s`;
  const advice = meaning.kind === 'in_doubt' ? meaning.advice : 'The server answers what makes no sense here. Look at its log';
  return new LedgerError('store_unavailable', `${what} got no answer${waited}. ${advice}. ${unsettled}`, { cause: error });
}
