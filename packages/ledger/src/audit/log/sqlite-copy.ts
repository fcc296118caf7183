// Gives an audit a SQLite file to scan by stream. A log in another store is copied into a temporary file first: the same
// events in the same order, so the same tree. The copy has new positions; the original ones are kept in a table beside them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Position } from '../../event-store/event-store.ts';
import { asLedgerError } from '../../event-store/sqlite/failure.ts';
import { migrate } from '../../event-store/sqlite/migrations.ts';
import { DatabaseSync } from '../../event-store/sqlite/node-sqlite.ts';
import { unfinishedPaths } from '../../unfinished-paths.ts';
import type { LogReader } from './log-reader.ts';
import { SqliteLog } from './sqlite-log.ts';
import { originsTable } from './sqlite-reading.ts';

export interface SqliteView {
  readonly log: SqliteLog;
  /** The position in this file that `asOf` stands for. Without `asOf`: the end of the log. */
  readonly upTo: number;
  /** How many events were copied into the temporary file; 0: the log is a SQLite file itself. */
  readonly copied: number;
}

export interface SqliteViewOptions {
  readonly asOf?: Position | undefined;
  /** Called with the number of events copied so far. Not called for a SQLite log, which is not copied. */
  readonly onEvents?: ((events: number) => void) | undefined;
  /** True for `verify` alone, which reports what is not ours in the file. All others refuse such a file. Default: false. */
  readonly reportsForeignObjects?: boolean;
}

/** Calls `work` with the SQLite file, and deletes the temporary file afterwards. Throws what `work` and the store throw. */
export async function withSqliteLog<T>(
  reader: LogReader,
  { asOf, onEvents, reportsForeignObjects = false }: SqliteViewOptions,
  work: (view: SqliteView) => Promise<T>,
): Promise<T> {
  const { sqlite } = reader;
  if (sqlite && !reportsForeignObjects) sqlite.refuseForeignObjects();
  if (sqlite) return work({ log: sqlite, upTo: asOf === undefined ? sqlite.end() : Number(asOf), copied: 0 });
  const folder = newFolder();
  unfinishedPaths.add(folder);
  let log: SqliteLog | undefined;
  try {
    const path = join(folder, 'log.db');
    const { upTo, copied } = await copyInto(path, reader, { asOf, onEvents });
    log = new SqliteLog(path, { isCopy: true });
    return await work({ log, upTo, copied });
  } finally {
    log?.close();
    rmSync(folder, { recursive: true, force: true });
    unfinishedPaths.delete(folder);
  }
}

function newFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'paidonce-audit-'));
  } catch (error) {
    throw asLedgerError(error, tmpdir());
  }
}

async function copyInto(
  path: string,
  reader: LogReader,
  { asOf, onEvents }: SqliteViewOptions,
): Promise<{ readonly upTo: number; readonly copied: number }> {
  const db = new DatabaseSync(path);
  try {
    // The file need not survive a crash.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    migrate(db, path);
    db.exec(originsTable);
    const addStream = db.prepare('INSERT INTO streams (name, revision) VALUES (?, ?)');
    const findStream = db.prepare('SELECT id FROM streams WHERE name = ?');
    const moveStream = db.prepare('UPDATE streams SET revision = ? WHERE id = ?');
    const addEvent = db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)');
    const addOrigin = db.prepare('INSERT INTO origins VALUES (?, ?)');
    let [upTo, copied] = [0, 0];
    for await (const rows of reader.rows()) {
      db.exec('BEGIN');
      for (const row of rows) {
        const known = findStream.get(row.stream)?.['id'];
        if (known !== undefined) moveStream.run(row.revision, known);
        const stream = known ?? addStream.run(row.stream, row.revision).lastInsertRowid;
        const { lastInsertRowid } = addEvent.run(stream, row.revision, row.id, row.type, row.data, row.metadata);
        addOrigin.run(lastInsertRowid, row.position);
        copied += 1;
        if (asOf === undefined || row.position <= asOf) upTo += 1;
      }
      db.exec('COMMIT');
      onEvents?.(copied);
    }
    return { upTo, copied };
  } catch (error) {
    throw asLedgerError(error, path); // The folder is full, say.
  } finally {
    db.close();
  }
}
