// Starts a server double and opens stores on it, for one test. The end of the test closes all.
import { EventStoreDBClient } from '@eventstore/db-client';
import { onTestFinished } from 'vitest';
import { ServerDouble, type ServerDoubleOptions } from '../../testing/eventstoredb-double/server-double.ts';
import type { EventStore, ReadLogOptions, StoredEvent } from '../event-store.ts';
import { type EventStoreDbEventStoreOptions, openEventStoreDbEventStore } from './eventstoredb.ts';

/** Long times: on a busy machine a short attempt would be given up before the double could answer it, again and again. */
export const testTimes = { timeoutMs: 600_000, attemptTimeoutMs: 60_000, quietMs: 50 } as const;
/** Short attempts, for a double that leaves calls without an answer. A call has as many of them as it takes. */
export const shortAttempts = { attemptTimeoutMs: 1_000 } as const;

/** A monotonic clock that stands still until it is started: a slow machine uses up no deadline that the test is not about. */
export function stoppedClock(): { readonly monotonicNowMs: () => number; start(): void; stop(): void } {
  let elapsedMs = 0;
  let startedMs: number | undefined;
  const now = (): number => elapsedMs + (startedMs === undefined ? 0 : performance.now() - startedMs);
  return {
    monotonicNowMs: now,
    start: () => {
      startedMs = performance.now();
    },
    stop: () => {
      elapsedMs = now();
      startedMs = undefined;
    },
  };
}

export async function startDouble(options?: ServerDoubleOptions): Promise<ServerDouble> {
  const double = await ServerDouble.start(options);
  onTestFinished(() => double.kill());
  return double;
}

/** Opens a store with its own client, as another process does. */
export async function openOn(url: string, options: EventStoreDbEventStoreOptions = {}): Promise<EventStore> {
  const store = await openEventStoreDbEventStore(EventStoreDBClient.connectionString(url), { ...testTimes, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Follows the log until `count` events have arrived, and returns them. */
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
