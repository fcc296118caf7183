// The file of the read models: rows and cursors together, so that a page and its cursor are one transaction.
// Everything in it comes from the log: the file can be deleted at any time, and is rebuilt.
import { existsSync, rmSync } from 'node:fs';
import { LedgerError } from '../errors.ts';
import { type EventStore, logStart, type Position, type StoredEvent } from '../event-store/event-store.ts';
import { whenFree } from '../event-store/sqlite/contention.ts';
import { asLedgerError, isCorrupt } from '../event-store/sqlite/failure.ts';
import { refuseForeignObjects } from '../event-store/sqlite/foreign-objects.ts';
import { pragma } from '../event-store/sqlite/migrations.ts';
import { DatabaseSync } from '../event-store/sqlite/node-sqlite.ts';
import type { Runtime } from '../runtime.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { policyAggregate } from '../streams/policy-stream.ts';
import { referenceAggregate } from '../streams/reference-streams.ts';
import { runAggregate } from '../streams/run-streams.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { sweepAggregate } from '../streams/sweep-streams.ts';
import { unreadableAggregate } from '../streams/unreadable-streams.ts';
import { makePrivately } from '../written-files.ts';
import { applicationId, layout, schema } from './read-model-layout.ts';

/** The streams that the read models are made from; below, the name of their cursor. */
export const readModelPrefixes: readonly string[] = [
  orderAggregate,
  sweepAggregate,
  referenceAggregate,
  unreadableAggregate,
  runAggregate,
  subscriptionAggregate,
  policyAggregate,
].map(({ stream }) => stream(''));
export const readModelCursor = 'orders';
/** How long to wait for other processes on the same file, which hold it for the length of a page. */
const busyTimeoutMs = 10_000;

export interface ReadModelFile {
  readonly db: DatabaseSync;
  /** The position up to which the subscriber of this name has read; `logStart`: nothing yet. */
  cursor(name: string): Position;
  /**
   * Runs `work` and moves the cursor to `next`, in one transaction. `from` is the cursor before that: another process on the
   * same file may have moved it, so `work` skips events up to it. If the cursor has passed `next`, nothing is done.
   * @throws LedgerError `store_busy`: other processes held the file for 10 s. `store_full`, `store_unavailable`, `corrupt`. Also
   *   what `work` throws, after a rollback.
   */
  advance(
    name: string,
    page: { readonly events: readonly StoredEvent[]; readonly next: Position },
    work: (from: Position) => void,
  ): Promise<void>;
  /** Runs `work` in one transaction, and moves no cursor. @throws LedgerError as `advance`. */
  change(work: () => void): Promise<void>;
  close(): void;
}

/**
 * Opens the file. Drops and rebuilds one that cannot be used: it has another layout, is damaged, holds a trigger or view that is
 * not ours, or belongs to another log
 * (the log was restored from a backup, or replaced).
 *
 * @param path a file, or `:memory:`.
 * @throws LedgerError `invalid_input`: another program's file. `store_busy`: held by another process for 10 s.
 *   `store_unavailable`: it cannot be read or written. Also what reading the store throws.
 */
export async function openReadModelFile(path: string, store: EventStore, runtime: Runtime): Promise<ReadModelFile> {
  const open = (): Promise<DatabaseSync> => whenFree(runtime, busyTimeoutMs * runtime.patience, () => openOrDrop(path));
  let db = await open();
  try {
    if (!(await isOf(db, store))) {
      db.close();
      drop(path);
      db = await open();
    }
    return readModelFile(db, path, runtime);
  } catch (error) {
    if (db.isOpen) db.close();
    throw error;
  }
}

function readModelFile(db: DatabaseSync, path: string, runtime: Runtime): ReadModelFile {
  const readCursor = db.prepare('select position from cursors where name = ?');
  const writeCursor = db.prepare('insert or replace into cursors values (?, ?)');
  const writeLastEvent = db.prepare('insert or replace into last_events values (?, ?, ?, ?)');

  function cursor(name: string): Position {
    return (readCursor.get(name)?.['position'] as Position | undefined) ?? logStart;
  }

  // Another process may hold the file for a moment; waiting inside SQLite would stop this whole process. The transaction
  // has no `await` inside: the other subscriber writes through the same connection.
  const change: ReadModelFile['change'] = (work) =>
    whenFree(runtime, busyTimeoutMs * runtime.patience, () =>
      withLedgerErrors(path, () => {
        db.exec('begin immediate');
        try {
          work();
          db.exec('commit');
        } catch (error) {
          if (db.isTransaction) db.exec('rollback');
          throw error;
        }
      }),
    );

  return {
    db,
    cursor,
    advance: (name, { events, next }, work) =>
      change(() => {
        const from = cursor(name);
        if (from >= next) return;
        work(from);
        const last = events.at(-1);
        if (last) writeLastEvent.run(name, last.stream, last.revision, last.id);
        writeCursor.run(name, next);
      }),
    change,
    close: () => db.close(),
  };
}

/** True if the file holds read models as this release lays them out: opening it drops nothing for that. Makes no file. */
export function hasReadModels(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return pragma(db, 'application_id') === applicationId && pragma(db, 'user_version') === layout;
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}

/** True if, for each cursor, the log reaches it, still has the last event that was read, and has no other event between the two. */
async function isOf(db: DatabaseSync, store: EventStore): Promise<boolean> {
  const cursors = db.prepare('select name, position, stream, revision, event_id from cursors left join last_events using (name)').all();
  for (const { name, position, stream, revision, event_id } of cursors) {
    let last = logStart;
    if (event_id !== null) {
      const event = await eventAfter(store, String(stream), Number(revision) - 1);
      if (event === undefined || event.id !== event_id) return false;
      last = event.position;
    }
    const cursor = position as Position;
    if (!(await hasReached(store, cursor)) || (await holdsEvent(store, last, cursor, readBy(String(name))))) return false;
  }
  return true;
}

/** Undefined: there is none, or its stream cannot be read (it was deleted on the server): then the rows are made anew. */
async function eventAfter(store: EventStore, stream: string, afterRevision: number): Promise<StoredEvent | undefined> {
  try {
    const [event] = await store.readStream(stream, { afterRevision });
    return event;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'corrupt') return undefined;
    throw error;
  }
}

/** The prefixes that a cursor reads for sure: those of orders, and for the read models those of sweeps too. */
function readBy(cursor: string): readonly string[] {
  return cursor === readModelCursor ? readModelPrefixes : [orderAggregate.stream('')];
}

/** True if the log has an event between the last one that a cursor read and the cursor: it was not there when the cursor passed. */
async function holdsEvent(store: EventStore, after: Position, upTo: Position, prefixes: readonly string[]): Promise<boolean> {
  for await (const { events, next } of store.readLog({ after, prefixes })) {
    if (events[0] !== undefined) return events[0].position <= upTo;
    if (next >= upTo) return false;
  }
  return false;
}

/** True if the log reaches the position: a store refuses one that lies past its end. */
async function hasReached(store: EventStore, position: Position): Promise<boolean> {
  try {
    for await (const _ of store.readLog({ after: position })) break;
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return false;
    throw error;
  }
}

function openOrDrop(path: string): DatabaseSync {
  try {
    return openLaidOut(path);
  } catch (error) {
    if (path === ':memory:' || !(error instanceof LedgerError) || error.code !== 'corrupt') throw error;
  }
  drop(path);
  return openLaidOut(path);
}

function drop(path: string): void {
  if (path !== ':memory:') for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

/** @throws LedgerError `corrupt`: the file holds read models, and cannot be used. `invalid_input`: it is another program's. */
function openLaidOut(path: string): DatabaseSync {
  return withLedgerErrors(path, () => {
    if (path !== ':memory:') makePrivately(path);
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec('begin'); // Both checks read one snapshot: another process may be laying out this file.
      refuseForeignFile(db, path);
      db.exec('commit');
      db.exec('pragma journal_mode = wal; pragma synchronous = normal');
      // The version is read inside the transaction: of two processes that open a new file at once, the second finds it laid out.
      db.exec('begin immediate');
      if (pragma(db, 'user_version') === 0) db.exec(schema);
      db.exec('commit');
      const found = pragma(db, 'user_version');
      if (found !== layout) throw new LedgerError('corrupt', `${path} has read model layout ${found}, not ${layout}`); // Dropped above.
      refuseForeignObjects(db, path, [schema]); // A trigger in it would change what the lists show. Dropped above, too.
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function refuseForeignFile(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') === applicationId) return;
  const isNew = pragma(db, 'user_version') === 0 && db.prepare('select 1 from sqlite_schema').get() === undefined;
  if (isNew) return;
  throw new LedgerError(
    'invalid_input',
    `${path} holds something else than read models. It was left as it is; name another file in \`readModels\``,
  );
}

function withLedgerErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const mapped = asLedgerError(error, path);
    if (mapped === error || !isCorrupt(mapped)) throw mapped;
    const damaged = `${path} is damaged. It holds read models and nothing else: end this process, delete it, start again`;
    throw new LedgerError('corrupt', damaged, { cause: error });
  }
}
