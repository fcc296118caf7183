// The server that the tests of one file share, and stores on it. Where there is no PostgreSQL, the tests are skipped aloud.
import { randomUUID } from 'node:crypto';
import { Pool, type PoolConfig } from 'pg';
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { type DatabaseUnderTest, databaseForTests, findBinaries, skipReason } from '../../testing/postgres-server/index.ts';
import type { EventStore, NewEvent, StoredEvent } from '../event-store.ts';
import { openPostgresEventStore, type PostgresEventStore, type PostgresEventStoreOptions } from './postgres.ts';

/** Defines tests that need a server: `define` gets a function that returns it once they run. */
export function describeOnServer(name: string, define: (database: () => DatabaseUnderTest) => void): void {
  const reason = skipReason();
  if (reason !== undefined) {
    console.warn(`SKIPPED: ${name}. ${reason}`);
    describe(name, () => test.skip(reason, () => undefined));
    return;
  }
  describe(name, () => {
    let database: DatabaseUnderTest;
    beforeAll(async () => {
      database = await databaseForTests();
    });
    afterAll(() => database?.remove());
    define(() => database);
  });
}

/** Defines tests that need servers of their own, to kill, replicate or configure. */
export function describeWithBinaries(name: string, define: () => void): void {
  if (findBinaries() !== undefined) {
    describe(name, define);
    return;
  }
  const reason = 'There are no programs of PostgreSQL on this machine. Run npm ci, or install postgresql';
  console.warn(`SKIPPED: ${name}. ${reason}`);
  describe(name, () => test.skip(reason, () => undefined));
}

/** Opens a store that ends with the test. */
export async function openStore(options: PostgresEventStoreOptions): Promise<PostgresEventStore> {
  const store = await openPostgresEventStore({ runtime: testRuntime, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A pool as a shop has one. It ends with the test. */
export function openPool(url: string, config: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: url, max: 4, ...config });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return pool;
}

export function newEvents(count: number, text = 'noted'): readonly NewEvent[] {
  return Array.from({ length: count }, () => ({ id: randomUUID(), type: 'Noted', data: { text }, metadata: { version: '1' } }));
}

export async function allEvents(store: EventStore): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.readLog()) events.push(...page.events);
  return events;
}
