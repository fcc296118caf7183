import { expect, test } from 'vitest';
import { systemRuntime } from '../../runtime.ts';
import { AppendQueue } from './append-queue.ts';
import { TimeLimits } from './time-limits.ts';

/** A queue on a clock of the test. */
function openQueue(limit: number) {
  const clock = { ms: 0, tick: (): void => undefined };
  const limits = new TimeLimits({
    ...systemRuntime,
    monotonicNowMs: () => clock.ms,
    sleep: () =>
      new Promise((resolve) => {
        clock.tick = resolve;
      }),
  });
  const queue = new AppendQueue(limit, { limits, timeoutMs: 15_000 });
  const started: number[] = [];
  const answers: (() => void)[] = [];
  const run = (n: number, bytes = 1): Promise<number> =>
    queue.run(bytes, async () => {
      started.push(n);
      await new Promise<void>((resolve) => answers.push(resolve));
      return n;
    });
  const answer = async (): Promise<void> => {
    answers.shift()?.();
    await new Promise(setImmediate);
  };
  return { queue, started, answers, run, answer, clock };
}

test('so many are under way at once; the others come in the order of their arrival', async () => {
  const { started, run, answer } = openQueue(2);
  const runs = [0, 1, 2, 3].map((n) => run(n));
  expect(started).toEqual([0, 1]);
  await answer();
  expect(started).toEqual([0, 1, 2]);
  await answer();
  await answer();
  await answer();
  expect(await Promise.all(runs)).toEqual([0, 1, 2, 3]);
});

test('10,000 wait, and the next is refused; once one is done there is room', async () => {
  const { run, answer } = openQueue(1);
  const runs = Array.from({ length: 10_001 }, (_, n) => run(n));
  await expect(run(0)).rejects.toMatchObject({ code: 'store_busy' });
  await answer();
  runs.push(run(0));
  let done = 0;
  for (const each of runs) void each.then(() => (done += 1));
  while (done < runs.length) await answer();
});

test('16 MiB wait, and one byte more is refused', async () => {
  const { run, answer } = openQueue(1);
  const mebibyte = 1024 * 1024;
  const runs = Array.from({ length: 17 }, (_, n) => run(n, mebibyte));
  await expect(run(0, 1)).rejects.toMatchObject({ code: 'store_busy' });
  await answer();
  runs.push(run(17, mebibyte));
  for (let n = 0; n < 17; n++) await answer();
  expect(await Promise.all(runs)).toHaveLength(18);
});

test('one that fails makes room too', async () => {
  const { queue } = openQueue(1);
  await expect(queue.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await queue.run(1, async () => 'yes')).toBe('yes');
});

test('drained once all that came is answered, at once where nothing is under way', async () => {
  const { queue, run, answer } = openQueue(1);
  await queue.drained();
  const runs = [run(0), run(1)];
  let drained = false;
  const draining = queue.drained().then(() => {
    drained = true;
  });
  await answer();
  expect(drained).toBe(false);
  await answer();
  await draining;
  await Promise.all(runs);
});

test('one whose turn does not come in time is refused, and was not sent; the others keep their turns', async () => {
  const { queue, started, run, answer, clock } = openQueue(1);
  const first = run(0);
  const overdue = run(1).catch((error: unknown) => error);
  clock.ms = 10_000;
  const later = run(2);
  clock.ms = 15_000;
  clock.tick();
  expect(await Promise.race([overdue, new Promise(setImmediate)])).toMatchObject({
    code: 'store_busy',
    message: expect.stringMatching(/waited 15 s .* Nothing was sent/),
  });
  await answer();
  expect(started).toEqual([0, 2]);
  const drained = queue.drained();
  await answer();
  expect(await Promise.all([first, later, drained])).toEqual([0, 2, undefined]);
});

test('a turn that comes in the moment in which the time is over is not lost', async () => {
  const met = new Set<string>();
  for (let moment = -8; moment <= 8; moment++) {
    const { started, run, answer, answers, clock } = openQueue(1);
    const first = run(0);
    const second = run(1).then(
      () => 'sent',
      () => 'refused',
    );
    clock.ms = 15_000;
    const steps = [() => answers.shift()?.(), clock.tick];
    if (moment < 0) steps.reverse();
    steps[0]?.();
    for (let turn = 0; turn < Math.abs(moment); turn++) await Promise.resolve();
    steps[1]?.();
    await new Promise(setImmediate);
    const third = run(2);
    while (answers.length > 0) await answer();
    expect(started).toContain(2);
    expect([await first, await third]).toEqual([0, 2]);
    met.add(await second);
  }
  expect(met).toEqual(new Set(['sent', 'refused']));
});
