// Emmett, an event store of its own tables in PostgreSQL or SQLite. A stream for each payment; its first event counts it.
// As documented: a command handler reads the stream, decides, and appends what it decided, again where the version has changed.
// Tuned: no fold, and the append expects version 0, so that a conflict says that the payment has counted. (The documented constant
// `STREAM_DOES_NOT_EXIST` cannot be used for it: both stores take it for "any version".)
import { join } from 'node:path';
import { CommandHandler, type Event, type EventStore, isExpectedVersionConflictError } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { getSQLiteEventStore, sqliteConnection } from '@event-driven-io/emmett-sqlite';
import pg from 'pg';
import { type Paid, type Place, paidOf, poolSize, type Side, timesOf } from '../side.ts';

type PaymentCounted = Event<'PaymentCounted', { readonly [K in keyof Paid]: Paid[K] }>;
type Append = (stream: string, event: PaymentCounted) => Promise<unknown>;

const handle = CommandHandler<{ readonly isCounted: boolean }, PaymentCounted>({
  initialState: () => ({ isCounted: false }),
  evolve: () => ({ isCounted: true }),
  retry: { onVersionConflict: true },
});

function asDocumented(store: EventStore): Append {
  return (stream, event) => handle(store, stream, ({ isCounted }) => (isCounted ? [] : event));
}

function tuned(store: Pick<EventStore, 'appendToStream' | 'streamExists'>): Append {
  return async (stream, event) => {
    if (await store.streamExists(stream)) return;
    try {
      await store.appendToStream(stream, [event], { expectedStreamVersion: 0n as never });
    } catch (error) {
      if (!isExpectedVersionConflictError(error)) throw error;
    }
  };
}

export async function emmettPostgres(place: Place): Promise<Side> {
  return onPostgres(place, asDocumented);
}

export async function emmettPostgresTuned(place: Place): Promise<Side> {
  return onPostgres(place, tuned);
}

async function onPostgres({ url }: Place, appends: (store: EventStore) => Append): Promise<Side> {
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
  await store.schema.migrate();
  return {
    ...told(appends(store as unknown as EventStore)),
    counted: async () => {
      const { rows } = await pool.query<{ id: string }>(`select stream_id as id from emt_messages where message_type = 'PaymentCounted'`);
      return timesOf(rows.map(({ id }) => id));
    },
    close: async () => {
      await store.close();
      await pool.end().catch(() => undefined); // The store may have ended it.
    },
  };
}

/** Opens a connection for each call, as it does by itself. */
export async function emmettSqlite({ folder }: Place): Promise<Side> {
  const fileName = join(folder, 'events.db');
  const store = getSQLiteEventStore({ fileName, schema: { autoMigration: 'CreateOrUpdate' } });
  await store.schema.migrate();
  return { ...told(asDocumented(store as unknown as EventStore)), counted: () => countedIn(fileName), close: async () => undefined };
}

/**
 * One connection, on which calls must wait for each other: two at once would share a transaction, and the first to end would be
 * acknowledged before the commit.
 */
export async function emmettSqliteTuned({ folder }: Place): Promise<Side> {
  const fileName = join(folder, 'events.db');
  const connection = sqliteConnection({ fileName });
  await connection.command('PRAGMA synchronous = FULL');
  const store = getSQLiteEventStore({ fileName, connectionOptions: { singleton: true, connection } } as never);
  await store.schema.migrate();
  const append = tuned(store as unknown as EventStore);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn: Append = (stream, event) => {
    const mine = last.then(() => append(stream, event));
    last = mine.catch(() => undefined);
    return mine;
  };
  return { ...told(inTurn), counted: () => countedIn(fileName), close: async () => connection.close() };
}

function told(append: Append): Pick<Side, 'prepare' | 'paid'> {
  return {
    prepare: async () => undefined,
    paid: async (payment) => {
      const data = paidOf(payment);
      await append(`payment-${data.payment}`, { type: 'PaymentCounted', data });
    },
  };
}

async function countedIn(fileName: string): Promise<ReadonlyMap<number, number>> {
  const connection = sqliteConnection({ fileName });
  const rows = await connection.query<{ id: string }>(`SELECT stream_id AS id FROM emt_messages WHERE message_type = 'PaymentCounted'`);
  connection.close();
  return timesOf(rows.map(({ id }) => id));
}
