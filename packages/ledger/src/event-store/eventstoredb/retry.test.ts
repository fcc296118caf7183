import { expect, test } from 'vitest';
import { systemRuntime } from '../../runtime.ts';
import { Unanswered } from './failure.ts';
import { retry } from './retry.ts';
import { TimeLimits } from './time-limits.ts';

test.each([
  ['has all of its time', undefined, [5_000, 5_000, 5_000]],
  ['that has waited has what is left of it', 7_000, [5_000, 2_000]],
])('a call %s', async (_, deadlineMs, expected) => {
  let nowMs = 0;
  const runtime = { ...systemRuntime, monotonicNowMs: () => nowMs, sleep: async () => undefined };
  const attempts: number[] = [];
  const call = retry<never>(
    { runtime, limits: new TimeLimits(runtime), timeoutMs: 15_000, attemptTimeoutMs: 5_000, ...(deadlineMs && { deadlineMs }) },
    {
      what: 'order-1: the append',
      unsettled: 'It may be stored',
      attempt: async (timeMs) => {
        attempts.push(timeMs);
        nowMs += timeMs;
        throw new Unanswered('nothing');
      },
    },
  );
  await expect(call).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('within 15 s') });
  expect(attempts).toEqual(expected);
});
