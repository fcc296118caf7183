import { describe, expect, test } from 'vitest';
import type { LogPage, Position } from '../event-store.ts';
import { LogGrowth, logPages, toPosition } from '../log-pages.ts';
import { readAhead } from './read-ahead.ts';

/** A log of `length` events, of which a page has two; it counts its reads. */
class CountedLog {
  length: number;
  reads = 0;

  constructor(length: number) {
    this.length = length;
  }

  readonly page = async (after: Position): Promise<LogPage> => {
    this.reads += 1;
    const next = Math.min(Number(after) + 2, this.length);
    return { events: [], next: toPosition(next), caughtUp: next === this.length };
  };
}

describe('pages that are read ahead', () => {
  test('hide from a follower nothing that is appended while it handles the page before', async () => {
    const growth = new LogGrowth();
    const log = new CountedLog(3);
    const end = new AbortController();
    const pages = logPages({ page: readAhead(log.page), growth, closing: new AbortController().signal }, { follow: end.signal });
    expect((await pages.next()).value?.next).toBe(toPosition(2));
    await new Promise(setImmediate);
    log.length = 4; // The page to the head was read already, and the follower has not counted yet.
    growth.announce();
    expect((await pages.next()).value?.next).toBe(toPosition(4));
    end.abort();
    expect((await pages.next()).done).toBe(true);
  });

  test('are asked for once, but for the one at the head', async () => {
    const log = new CountedLog(7);
    const page = readAhead(log.page);
    for (let after = toPosition(0), end = false; !end; ) ({ next: after, caughtUp: end } = await page(after, undefined));
    expect(log.reads).toBe(5);
  });
});
