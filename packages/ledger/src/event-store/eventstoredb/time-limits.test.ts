import { expect, test } from 'vitest';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { TimeLimits } from './time-limits.ts';

function openLimits() {
  const clock = createVirtualClock();
  const limits = new TimeLimits(clock.runtime());
  const ended: string[] = [];
  const watch = (name: string, work: Promise<unknown>): void => {
    work.then(
      (result) => ended.push(`${name} gave ${result}`),
      (error: Error) => ended.push(`${name}: ${error.name}`),
    );
  };
  return { clock, limits, ended, watch };
}

const forever = (): Promise<never> => new Promise(() => undefined);

test('what has had its time is given up, a little late at most; the others wait on', async () => {
  const { clock, limits, ended, watch } = openLimits();
  watch('short', limits.within(1_000, forever()));
  watch('long', limits.within(5_000, forever()));
  await clock.advance(999);
  expect(ended).toEqual([]);
  await clock.advance(126);
  expect(ended).toEqual(['short: Unanswered']);
  await clock.advance(3_874);
  expect(ended).toEqual(['short: Unanswered']);
  await clock.advance(250);
  expect(ended).toEqual(['short: Unanswered', 'long: Unanswered']);
});

test('what answers in time gives its answer, or its own error; what comes after is dropped', async () => {
  const { clock, limits, ended, watch } = openLimits();
  const late = Promise.withResolvers<string>();
  watch('answer', limits.within(1_000, Promise.resolve('yes')));
  watch('error', limits.within(1_000, Promise.reject(new RangeError('no'))));
  watch('late', limits.within(1_000, late.promise));
  await clock.advance(2_000);
  late.reject(new Error('nobody waits for this'));
  await clock.flush();
  expect(ended).toEqual(['answer gave yes', 'error: RangeError', 'late: Unanswered']);
});

test('as long as there is progress, time counts anew', async () => {
  const { clock, limits, ended, watch } = openLimits();
  let progress = 0;
  watch(
    'read',
    limits.within(1_000, forever(), () => progress),
  );
  for (let step = 0; step < 5; step++) {
    await clock.advance(800);
    progress += 1;
  }
  expect(ended).toEqual([]);
  await clock.advance(2_500);
  expect(ended).toEqual(['read: Unanswered']);
});

test('an idle one has no timer, and starts again', async () => {
  const { clock, limits, ended, watch } = openLimits();
  watch('first', limits.within(1_000, Promise.resolve(1)));
  await clock.advance(60_000);
  watch('second', limits.within(1_000, forever()));
  await clock.advance(1_125);
  expect(ended).toEqual(['first gave 1', 'second: Unanswered']);
});
