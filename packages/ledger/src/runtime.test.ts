// The clocks and timers of this machine.
import { expect, test } from 'vitest';
import { systemRuntime } from './runtime.ts';

test('a sleep that is longer than a timer can be does not end at once', async () => {
  const ended = new AbortController();
  let isAwake = false;
  const sleep = systemRuntime.sleep(2 ** 31, ended.signal).then(() => {
    isAwake = true;
  });
  await systemRuntime.sleep(20); // Node makes 1 ms of it.
  expect(isAwake).toBe(false);
  ended.abort();
  await sleep;
});
