// Makes a runtime whose time passes only when code sleeps: no test waits, and each test is the same in every run.
import type { Runtime } from './runtime.ts';

export interface InstantRuntime extends Runtime {
  /** All sleeps so far, in milliseconds. */
  readonly slept: readonly number[];
  /** Moves both clocks forward. */
  advance(ms: number): void;
  setWallClock(to: Date): void;
}

/** Makes the runtime of one process. @param name its UUIDs begin with it. */
export function instantRuntime(name = 'p'): InstantRuntime {
  const slept: number[] = [];
  let wall = Date.UTC(2026, 0, 1);
  let monotonic = 0;
  let uuids = 0;
  return {
    slept,
    advance: (ms) => {
      wall += ms;
      monotonic += ms;
    },
    setWallClock: (to) => {
      wall = to.getTime();
    },
    now: () => new Date(wall),
    monotonicNowMs: () => monotonic,
    random: () => 0.5,
    uuid: () => `${name}-${++uuids}`,
    patience: 1,
    sleep: async (ms) => {
      slept.push(ms);
      wall += ms;
      monotonic += ms;
    },
  };
}
