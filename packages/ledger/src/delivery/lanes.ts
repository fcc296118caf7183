// One lane for each order that has delivery work; subscriptions have lanes of their own (delivered-streams.ts). A lane does one piece of work at a time, and eight lanes run at once.
// A lane is memory only: a crash at any step loses no delivery, since the log says what is pending. The steps:
//   1. `open` a lane, and make it due (`dueAt`, `putOff`).
//   2. Start the lanes that are due, in turn, as long as fewer than eight run.
//   3. `run` the work, and make the lane due only where the work asks for it.
//   4. Where the store failed, make the lane due again after a pause.
//   5. Remove the lane, or put it behind the others if it is due again, and wake the loop.
import { isUnreadable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Runtime } from '../runtime.ts';
import { type DeliveredNoun, named } from './delivered-streams.ts';

/**
 * What is known of the delivery of one order or subscription. Times are monotonic milliseconds. `Lanes` writes `dueAtMs`, `running` and
 * `storeFailures`; `DeliveryScheduler` (delivery.ts) writes the rest, but `Lanes.run` clears `attempt`.
 */
export interface Lane {
  readonly id: string;
  /** When to read the stream next; infinity: not at all. Written by `dueAt`, `putOff` and `run`. */
  dueAtMs: number;
  /** Resolves when the running work has ended: a newer decision waits for it. Absent: none runs. Written by `run`. */
  running?: Promise<void>;
  /** How many times in a row the store failed. Written by `run`. */
  storeFailures: number;
  /** The newest decision known here; 0: none. Written by `#learn`, `#isOld` and `#attempt`. */
  sequence: number;
  /** Revision of the last event about that decision that was noted here; −1: none. Written by `#note` and `#attempt`. */
  seenRevision: number;
  /** Time at which that event was noted. Written by `#note`. */
  seenAtMs: number;
  /** If we own the decision: no attempt before this time, it waits after a failure. Written by `#waitFor` and `#attempt`. */
  retryAtMs: number;
  /** If another instance owns it: no take-over before this time. Written by `#waitFor`. */
  takeOverAtMs: number;
  /** If we own it: an attempt that starts by this time ends before another instance takes over. Written by `schedule` and `#attempt`. */
  ownUntilMs: number;
  /** The attempt that runs now, and how to abort it. Set by `#attempt`, cleared by `run`. */
  attempt?: { readonly sequence: number; readonly abort: AbortController };
}

const never = Number.POSITIVE_INFINITY;
const lanesAtOnce = 8;
const storeRetryMs = 1_000;
const longestSleepMs = 60_000;

interface LanesOptions {
  readonly of: { readonly noun: DeliveredNoun };
  readonly runtime: Runtime;
  readonly log: Logger;
}

export class Lanes {
  /** Key: `id`. Lanes are started in the order of the map. Written by `open`, `drop` and `run`. */
  readonly #lanes = new Map<string, Lane>();
  readonly #process: (lane: Lane) => Promise<unknown>;
  readonly #noun: DeliveredNoun;
  readonly #runtime: Runtime;
  readonly #log: Logger;
  /** How many lanes run now. Written by `run`. */
  #running = 0;
  /** How many calls of `settle` are under way. Written by `settle`. */
  #settling = 0;
  /** Set by `stop`, for good. */
  #stopping = false;
  /** Aborted to wake whoever sleeps until a lane is due. Replaced by `#wake`. */
  #changed = new AbortController();
  /** The background loop. Written by `start`. */
  #loop: Promise<void> = Promise.resolve();

  /** @param process the work to do in a lane that is due. */
  constructor(process: (lane: Lane) => Promise<unknown>, { of, runtime, log }: LanesOptions) {
    this.#process = process;
    this.#noun = of.noun;
    this.#runtime = runtime;
    this.#log = log;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  find(id: string): Lane | undefined {
    return this.#lanes.get(id);
  }

  /** 1: The lane of the order or subscription, new where it has none. A new lane is not due. */
  open(id: string): Lane {
    const known = this.#lanes.get(id);
    if (known) return known;
    const lane = {
      id,
      dueAtMs: never,
      storeFailures: 0,
      sequence: 0,
      seenRevision: -1,
      seenAtMs: -1,
      retryAtMs: -1,
      takeOverAtMs: never,
      ownUntilMs: -1,
    };
    this.#lanes.set(id, lane);
    return lane;
  }

  /** Forgets the lane, unless it is running or due. */
  drop(lane: Lane): void {
    if (lane.running || lane.dueAtMs <= this.#now()) return;
    this.#lanes.delete(lane.id);
    if (this.#settling > 0) this.#wake(); // It may be waiting for this lane.
  }

  /** 1: Makes the lane due at that time, or earlier where it already was. */
  dueAt(lane: Lane, atMs: number): void {
    lane.dueAtMs = Math.min(lane.dueAtMs, atMs);
    this.#wake();
  }

  /** 1: Makes the lane due at that time and not before. A lane that is due already stays due. */
  putOff(lane: Lane, untilMs: number): void {
    if (lane.dueAtMs <= this.#now()) return;
    lane.dueAtMs = untilMs;
    this.#wake();
  }

  /**
   * Does the work in a lane that is not running. Work that throws is taken as a failure of the store: the lane is due again
   * after 1 s, doubled at each failure in a row, at most 60 s; a stream that cannot be read, after 60 s at once. Throws what the
   * work throws.
   */
  async run<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<void>();
    lane.running = ended.promise;
    lane.dueAtMs = never; // 3: Work that leaves something to do calls `dueAt`.
    this.#running += 1;
    try {
      const outcome = await work();
      lane.storeFailures = 0;
      return outcome;
    } catch (error) {
      // 4
      this.#log.warn(
        { err: error, ...named(this.#noun, lane.id) },
        `the ${this.#noun} could not be read or written; its delivery is tried again`,
      );
      const pauseMs = isUnreadable(error) ? longestSleepMs : Math.min(longestSleepMs, storeRetryMs * 2 ** lane.storeFailures);
      this.dueAt(lane, this.#now() + pauseMs);
      lane.storeFailures += 1;
      throw error;
    } finally {
      this.#running -= 1;
      delete lane.running;
      delete lane.attempt;
      this.#lanes.delete(lane.id);
      if (lane.dueAtMs !== never) this.#lanes.set(lane.id, lane); // 5: Last, so that the others go first.
      ended.resolve();
      this.#wake();
    }
  }

  /** Starts lanes that are due, in the background, until `stop`. */
  start(): void {
    this.#loop = this.#runLoop();
  }

  async #runLoop(): Promise<void> {
    while (!this.#stopping) {
      const woken = this.#changed.signal;
      await this.#sleepUntil(this.#startDue(), woken);
    }
  }

  /**
   * Starts lanes that are due, until none runs and none is due before the deadline (monotonic), or until the deadline. Before it
   * waits for a lane it looks once whether that still has anything to do: another process may have done it meanwhile.
   */
  async settle(deadlineMs: number): Promise<void> {
    this.#settling += 1;
    try {
      await this.#settle(deadlineMs);
    } finally {
      this.#settling -= 1;
    }
  }

  async #settle(deadlineMs: number): Promise<void> {
    const lookedAt = new Set<string>();
    while (this.#now() < deadlineMs) {
      const woken = this.#changed.signal;
      const next = this.#startDue();
      if (this.#running === 0 && next >= deadlineMs) return;
      if (this.#running === 0 && this.#look(deadlineMs, lookedAt)) continue;
      await this.#sleepUntil(Math.min(next, deadlineMs), woken);
    }
  }

  /** Makes the lanes due now that are due before the deadline, and were not looked at yet. False: there are none. */
  #look(deadlineMs: number, lookedAt: Set<string>): boolean {
    let isDue = false;
    for (const lane of this.#lanes.values()) {
      if (lane.dueAtMs >= deadlineMs || lookedAt.has(lane.id)) continue;
      lookedAt.add(lane.id);
      if (lane.storeFailures > 0) continue; // It waits for the store.
      lane.dueAtMs = this.#now();
      isDue = true;
    }
    return isDue;
  }

  /** Starts no more work, and waits until all has ended, at most until the deadline (monotonic). Answers the lanes that still run. */
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

  /** 2: Answers when the next lane is due. Infinity: none will be, or eight run, and the end of one wakes the loop. */
  #startDue(): number {
    let next = never;
    const now = this.#now();
    for (const lane of this.#lanes.values()) {
      if (this.#running >= lanesAtOnce) return never; // So that a long backlog is not searched for each order that joins it.
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
