// Clocks, chance and waiting. All code outside the pure core takes them from here, so that the simulation runs the
// real code.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { LedgerError } from './errors.ts';

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
  /** Resolves after `ms`, or after 24 days if that is sooner; resolves at once (it never rejects) when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Multiplies the time limits of waiting for the store, the provider and other processes. Default 1; tests on a busy machine pass more. */
  readonly patience: number;
}

/** Node makes 1 ms of anything longer, and a loop that sleeps so would spin. */
const longestSleepMs = 2 ** 31 - 1;

/** The clocks, chance and timers of this machine. */
export const systemRuntime: Runtime = {
  now: () => new Date(),
  monotonicNowMs: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  sleep: (ms, signal) => wait(Math.min(ms, longestSleepMs), undefined, signal ? { signal } : {}).catch(() => undefined),
  patience: 1,
};

/** Resolves when all of the work has ended, however it ended, or after `ms`. Never rejects. */
export async function settledWithin(runtime: Runtime, ms: number, work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const ended = new AbortController();
  await Promise.race([Promise.allSettled(work), runtime.sleep(ms, ended.signal)]);
  ended.abort();
}

/** Resolves after one turn of the event loop: others get their turn between two parts of long work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The calls of users that are under way: none begins after `close`, and closing waits for those that have begun. */
export class OpenCalls {
  readonly #owner: string;
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  /** @param owner whose calls these are, for the message: `The ledger`. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** @throws LedgerError `closed` after `close`. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new LedgerError('closed', `${this.#owner} is closed: this process is shutting down`));
    const call = work();
    this.#running.add(call);
    const leave = () => this.#running.delete(call);
    call.then(leave, leave);
    return call;
  }

  /** Refuses further calls at once. Resolves when those under way have ended, however they ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
  }
}
