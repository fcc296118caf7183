// The layout of the log file, and its updates. A file of another program or of a newer release is refused before anything in
// it is changed. Events are never rewritten.
import type { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../errors.ts';
import { rollBack } from './failure.ts';
import { refuseForeignObjects } from './foreign-objects.ts';

/** "PdOn" in the file's header marks the file as ours. */
export const applicationId: number = 0x50644f6e;

/** Step n changes `user_version` from n to n + 1. Never edit a released step; add a new one. */
export const migrations: readonly string[] = [
  // Measured at 5 million events: the speed stays the same as the log grows, and is 2 to 3 times that of a text-keyed or a
  // clustered layout. AUTOINCREMENT: a position is never given twice, even if rows were deleted.
  `CREATE TABLE streams (
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     revision INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE events (
     position INTEGER PRIMARY KEY AUTOINCREMENT,
     stream INTEGER NOT NULL REFERENCES streams (id),
     revision INTEGER NOT NULL,
     id TEXT NOT NULL,
     type TEXT NOT NULL,
     data TEXT NOT NULL,
     metadata TEXT NOT NULL,
     UNIQUE (stream, revision)
   ) STRICT;`,
];

/**
 * @throws LedgerError `invalid_input`: the file is another program's. `file_newer`: a newer release wrote it. `corrupt`: it holds
 *   a trigger, view, table or index that the ledger did not make.
 */
export function refuseForeignFile(db: DatabaseSync, path: string, known: readonly string[] = migrations): void {
  const application = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  if (application === applicationId) {
    if (version <= known.length) {
      refuseForeignObjects(db, path, known.slice(0, version));
      return;
    }
    throw new LedgerError(
      'file_newer',
      `${path} has layout ${version}, this release knows up to ${known.length}. Upgrade @paidonce/ledger; the file was left as it is.`,
    );
  }
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'];
  if (application === 0 && version === 0 && tables === 0) return;
  throw new LedgerError(
    'invalid_input',
    `${path} is a SQLite file of another program (application_id ${application}). It was left as it is; choose another path.`,
  );
}

/** Updates the file to the newest layout, in one transaction: a crash leaves it unchanged. @throws as `refuseForeignFile`. */
export function migrate(db: DatabaseSync, path: string, known: readonly string[] = migrations): void {
  if (pragma(db, 'application_id') === applicationId && pragma(db, 'user_version') === known.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    refuseForeignFile(db, path, known); // Checked again: another process may have changed the file meanwhile.
    for (const step of known.slice(pragma(db, 'user_version'))) db.exec(step);
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${known.length}; COMMIT`);
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
