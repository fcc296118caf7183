import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { openSweeps } from './sweep-streams.ts';
import { openTransactions } from './transact.ts';

const summary = { lookedAt: 3, calls: 1, found: 2, rescued: 1 };
/** One call of the day before. */
const spentFirst = { day: '2026-01-01', reads: 1 };
const spentSecond = { day: '2026-01-02', reads: 1 };
const [first, second] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];

function openTwo() {
  const log = createMemoryLog();
  const open = (name: string) =>
    openSweeps(openTransactions({ store: openMemoryEventStore({ log }), runtime: instantRuntime(name), instance: name }));
  return { log, a: open('a'), b: open('b') };
}

describe('a round', () => {
  test('is started by one process', async () => {
    const { a, b } = openTwo();
    const answers = await Promise.all([a.start('fast', 0), b.start('fast', 0)]);
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['lost', 'started']);
    expect(answers.map(({ round }) => round)).toEqual([1, 1]);
  });
  test('is seen by the one that came late', async () => {
    const { a, b } = openTwo();
    expect((await b.progress('fast')).round).toBe(0);
    await a.start('fast', 0);
    expect(await b.start('fast', 0)).toEqual({ outcome: 'lost', round: 1 });
    expect(await b.start('fast', 1)).toEqual({ outcome: 'started', round: 2 });
  });
  test('moves the cursor as it finishes, not before: the round of a process that died is read again', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await a.finish('fast', 1, { upTo: first, summary });
    await b.start('fast', 1);
    expect(await a.progress('fast')).toEqual({ round: 2, finished: false, upTo: first, spent: [spentFirst] });
    await b.finish('fast', 2, { upTo: second, summary });
    expect(await a.progress('fast')).toEqual({ round: 2, finished: true, upTo: second, spent: [spentFirst, spentSecond] });
  });
  test('that ends late takes neither the cursor nor a newer finished round back', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await b.start('fast', 1);
    await b.finish('fast', 2, { upTo: second, summary });
    await a.finish('fast', 1, { upTo: first, summary });
    expect(await a.progress('fast')).toEqual({ round: 2, finished: true, upTo: second, spent: [spentFirst, spentSecond] });
  });
  test('of an older round does not finish the newer one that is still running', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await b.start('fast', 1);
    await a.finish('fast', 1, { upTo: first, summary });
    expect(await a.progress('fast')).toEqual({ round: 2, finished: false, upTo: first, spent: [spentFirst] });
  });
  test('that was taken for dead and ends is followed by none at once', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    expect((await b.progress('fast')).finished).toBe(false);
    await a.finish('fast', 1, { upTo: first, summary });
    expect(await b.start('fast', 1, { takesOver: true })).toEqual({ outcome: 'lost', round: 1 });
    expect(await b.start('fast', 1)).toEqual({ outcome: 'started', round: 2 });
    expect(await a.start('fast', 2, { takesOver: true })).toEqual({ outcome: 'started', round: 3 });
  });
  test('of another tier is another round', async () => {
    const { a } = openTwo();
    await a.start('fast', 0);
    expect(await a.progress('daily')).toEqual({ round: 0, finished: true, spent: [] });
  });
});

describe('a long round', () => {
  const position = { from: first, to: second, after: 'cs_1' };

  test('says where it is; the next one goes on from there if it died', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await a.advance('fast', 1, position);
    await a.advance('fast', 1, { ...position, after: 'cs_2' });
    expect((await b.progress('fast')).resume).toEqual({ ...position, after: 'cs_2' });
    await b.start('fast', 1);
    expect((await b.progress('fast')).resume).toEqual({ ...position, after: 'cs_2' });
  });
  test('is read to its end once it has finished', async () => {
    const { a } = openTwo();
    await a.start('fast', 0);
    await a.advance('fast', 1, position);
    await a.finish('fast', 1, { upTo: second, summary });
    expect(await a.progress('fast')).not.toHaveProperty('resume');
  });
  test('that was overtaken by a newer one takes nothing back', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await b.start('fast', 1);
    await a.advance('fast', 1, position);
    expect(await b.progress('fast')).not.toHaveProperty('resume');
    await b.advance('fast', 2, position);
    await a.finish('fast', 1, { upTo: first, summary });
    expect((await b.progress('fast')).resume).toEqual(position);
  });
});

describe('the reads that rounds have told of', () => {
  test('are summed by day, those outside the rounds too', async () => {
    const { a } = openTwo();
    await a.start('fast', 0);
    await a.finish('fast', 1, { upTo: first, summary: { ...summary, otherReads: 5, budgetLeft: -3 } });
    await a.start('fast', 1);
    await a.finish('fast', 2, { upTo: '2026-01-01T23:59:00.000Z', summary });
    expect((await a.progress('fast')).spent).toEqual([{ day: '2026-01-01', reads: 7, others: 5 }]);
  });
  test('are forgotten after 31 days', async () => {
    const { a } = openTwo();
    for (let round = 1; round <= 40; round++) {
      await a.start('fast', round - 1);
      await a.finish('fast', round, { upTo: new Date(Date.UTC(2026, 0, round)).toISOString(), summary });
    }
    const { spent } = await a.progress('fast');
    expect([spent.length, spent[0]?.day, spent.at(-1)?.day]).toEqual([31, '2026-01-10', '2026-02-09']);
  });
});

test('a result that makes no sense is refused by name', async () => {
  const { a } = openTwo();
  await expect(a.finish('fast', 0, { upTo: first, summary })).rejects.toThrow('result.round: ');
  await expect(a.advance('fast', 1, { from: first, to: 'now', after: 'cs_1' })).rejects.toThrow('position.to: ');
  await expect(a.finish('fast', 1, { upTo: 'now', summary })).rejects.toThrow('result.upTo: ');
  await expect(a.finish('fast', 1, { upTo: first, summary: { ...summary, calls: -1 } })).rejects.toThrow('result.summary.calls: ');
});

test('what cannot be read is told apart: a newer release, or damage', async () => {
  const { a, log } = openTwo();
  const store = openMemoryEventStore({ log });
  const event = { id: 'e1', type: 'SweepStarted', data: { round: 1 }, metadata: { version: '2' } };
  await store.append('sweep-newer', -1, [event]);
  await store.append('sweep-other', -1, [{ ...event, type: 'SweepPaused', metadata: { version: '1' } }]);
  await store.append('sweep-damaged', -1, [{ ...event, data: { round: 'one' }, metadata: { version: '1' } }]);
  await expect(a.progress('newer')).rejects.toMatchObject({ code: 'file_newer' });
  await expect(a.progress('other')).rejects.toMatchObject({ code: 'file_newer' });
  await expect(a.progress('damaged')).rejects.toMatchObject({ code: 'corrupt' });
});
