// All rows of a file of read models, to compare two files that were made from the same log in different pages.
import type { DatabaseSync } from 'node:sqlite';

/**
 * The tables that say how far a subscriber has come, and no more; and the folded sweeps: an event that an older release on the
 * file could not read leaves its row behind, and whoever needs the state reads the stream on from there.
 */
const leftOut: readonly string[] = ['cursors', 'last_events', 'skipped_streams', 'sweeps'];

/**
 * The rows as sorted texts, by table. Left out is what depends on where the pages ended, and may: whether an account was ever
 * paid, where the payment was moved away; counters at 0; and the order of the keys of what is stored as JSON.
 */
export function allRows(db: DatabaseSync): ReadonlyMap<string, readonly string[]> {
  const tables = db.prepare("select name from sqlite_schema where type = 'table' order by name").all();
  const names = tables.map(({ name }) => String(name)).filter((name) => !leftOut.includes(name) && !name.startsWith('sqlite_'));
  return new Map(names.map((name) => [name, rowsOf(db, name)]));
}

function rowsOf(db: DatabaseSync, table: string): readonly string[] {
  const rows = db.prepare(`select * from ${table}`).all();
  return rows
    .filter((row) => table !== 'hours' || ['grants', 'rescued', 'webhooks', 'missed'].some((column) => row[column] !== 0))
    .map(({ ever_paid: _, ...row }) => JSON.stringify(Object.entries(row).map(([column, cell]) => [column, sameText(cell)])))
    .sort();
}

function sameText(cell: unknown): unknown {
  return typeof cell === 'string' && cell.startsWith('{') ? sorted(JSON.parse(cell)) : cell;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}
