import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { LogPage } from './event-store.ts';
import { LogGrowth, logPages, toPosition } from './log-pages.ts';

describe('a follower that is woken', () => {
  /** Makes a log of `length` events that match no prefix. */
  function openLog() {
    const log = { length: 0, growth: new LogGrowth(), closing: new AbortController() };
    const page = (): LogPage => ({ events: [], next: toPosition(log.length), caughtUp: true });
    const end = new AbortController();
    const pages = logPages({ page, growth: log.growth, closing: log.closing.signal }, { follow: end.signal });
    return { log, pages, end };
  }

  test('for nothing gives no page', async () => {
    const { log, pages, end } = openLog();
    await pages.next();
    const second = pages.next();
    log.growth.announce();
    await new Promise(setImmediate);
    log.length = 1;
    log.growth.announce();
    expect((await second).value?.next).toBe(toPosition(1));
    end.abort();
    expect((await pages.next()).done).toBe(true);
  });

  test('sees what is appended while it reads, before it waits', async () => {
    const growth = new LogGrowth();
    let length = 0;
    const page = async (): Promise<LogPage> => {
      const read = { events: [], next: toPosition(length), caughtUp: true };
      if (length === 0) {
        length = 1;
        growth.announce(); // Comes after this page was read, but before a reader that counts too late would count.
      }
      return read;
    };
    const end = new AbortController();
    const pages = logPages({ page, growth, closing: new AbortController().signal }, { follow: end.signal });
    expect((await pages.next()).value?.next).toBe(toPosition(0));
    const second = pages.next();
    await new Promise(setImmediate);
    end.abort(); // A reader that waits gets no more pages.
    expect((await second).value?.next).toBe(toPosition(1));
  });

  test('leaves nothing behind on a signal that lives as long as the process', async () => {
    const growth = new LogGrowth();
    const { signal } = new AbortController();
    for (let n = 0; n < 3; n++) {
      const woken = growth.after(growth.count, signal);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      growth.announce();
      await woken;
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
