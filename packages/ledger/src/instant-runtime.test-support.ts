// A runtime whose time passes only by sleeping: nothing waits, and the same test runs the same way each time.
import type { Runtime } from './runtime.ts';

export interface InstantRuntime extends Runtime {
  /** Every wait that was asked for, in ms. */
  readonly slept: readonly number[];
  /** Both clocks run on, or the wall clock alone is set back. */
  advance(ms: number): void;
  setWallClock(to: Date): void;
}

/** @param name of the process: its uuids start with it. */
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
