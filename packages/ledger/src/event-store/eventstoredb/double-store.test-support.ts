// A double and stores on it, for one test: short times, closed at its end.
import { EventStoreDBClient } from '@eventstore/db-client';
import { onTestFinished } from 'vitest';
import { ServerDouble, type ServerDoubleOptions } from '../../testing/eventstoredb-double/server-double.ts';
import type { EventStore, ReadLogOptions, StoredEvent } from '../event-store.ts';
import { type EventStoreDbEventStoreOptions, openEventStoreDbEventStore } from './eventstoredb.ts';

/** Long enough for a slow machine, short enough to wait for. */
export const shortTimes = { timeoutMs: 8_000, attemptTimeoutMs: 400, quietMs: 50 } as const;

export async function startDouble(options?: ServerDoubleOptions): Promise<ServerDouble> {
  const double = await ServerDouble.start(options);
  onTestFinished(() => double.kill());
  return double;
}

/** A handle with a client of its own, as another process has it. */
export async function openOn(url: string, options: EventStoreDbEventStoreOptions = {}): Promise<EventStore> {
  const store = await openEventStoreDbEventStore(EventStoreDBClient.connectionString(url), { ...shortTimes, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** What a follower is given, until there are `count` events. */
export async function followed(
  store: EventStore,
  count: number,
  options: Omit<ReadLogOptions, 'follow'> = {},
): Promise<readonly StoredEvent[]> {
  const enough = new AbortController();
  const events: StoredEvent[] = [];
  for await (const page of store.readLog({ ...options, follow: enough.signal })) {
    events.push(...page.events);
    if (events.length >= count) enough.abort();
  }
  return events;
}
