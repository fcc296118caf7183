// The file of the read models: rows and cursors together, so that a page and its cursor are one transaction.
// Everything in it comes from the log: it can be dropped at any time, and is rebuilt.
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../errors.ts';
import { type EventStore, logStart, type Position, type StoredEvent } from '../event-store/event-store.ts';
import type { Runtime } from '../runtime.ts';

/** Another layout: the file is dropped and rebuilt. */
const layout = 1;

const schema = `
  create table cursors (name text primary key, position text not null) without rowid;
  -- The last event behind each cursor: tells whether the file belongs to the log.
  create table last_events (name text primary key, stream text not null, revision integer not null, event_id text not null) without rowid;
  create table orders (
    order_id text primary key,
    state text not null,
    member_id text,
    plan text,
    status text not null,
    since text,
    awaited_until text,
    pending integer not null
  ) without rowid;
  create index orders_by_member on orders (member_id, order_id) where status <> 'none';
  create index orders_awaited on orders (order_id) where awaited_until is not null;
  create index orders_pending on orders (order_id) where pending = 1;
  create table reviews (order_id text not null, review_id text not null, review text not null, primary key (order_id, review_id)) without rowid;
  pragma user_version = ${layout};
`;

export interface ReadModelFile {
  readonly db: DatabaseSync;
  cursor(name: string): Position;
  /**
   * Runs `work` and moves the cursor to `next` in one transaction. Where another process on the same file has
   * moved it further, `work` is told from where on it is still needed.
   */
  advance(
    name: string,
    page: { readonly events: readonly StoredEvent[]; readonly next: Position },
    work: (from: Position) => void,
  ): Promise<void>;
  close(): void;
}

/**
 * Opens the file, or drops and rebuilds one that cannot be used: of another layout, damaged, or of another log
 * (a backup was put back, or the log was moved away).
 *
 * @param path a file, or `:memory:`.
 */
export async function openReadModelFile(path: string, store: EventStore, runtime: Runtime): Promise<ReadModelFile> {
  let db = openOrDrop(path);
  if (!(await isOf(db, store))) {
    db.close();
    drop(path);
    db = openOrDrop(path);
  }
  return readModelFile(db, runtime);
}

function readModelFile(db: DatabaseSync, runtime: Runtime): ReadModelFile {
  const readCursor = db.prepare('select position from cursors where name = ?');
  const writeCursor = db.prepare('insert or replace into cursors values (?, ?)');
  const writeLastEvent = db.prepare('insert or replace into last_events values (?, ?, ?, ?)');

  function cursor(name: string): Position {
    return (readCursor.get(name)?.['position'] as Position | undefined) ?? logStart;
  }

  return {
    db,
    cursor,
    advance: async (name, { events, next }, work) => {
      // Another process may hold the file for a moment; waiting inside SQLite would stop this whole process.
      while (!begin(db)) await runtime.sleep(1 + runtime.random() * 10);
      try {
        const from = cursor(name);
        if (from < next) {
          work(from);
          const last = events.at(-1);
          if (last) writeLastEvent.run(name, last.stream, last.revision, last.id);
          writeCursor.run(name, next);
        }
        db.exec('commit');
      } catch (error) {
        if (db.isTransaction) db.exec('rollback');
        throw error;
      }
    },
    close: () => db.close(),
  };
}

/** The log still holds, at their places, the last events that were read from it. */
async function isOf(db: DatabaseSync, store: EventStore): Promise<boolean> {
  for (const { stream, revision, event_id } of db.prepare('select stream, revision, event_id from last_events').all()) {
    const [event] = await store.readStream(String(stream), { afterRevision: Number(revision) - 1 });
    if (event?.id !== event_id) return false;
  }
  return true;
}

function begin(db: DatabaseSync): boolean {
  try {
    db.exec('begin immediate');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === sqliteBusy;
}

function openOrDrop(path: string): DatabaseSync {
  try {
    return openLaidOut(path);
  } catch (error) {
    if (path === ':memory:' || isBusy(error)) throw error;
  }
  drop(path);
  return openLaidOut(path);
}

function drop(path: string): void {
  if (path !== ':memory:') for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

function openLaidOut(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = normal');
    const found = Number(db.prepare('pragma user_version').get()?.['user_version']);
    if (found !== layout) {
      if (found !== 0) throw new LedgerError('corrupt', `${path} has read model layout ${found}, not ${layout}`); // Dropped above.
      db.exec(`begin immediate; ${schema} commit`);
    }
    db.exec('pragma busy_timeout = 0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
