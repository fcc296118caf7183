// A success page whose connection is dead: nothing answers, and nothing fails by itself. The clock and fetch are replaced.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type WatchOptions, watchPayment } from './browser.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** @param isDead whether the query of this number, from 1 on, is never answered. */
function watched(isDead: (query: number) => boolean, options: Partial<WatchOptions>) {
  const heard: string[] = [];
  let queries = 0;
  let underWay = 0;
  vi.stubGlobal('fetch', async (_url: string, { signal }: { signal: AbortSignal }) => {
    queries += 1;
    if (!isDead(queries)) return Response.json({ state: 'pending', stale: false, nextPollAfterMs: 10 });
    underWay += 1;
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        underWay -= 1;
        reject(signal.reason);
      });
    });
  });
  const stop = watchPayment('cs_1', { onChange: ({ state }) => heard.push(state), onTrouble: () => heard.push('trouble'), ...options });
  return { heard, stop, queries: () => queries, underWay: () => underWay };
}

test('a query that nobody answers is trouble, and asked again', async () => {
  const { heard, stop, queries } = watched((query) => query === 2, { wait: 1 });
  await vi.advanceTimersByTimeAsync(15_900);
  expect([heard, queries()]).toEqual([['pending'], 2]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(heard).toEqual(['pending', 'trouble', 'pending']);
  stop();
});

test('timeoutMs ends the query under way, in silence', async () => {
  const { heard, queries, underWay } = watched((query) => query > 1, { timeoutMs: 2_000 });
  await vi.advanceTimersByTimeAsync(1_900);
  expect(underWay()).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([heard, queries(), underWay(), vi.getTimerCount()]).toEqual([['pending'], 2, 0, 0]);
});

test('stopped, it leaves no timer behind', async () => {
  const { stop, underWay } = watched(() => true, {});
  await vi.advanceTimersByTimeAsync(100);
  stop();
  await vi.advanceTimersByTimeAsync(0);
  expect([underWay(), vi.getTimerCount()]).toEqual([0, 0]);
});
