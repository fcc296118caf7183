// All rows of a file of read models, to compare two files that were made from the same log in different pages.
import type { DatabaseSync } from 'node:sqlite';

/** The tables that say how far a subscriber has come, and no more. */
const ofSubscribers: readonly string[] = ['cursors', 'last_events', 'skipped_streams'];

/**
 * The rows as sorted texts, by table. Left out is what depends on where the pages ended, and may: whether an account was ever
 * paid, where the payment was moved away; and counters at 0.
 */
export function allRows(db: DatabaseSync): ReadonlyMap<string, readonly string[]> {
  const tables = db.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  const names = tables.map(({ name }) => String(name)).filter((name) => !ofSubscribers.includes(name) && !name.startsWith('sqlite_'));
  return new Map(names.map((name) => [name, rowsOf(db, name)]));
}

function rowsOf(db: DatabaseSync, table: string): readonly string[] {
  const rows = db.prepare(`select * from ${table}`).all();
  return rows
    .filter((row) => table !== 'hours' || ['grants', 'rescued', 'webhooks', 'missed'].some((column) => row[column] !== 0))
    .map(({ ever_paid: _, ...row }) => JSON.stringify(row))
    .sort();
}
