// A clock that moves only when a test moves it: the real code runs on virtual time, with chance and ids from
// seeds. Any number of runtimes, one for each process, share one clock.
import type { Runtime } from '../runtime.ts';

export interface VirtualClockRuntimeOptions {
  /** Of this process's chance and ids. Default: another for each runtime of the clock, the same in each run. */
  readonly seed?: number;
  /** How far this process's wall clock is ahead. Default 0. */
  readonly wallSkewMs?: number;
}

export interface VirtualClock {
  /** Since the clock was made. Monotonic clocks start elsewhere, one for each runtime. */
  readonly nowMs: number;
  runtime(options?: VirtualClockRuntimeOptions): Runtime;
  /** Lets everything run that need not wait; time stands still. */
  flush(): Promise<void>;
  /** Moves time on, sleeper by sleeper in the order of their times; after each, everything runs until it waits again. */
  advance(ms: number): Promise<void>;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** What real timers can wait; they fire at once for more, in silence. */
const longestSleepMs = 2_147_483_647;
/** A store may yield a few turns of the event loop within one call; nothing here waits for more. */
const turnsOfFlush = 4;

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

  /** The earliest; of several, who slept first. */
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
      };
    },
    flush: () => advanceTo(nowMs),
    advance: (ms) => advanceTo(nowMs + ms),
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < turnsOfFlush; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** SplitMix32: small, and the same on every machine. In [0, 1). */
function randomFrom(seed: number): () => number {
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
