// Compares the tables, indexes, triggers and views of a SQLite file with those that we make. A trigger that somebody put into
// the file changes each later event before it is hashed, and a view in the place of a table shows an auditor other events:
// an honest key would sign both. So a file is ours only if it holds what our own statements make, and nothing else.

import { LedgerError } from '../../errors.ts';
import { DatabaseSync } from './node-sqlite.ts';

/** ANALYZE makes these. They change how fast a query is, never what it returns. */
const statistics: ReadonlySet<string> = new Set(['sqlite_stat1', 'sqlite_stat4']);
/** Longer lists are cut off. */
const listed = 20;

/**
 * Returns what the file has and our statements do not make, and the reverse, one text each. Empty: the file is as we made it.
 * @param made the statements that made the file.
 */
export function foreignObjects(db: DatabaseSync, made: readonly string[]): readonly string[] {
  const ours = objectsMadeBy(made);
  const found = objectsOf(db);
  const foreign = [...found.keys()].filter((object) => !ours.has(object)).map((object) => found.get(object) ?? '');
  const missing = [...ours.keys()].filter((object) => !found.has(object)).map((object) => `no ${ours.get(object)} as the ledger made it`);
  return [...foreign, ...missing].slice(0, listed);
}

/** @throws LedgerError `corrupt`: somebody else has changed what the file is made of. */
export function refuseForeignObjects(db: DatabaseSync, path: string, made: readonly string[]): void {
  refuseFound(foreignObjects(db, made), path);
}

/** @throws LedgerError `corrupt`: the list from `foreignObjects` is not empty. */
export function refuseFound(found: readonly string[], path: string): void {
  if (found.length === 0) return;
  throw new LedgerError(
    'corrupt',
    `${path} holds what the ledger did not make: ${found.join('; ')}. Nothing was written. Stop the writers, keep a copy of the file as it is, find out who changed it, and run: paidonce verify`,
  );
}

function objectsMadeBy(made: readonly string[]): ReadonlyMap<string, string> {
  const db = new DatabaseSync(':memory:');
  try {
    for (const step of made) db.exec(step);
    return objectsOf(db);
  } finally {
    db.close();
  }
}

/** Key: kind, names and statement, with single blanks. Value: how messages name the object. */
function objectsOf(db: DatabaseSync): ReadonlyMap<string, string> {
  const rows = db.prepare('SELECT type, name, tbl_name AS owner, sql FROM sqlite_schema').all();
  return new Map(
    rows
      .map(({ type, name, owner, sql }) => ({ type: String(type), name: String(name), owner: String(owner), sql: String(sql ?? '') }))
      .filter(({ type, name }) => !(type === 'table' && statistics.has(name)))
      .map(({ type, name, owner, sql }) => [
        JSON.stringify([type, name, owner, sql.replace(/\s+/g, ' ')]),
        `${type} ${JSON.stringify(name)}${owner === name ? '' : ` on ${JSON.stringify(owner)}`}`,
      ]),
  );
}
