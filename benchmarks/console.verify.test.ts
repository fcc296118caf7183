// The benchmark of the console on a small log: it makes the log, asks every page, and its pages have something to show.
import { expect, test } from 'vitest';
import { consolePages, timeConsole } from './console.ts';

test('every page of the console is asked of a made log, and the lists are not empty', async () => {
  const results = await timeConsole(consolePages, 4_000);
  const empty = results.filter(({ kb, page }) => kb < 0.1 && !page.includes('nobody'));
  expect(empty).toEqual([]);
  expect(results.every(({ p50Ms }) => p50Ms > 0)).toBe(true);
});
