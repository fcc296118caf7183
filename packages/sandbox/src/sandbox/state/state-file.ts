// The sandbox's state in one SQLite file, so that sessions, payments and pending webhooks survive a restart.
// One process at a time: the file is held locked.
import { DatabaseSync } from 'node:sqlite';
import type { Row } from './collection.ts';

/** "PdSb", so that another program's file is never taken for ours. */
const APPLICATION_ID = 0x50645362;
const SCHEMA_VERSION = 1;

export interface SavedRow {
  readonly kind: string;
  readonly place: number;
  readonly row: Row;
}

export interface RowChange {
  readonly kind: string;
  readonly id: string;
  readonly place: number;
  /** Undefined: removed. */
  readonly row: Row | undefined;
}

export class StateFile {
  readonly #database: DatabaseSync;

  /** @throws Error if the file is not ours, is newer than this version, or another sandbox holds it. */
  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: 0 });
    this.#database = database;
    try {
      // Exclusive before WAL: the lock is then held for good, and a second sandbox fails here, not later.
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      database.exec('BEGIN IMMEDIATE');
      adopt(database, path);
      database.exec('COMMIT');
    } catch (error) {
      database.close();
      throw explain(error, path);
    }
  }

  *load(): Generator<SavedRow, void, undefined> {
    const rows = this.#database.prepare('SELECT kind, place, json FROM objects ORDER BY kind, place').all();
    for (const { kind, place, json } of rows) yield { kind: String(kind), place: Number(place), row: JSON.parse(String(json)) as Row };
  }

  write(changes: readonly RowChange[]): void {
    const database = this.#database;
    database.exec('BEGIN IMMEDIATE');
    try {
      const put = database.prepare('INSERT OR REPLACE INTO objects (kind, id, place, json) VALUES (?, ?, ?, ?)');
      const remove = database.prepare('DELETE FROM objects WHERE kind = ? AND id = ?');
      for (const { kind, id, place, row } of changes) {
        if (row) put.run(kind, id, place, JSON.stringify(row));
        else remove.run(kind, id);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function adopt(database: DatabaseSync, path: string): void {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  if (tables === 0) {
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};
      CREATE TABLE objects (kind TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID`);
    return;
  }
  if (pragma('application_id') !== APPLICATION_ID) throw new Error(`${path} is no state file of the Stripe sandbox. Name another file.`);
  if (pragma('user_version') > SCHEMA_VERSION) {
    throw new Error(
      `${path} was written by a newer sandbox (version ${pragma('user_version')}). Update the package, or name another file.`,
    );
  }
}

function explain(error: unknown, path: string): unknown {
  const locked = error instanceof Error && /database is locked/.test(error.message);
  return locked ? new Error(`${path} is held by another running sandbox. Stop that one, or name another file.`, { cause: error }) : error;
}
