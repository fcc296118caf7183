// The benchmark of observations with small numbers: it measures what it says, and adds the same delay to both sides. How fast it is, is
// its own matter.
import { expect, test } from 'vitest';
import { measureObserve } from './observe.ts';

test('observations are compared with a bare loop, and a slower sync slows both', async () => {
  const rows = await measureObserve({ addSyncMs: [0, 20], callers: [1, 32], rounds: 1, orders: 40 });
  expect(rows.map(({ workload, callers }) => `${workload} ${callers}`)).toEqual([
    ...['recorded 1', 'first payment 1', 'recorded 32', 'first payment 32'],
    ...['recorded 1', 'first payment 1', 'recorded 32', 'first payment 32'],
  ]);
  for (const { perSecond, bare, ratio } of rows) expect(Math.min(perSecond, bare, ratio)).toBeGreaterThan(0);
  for (const { callers, commitMs, bare, perSecond } of rows.slice(4)) {
    expect(commitMs).toBeGreaterThan(19);
    expect(Math.max(bare, perSecond)).toBeLessThanOrEqual((callers * 1_000) / 19);
  }
});
