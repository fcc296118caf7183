// The read-only connection to a log file, for audits and backups.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { pragma } from './migrations.ts';
import { DatabaseSync } from './node-sqlite.ts';

/**
 * Connects to the file. SQLite's write-ahead log needs helper files beside the log. On a read-only medium it cannot create
 * them, so the file is then opened as one that does not change.
 */
export function connectReadOnly(path: string): DatabaseSync {
  // Wait up to 10 s for a lock: no customer waits for whoever only reads.
  const options = { readOnly: true, timeout: 10_000 };
  const db = new DatabaseSync(path, options);
  try {
    pragma(db, 'user_version');
    return db;
  } catch (error) {
    db.close();
    if (existsSync(`${path}-wal`)) throw error;
    const immutable = pathToFileURL(path);
    immutable.searchParams.set('immutable', '1');
    return new DatabaseSync(immutable, options);
  }
}
