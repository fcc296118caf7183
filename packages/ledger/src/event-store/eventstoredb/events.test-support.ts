// Makes and appends events, and reads pages of a log, for tests with any client.
import { expect } from 'vitest';
import type { EventStore, LogPage, NewEvent, ReadLogOptions } from '../event-store.ts';

export function newEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, () => ({
    id: crypto.randomUUID(),
    type: 'Noted',
    data: { about: 'nothing' },
    metadata: { version: '1' },
  }));
}

/** Appends so many new events at that revision, and looks at what the store answers. */
export async function appendAll(store: EventStore, stream: string, expectedRevision: number, count: number): Promise<void> {
  const result = await store.append(stream, expectedRevision, newEvents(count));
  expect(result).toMatchObject({ appended: true, revision: expectedRevision + count });
}

export async function pagesOf(store: EventStore, options: ReadLogOptions = {}): Promise<readonly LogPage[]> {
  const pages: LogPage[] = [];
  for await (const page of store.readLog(options)) pages.push(page);
  return pages;
}
