// Makes events to append, and reads pages of a log, for tests with any client.
import type { EventStore, LogPage, NewEvent, ReadLogOptions } from '../event-store.ts';

export function newEvents(count: number): readonly NewEvent[] {
  return Array.from({ length: count }, () => ({
    id: crypto.randomUUID(),
    type: 'Noted',
    data: { about: 'nothing' },
    metadata: { version: '1' },
  }));
}

export async function pagesOf(store: EventStore, options: ReadLogOptions = {}): Promise<readonly LogPage[]> {
  const pages: LogPage[] = [];
  for await (const page of store.readLog(options)) pages.push(page);
  return pages;
}
