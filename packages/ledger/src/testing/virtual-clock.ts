// A clock that moves only when a test moves it: the real code runs on virtual time, with random numbers and ids from seeds.
// Several runtimes, one for each process, may share one clock.
import type { Runtime } from '../runtime.ts';

/** The options of one process on the clock. */
export interface VirtualClockRuntimeOptions {
  /** The seed of this process's random numbers and ids. Default: a different one for each runtime, the same in each run. */
  readonly seed?: number;
  /** How many milliseconds this process's wall clock is ahead. Default: 0. */
  readonly wallSkewMs?: number;
}

/** A clock that only the test moves. */
export interface VirtualClock {
  /** Milliseconds since the clock was made. The monotonic clock of each runtime starts at another number. */
  readonly nowMs: number;
  /** Makes the runtime of one process. */
  runtime(options?: VirtualClockRuntimeOptions): Runtime;
  /** Lets everything run that does not wait for time. Time does not move. */
  flush(): Promise<void>;
  /** Moves time forward. Wakes the sleepers in the order of their times; after each one, everything runs until it waits again. */
  advance(ms: number): Promise<void>;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** The longest time that a real timer can wait. For a longer time it silently fires at once. */
const longestSleepMs = 2_147_483_647;
/** How many turns of the event loop `rest` waits: a store may need a few within one call. */
const turnsOfFlush = 4;

/** Makes a clock. @param startsAt the wall clock's first time, ISO 8601. Default: 2026-01-01, 00:00 UTC. */
export function createVirtualClock({ startsAt = '2026-01-01T00:00:00.000Z' }: { readonly startsAt?: string } = {}): VirtualClock {
  const sleepers = new Set<Sleeper>();
  const wallStartMs = Date.parse(startsAt);
  let nowMs = 0;
  let runtimes = 0;

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!(ms >= 0 && ms <= longestSleepMs)) throw new Error(`sleep(${ms}): a real timer would not wait so`);
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs: nowMs + ms,
        wake: () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake);
    });
  }

  /** Returns the sleeper that wakes first. If several wake at the same time: the one that began to sleep first. */
  function nextSleeper(untilMs: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) if (sleeper.atMs <= untilMs && (next === undefined || sleeper.atMs < next.atMs)) next = sleeper;
    return next;
  }

  async function advanceTo(untilMs: number): Promise<void> {
    await turns();
    for (let next = nextSleeper(untilMs); next !== undefined; next = nextSleeper(untilMs)) {
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
      await turns();
    }
    nowMs = untilMs;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    runtime: ({ seed = runtimes + 1, wallSkewMs = 0 } = {}) => {
      runtimes += 1;
      const random = randomFrom(seed);
      const originMs = Math.floor(random() * 1_000_000);
      return {
        now: () => new Date(wallStartMs + wallSkewMs + nowMs),
        monotonicNowMs: () => originMs + nowMs,
        random,
        uuid: () => uuidFrom(random),
        sleep,
        patience: 1,
      };
    },
    flush: () => advanceTo(nowMs),
    advance: (ms) => advanceTo(nowMs + ms),
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < turnsOfFlush; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Makes a random number generator for [0, 1). SplitMix32 is small, and gives the same numbers on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}

function uuidFrom(random: () => number): string {
  const hex = Array.from({ length: 30 }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
}
