import { describe, expect, test } from 'vitest';
import { newLogPath } from './log-directory.test-support.ts';
import { type EventRow, RecentEvents } from './recent-events.ts';
import { openSqliteEventStore } from './sqlite.ts';

const rows = (from: number, to: number, chars = 1): EventRow[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    position: from + index,
    stream: 'order-1',
    revision: from + index,
    id: `event-${from + index}`,
    type: 'Noted',
    data: 'x'.repeat(chars),
    metadata: '',
  }));
const positions = (found: readonly EventRow[] | undefined) => found?.map(({ position }) => position);

describe('the newest events', () => {
  test('are those behind a position, as long as none is missing', () => {
    const recent = new RecentEvents();
    expect(recent.after(0)).toBeUndefined();
    recent.add(rows(5, 7));
    recent.add(rows(8, 8));
    expect(positions(recent.after(4))).toEqual([5, 6, 7, 8]);
    expect(positions(recent.after(6))).toEqual([7, 8]);
    expect(recent.after(8)).toEqual([]);
    expect(recent.after(3)).toBeUndefined();
  });

  test('begin anew behind a gap', () => {
    const recent = new RecentEvents();
    recent.add(rows(1, 2));
    recent.add(rows(4, 5));
    expect(recent.after(0)).toBeUndefined();
    expect(positions(recent.after(3))).toEqual([4, 5]);
  });

  test.each([
    ['number', rows(1, 3_000), 1_024],
    ['length', rows(1, 10, 1_024 * 1_024), 4],
  ])('are bounded by their %s', (_, many, most) => {
    const recent = new RecentEvents();
    for (const row of many) recent.add([row]);
    expect(recent.after(many.length - most - 1)).toBeUndefined();
    expect(recent.after(many.length - most)).toHaveLength(most);
  });
});

test('a follower gets what its own process and another one append in turn, in order, each once', async () => {
  const path = newLogPath();
  const [ours, theirs] = [await openSqliteEventStore(path), await openSqliteEventStore(path)];
  const end = new AbortController();
  const found: string[] = [];
  const following = (async () => {
    for await (const { events } of ours.readLog({ follow: end.signal })) found.push(...events.map(({ id }) => id));
  })();
  const appended: string[] = [];
  for (let number = 0; number < 40; number++) {
    const store = number % 8 < 5 ? ours : theirs;
    const id = `event-${number}`;
    await store.append('notes', number - 1, [{ id, type: 'Noted', data: { number }, metadata: { version: '1' } }]);
    appended.push(id);
    if (number % 8 === 4) await expect.poll(() => found.length).toBe(appended.length);
  }
  await expect.poll(() => found).toEqual(appended);
  end.abort();
  await following;
  await Promise.all([ours.close(), theirs.close()]);
});
