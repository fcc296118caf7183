// The benchmark of the console on a small log: every page is made, has something to show, and keeps the bound of its size. Its time is
// the benchmark's own matter: a busy machine makes it slow, never red.
import { expect, test } from 'vitest';
import { mostKb, timeConsole } from './console.ts';

test('every page of the console is made from a log of 4,000 orders, and none is too heavy', async () => {
  const results = await timeConsole(4_000);
  expect(results.length).toBeGreaterThan(20);
  expect(results.filter(({ kb }) => kb < 3 || kb > mostKb)).toEqual([]);
});
