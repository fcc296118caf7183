// Repeats a call to the server until it has an answer. Each attempt has a time limit, and all attempts together have a
// deadline. A failure whose outcome is in doubt is tried again; every other result ends the call.
import { LedgerError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { type FailureMeaning, isUninformative, meaningOf } from './failure.ts';
import type { TimeLimits } from './time-limits.ts';

export interface RetryPolicy {
  readonly runtime: Runtime;
  readonly limits: TimeLimits;
  /** The time limit for all attempts of a call together. */
  readonly timeoutMs: number;
  /** When that time is over (monotonic), for a call that has waited before. Absent: it begins with the first attempt. */
  readonly deadlineMs?: number;
  /** The time limit for each attempt. */
  readonly attemptTimeoutMs: number;
  /** Called when an attempt failed and its outcome is in doubt. */
  readonly onDoubt?: () => void;
}

export interface Call<T> {
  /** The call's name in messages: `order-1: the append`. */
  readonly what: string;
  /** Makes one attempt. It must reject with `Unanswered` after `timeMs` without an answer. */
  readonly attempt: (timeMs: number) => Promise<T>;
  /** Turns a failure into an answer, where it is one for this call. Undefined: it is none. */
  readonly answer?: (meaning: FailureMeaning) => T | undefined;
  /** What the caller knows, and should do, when the time is over. */
  readonly unsettled: string;
  /** Present: do not repeat a failure that comes from wrong settings. */
  readonly failFast?: FailFast;
}

export interface FailFast {
  /** Says of a failure that the client cannot explain what settings are wrong. Undefined: it does not know. */
  readonly diagnose: (() => Promise<string | undefined>) | undefined;
}

const firstPauseMs = 20;
const longestPauseMs = 1_000;

/** Repeats until there is an answer. @throws LedgerError `store_unavailable`: the time is over. Also what the server refuses. */
export async function retry<T>(retryPolicy: RetryPolicy, call: Call<T>): Promise<T> {
  const { runtime, timeoutMs, attemptTimeoutMs } = retryPolicy;
  const deadline = retryPolicy.deadlineMs ?? runtime.monotonicNowMs() + timeoutMs;
  let mostTelling: Failed | undefined;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const timeMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - runtime.monotonicNowMs()));
    const tried = await tryOnce(timeMs, call);
    if (tried.meaning === undefined) return tried.result;
    const { meaning } = tried;
    if (meaning.kind === 'in_doubt') retryPolicy.onDoubt?.();
    if (!mostTelling || !isUninformative(meaning)) mostTelling = tried; // The last attempts are short, and their failure says less.
    const answer = call.answer?.(meaning);
    if (answer !== undefined) return answer;
    if (meaning.kind === 'refused') throw meaning.error;
    const waitMs = pauseMs * (0.5 + runtime.random() / 2);
    if (call.failFast && meaning.kind === 'in_doubt' && !meaning.permanent) {
      const advice = await call.failFast.diagnose?.();
      if (advice !== undefined) throw unavailable(call, { ...tried, meaning: { kind: 'in_doubt', advice, permanent: true } }, undefined);
    }
    const givesUp = call.failFast !== undefined && meaning.kind === 'in_doubt' && meaning.permanent;
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
