import { describe, expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

describe('a virtual clock', () => {
  test('stands still until it is moved, then wakes sleepers in the order of their times', async () => {
    const clock = createVirtualClock();
    const { sleep } = clock.runtime();
    const woken: [string, number][] = [];
    for (const [name, ms] of [
      ['late', 30],
      ['soon', 10],
      ['soon too', 10],
      ['at once', 0],
    ] as const) {
      void sleep(ms).then(() => woken.push([name, clock.nowMs]));
    }
    await clock.flush();
    expect(woken).toEqual([['at once', 0]]);
    await clock.advance(29);
    expect(woken.slice(1)).toEqual([
      ['soon', 10],
      ['soon too', 10],
    ]);
    await clock.advance(1);
    expect(woken.at(-1)).toEqual(['late', 30]);
  });

  test('wakes who falls asleep on the way, within the same move', async () => {
    const clock = createVirtualClock();
    const { sleep } = clock.runtime();
    const ticks: number[] = [];
    void (async () => {
      for (;;) {
        await sleep(60_000);
        ticks.push(clock.nowMs);
      }
    })();
    await clock.advance(200_000);
    expect(ticks).toEqual([60_000, 120_000, 180_000]);
    expect(clock.nowMs).toBe(200_000);
  });

  test('an abort ends a sleep at once, before it and during it', async () => {
    const clock = createVirtualClock();
    const { sleep } = clock.runtime();
    await sleep(1_000, AbortSignal.abort());
    const aborting = new AbortController();
    const slept = sleep(1_000, aborting.signal);
    aborting.abort();
    await slept;
    expect(clock.nowMs).toBe(0);
  });

  test('refuses a sleep that a real timer would cut short in silence', () => {
    const { sleep } = createVirtualClock().runtime();
    for (const ms of [Number.POSITIVE_INFINITY, Number.NaN, -1, 2 ** 31]) expect(() => sleep(ms)).toThrow(String(ms));
  });

  test('gives each process its own clocks, chance and ids, the same in each run', () => {
    const drawn = (): unknown[] => {
      const clock = createVirtualClock();
      return [clock.runtime(), clock.runtime({ wallSkewMs: 3_600_000 })].map((runtime) => [
        runtime.now().toISOString(),
        runtime.monotonicNowMs(),
        runtime.random(),
        runtime.uuid(),
      ]);
    };
    const [first, second] = drawn();
    expect(drawn()).toEqual([first, second]);
    expect(second).not.toEqual(first);
    expect(first).toEqual([
      '2026-01-01T00:00:00.000Z',
      expect.any(Number),
      expect.any(Number),
      expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}$/),
    ]);
    expect(second).toContain('2026-01-01T01:00:00.000Z');
  });
});
