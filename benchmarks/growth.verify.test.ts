// The benchmark of growth with small numbers: each piece of work is done on each log, and does what it says. How fast it is, is its own
// matter.
import { expect, test } from 'vitest';
import { measureGrowth } from './growth.ts';

const small = { events: [5_000], active: [100, 300], slots: 3, factsInSlot: 100 };

test('the same work is done on logs of several lengths, and with more and more active orders', async () => {
  const [active, length] = [await measureGrowth('active', small), await measureGrowth('length', small)];
  expect(active.map(({ size }) => size)).toEqual([100, 300]);
  expect(new Set(length.map(({ work }) => work)).size).toBe(length.length / 2);
  for (const { micros, cpu, ratio, cpuRatio } of [...length, ...active]) expect(Math.min(micros, cpu, ratio, cpuRatio)).toBeGreaterThan(0);
});
