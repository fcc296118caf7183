// Audits that scan by stream work on a SQLite file. A log in another store is copied into a temporary one first: the
// same events in the same order, and so the same tree; only positions are counted anew.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Position } from '../event-store/event-store.ts';
import { moveForward } from '../event-store/sqlite/layout.ts';
import type { LogReader } from './log-reader.ts';
import { SqliteLog } from './sqlite-log.ts';

export interface SqliteView {
  readonly log: SqliteLog;
  /** The position in this file that `asOf` stands for; the end where there is none. */
  readonly upTo: number;
}

export async function withSqliteLog<T>(reader: LogReader, asOf: Position | undefined, work: (view: SqliteView) => Promise<T>): Promise<T> {
  if (reader.sqlite) return work({ log: reader.sqlite, upTo: asOf === undefined ? reader.sqlite.end() : Number(asOf) });
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-audit-'));
  let log: SqliteLog | undefined;
  try {
    const path = join(folder, 'log.db');
    const upTo = await copyInto(path, reader, asOf);
    log = new SqliteLog(path);
    return await work({ log, upTo });
  } finally {
    log?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns how many events lie up to `asOf`. */
async function copyInto(path: string, reader: LogReader, asOf: Position | undefined): Promise<number> {
  const db = new DatabaseSync(path);
  try {
    // Nobody needs it after a crash.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    moveForward(db, path);
    const addStream = db.prepare('INSERT INTO streams (name, revision) VALUES (?, ?)');
    const findStream = db.prepare('SELECT id FROM streams WHERE name = ?');
    const moveStream = db.prepare('UPDATE streams SET revision = ? WHERE id = ?');
    const addEvent = db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)');
    let upTo = 0;
    for await (const rows of reader.rows()) {
      db.exec('BEGIN');
      for (const row of rows) {
        const known = findStream.get(row.stream)?.['id'];
        if (known !== undefined) moveStream.run(row.revision, known);
        const stream = known ?? addStream.run(row.stream, row.revision).lastInsertRowid;
        addEvent.run(stream, row.revision, row.id, row.type, row.data, row.metadata);
        if (asOf === undefined || row.position <= asOf) upTo += 1;
      }
      db.exec('COMMIT');
    }
    return upTo;
  } finally {
    db.close();
  }
}
