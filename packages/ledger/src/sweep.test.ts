import { describe, expect, test } from 'vitest';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { openSweeps } from './sweep.ts';
import { openTransactions } from './transact.ts';

const summary = { lookedAt: 3, calls: 1, found: 2, rescued: 1 };
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
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['started', 'taken']);
    expect(answers.map(({ round }) => round)).toEqual([1, 1]);
  });
  test('is seen by the one that came late', async () => {
    const { a, b } = openTwo();
    expect((await b.progress('fast')).round).toBe(0);
    await a.start('fast', 0);
    expect(await b.start('fast', 0)).toEqual({ outcome: 'taken', round: 1 });
    expect(await b.start('fast', 1)).toEqual({ outcome: 'started', round: 2 });
  });
  test('moves the cursor as it finishes, not before: the round of a process that died is read again', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await a.finish('fast', 1, { upTo: first, summary });
    await b.start('fast', 1);
    expect(await a.progress('fast')).toEqual({ round: 2, finished: false, upTo: first });
    await b.finish('fast', 2, { upTo: second, summary });
    expect(await a.progress('fast')).toEqual({ round: 2, finished: true, upTo: second });
  });
  test('that ends late takes neither the cursor nor a newer finished round back', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await b.start('fast', 1);
    await b.finish('fast', 2, { upTo: second, summary });
    await a.finish('fast', 1, { upTo: first, summary });
    expect(await a.progress('fast')).toEqual({ round: 2, finished: true, upTo: second });
  });
  test('of an older round does not finish the newer one that is still running', async () => {
    const { a, b } = openTwo();
    await a.start('fast', 0);
    await b.start('fast', 1);
    await a.finish('fast', 1, { upTo: first, summary });
    expect(await a.progress('fast')).toEqual({ round: 2, finished: false, upTo: first });
  });
  test('of another tier is another round', async () => {
    const { a } = openTwo();
    await a.start('fast', 0);
    expect(await a.progress('daily')).toEqual({ round: 0, finished: true });
  });
});

test('a result that makes no sense is refused by name', async () => {
  const { a } = openTwo();
  await expect(a.finish('fast', 0, { upTo: first, summary })).rejects.toThrow('result.round: ');
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
