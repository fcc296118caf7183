// One lane for each order about which something is to be done: one piece of work at a time in a lane, eight
// lanes at once, each when it is due and each in its turn. A lane is memory only; losing it loses nothing.
import type { Logger } from '../logger.ts';
import type { Runtime } from '../runtime.ts';

/** Times are monotonic. */
export interface Lane {
  readonly orderId: string;
  /** When to look at the stream next. */
  dueAtMs: number;
  /** One piece of work at a time: a newer decision waits until the older attempt has ended. */
  running?: Promise<void>;
  /** Times in a row that the store failed. */
  storeFailures: number;
  /** Newest decision known here. */
  sequence: number;
  /** Of the last event about that decision that was seen here: our clock runs from it. */
  seenRevision: number;
  /** When. */
  seenAtMs: number;
  /** Where we own the decision: not before, it has failed and waits. */
  retryAtMs: number;
  /** Where another instance owns it: not before. */
  takeOverAtMs: number;
  /** Where we own it: an attempt that starts until then ends before anyone takes over. */
  ownUntilMs: number;
  /** Of the attempt under way. */
  attempt?: { readonly sequence: number; readonly abort: AbortController };
}

const never = Number.POSITIVE_INFINITY;
const lanesAtOnce = 8;
const storeRetryMs = 1_000;
const longestSleepMs = 60_000;

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #process: (lane: Lane) => Promise<unknown>;
  readonly #runtime: Runtime;
  readonly #log: Logger;
  #running = 0;
  #stopping = false;
  #changed = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  /** @param attend what is done in a lane that is due. */
  constructor(attend: (lane: Lane) => Promise<unknown>, { runtime, log }: { readonly runtime: Runtime; readonly log: Logger }) {
    this.#process = attend;
    this.#runtime = runtime;
    this.#log = log;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  find(orderId: string): Lane | undefined {
    return this.#lanes.get(orderId);
  }

  open(orderId: string): Lane {
    const known = this.#lanes.get(orderId);
    if (known) return known;
    const lane = {
      orderId,
      dueAtMs: never,
      storeFailures: 0,
      sequence: 0,
      seenRevision: -1,
      seenAtMs: -1,
      retryAtMs: -1,
      takeOverAtMs: never,
      ownUntilMs: -1,
    };
    this.#lanes.set(orderId, lane);
    return lane;
  }

  /** Forgets what is not under way, nor due now. */
  drop(lane: Lane): void {
    if (!lane.running && lane.dueAtMs > this.#now()) this.#lanes.delete(lane.orderId);
  }

  /** At the latest then. */
  dueAt(lane: Lane, atMs: number): void {
    lane.dueAtMs = Math.min(lane.dueAtMs, atMs);
    this.#wake();
  }

  /** Not before then, unless it is due now: a look that is due is never put off. */
  putOff(lane: Lane, untilMs: number): void {
    if (lane.dueAtMs <= this.#now()) return;
    lane.dueAtMs = untilMs;
    this.#wake();
  }

  /** Does the work in the lane, which is free. What it throws is the store's: then the lane is due again soon. */
  async run<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<void>();
    lane.running = ended.promise;
    lane.dueAtMs = never; // Who has more to do says so again.
    this.#running += 1;
    try {
      const outcome = await work();
      lane.storeFailures = 0;
      return outcome;
    } catch (error) {
      this.#log.warn({ err: error, orderId: lane.orderId }, 'the order could not be read or written; its delivery is tried again');
      this.dueAt(lane, this.#now() + Math.min(longestSleepMs, storeRetryMs * 2 ** lane.storeFailures));
      lane.storeFailures += 1;
      throw error;
    } finally {
      this.#running -= 1;
      delete lane.running;
      delete lane.attempt;
      this.#lanes.delete(lane.orderId);
      if (lane.dueAtMs !== never) this.#lanes.set(lane.orderId, lane); // Last: the others have their turn first.
      ended.resolve();
      this.#wake();
    }
  }

  /** Attends to the lanes in the background, until `stop`. */
  start(): void {
    this.#loop = this.#attendOn();
  }

  async #attendOn(): Promise<void> {
    while (!this.#stopping) {
      const woken = this.#changed.signal;
      await this.#sleepUntil(this.#startDue(), woken);
    }
  }

  /** Attends to the lanes until none is due before the deadline. */
  async settle(deadlineMs: number): Promise<void> {
    while (this.#now() < deadlineMs) {
      const woken = this.#changed.signal;
      const next = this.#startDue();
      if (this.#running === 0 && next >= deadlineMs) return;
      await this.#sleepUntil(Math.min(next, deadlineMs), woken);
    }
  }

  /** Starts nothing more. Answers when all has ended, at the deadline at the latest: the lanes that still run. */
  async stop(deadlineMs: number): Promise<readonly Lane[]> {
    this.#stopping = true;
    this.#wake();
    await this.#loop;
    const ended = new AbortController();
    const all = Promise.all([...this.#lanes.values()].map((lane) => lane.running));
    await Promise.race([all, this.#sleepUntil(deadlineMs, ended.signal)]);
    ended.abort();
    return [...this.#lanes.values()].filter((lane) => lane.running);
  }

  /** Answers when the next lane will be due; where all places are taken, we look again when one is free. */
  #startDue(): number {
    let next = never;
    const now = this.#now();
    for (const lane of this.#lanes.values()) {
      if (this.#running >= lanesAtOnce) return never; // A backlog is not walked over for each order that joins it.
      if (lane.running || this.#stopping) continue;
      if (lane.dueAtMs > now) next = Math.min(next, lane.dueAtMs);
      else this.run(lane, () => this.#process(lane)).catch(() => undefined); // Logged by `run`.
    }
    return next;
  }

  #now(): number {
    return this.#runtime.monotonicNowMs();
  }

  #wake(): void {
    const woken = this.#changed;
    this.#changed = new AbortController();
    woken.abort();
  }

  #sleepUntil(atMs: number, woken: AbortSignal): Promise<void> {
    return this.#runtime.sleep(Math.max(0, Math.min(atMs - this.#now(), longestSleepMs)), woken);
  }
}
