// The rows of the live read models that are not of one order alone: what orders are found by, where they wait, what people did,
// what is held or cannot be read, and the counters by the hour.
import type { DatabaseSync } from 'node:sqlite';

/** The tables that are compared row by row, with the columns of their keys. */
const keys = {
  names: ['id', 'kind', 'order_id'],
  queued: ['queue', 'since', 'order_id'],
  actions: ['position'],
  held: ['reference'],
  unreadable: ['object_id'],
} as const;
export type RowTable = keyof typeof keys;
export const rowTables = Object.keys(keys) as readonly RowTable[];

/** The counters, with the columns of their keys. The last columns are what is counted. */
const counters = {
  hours: ['hour', 'account', 'livemode', 'source'],
  latencies: ['hour', 'account', 'livemode', 'stage', 'bucket'],
  waits: ['hour', 'account', 'livemode'],
} as const;
export type CounterTable = keyof typeof counters;
export const counterTables = Object.keys(counters) as readonly CounterTable[];

export type Cell = string | number | null;

export interface LiveTables {
  /** The row with the key that these columns begin with. Undefined: there is none. */
  row(table: RowTable, columns: readonly Cell[]): readonly Cell[] | undefined;
  /** How many rows a table has. */
  count(table: RowTable): number;
  /** The rows of a counter: what is counted, by the key as text. */
  counters(table: CounterTable): ReadonlyMap<string, readonly Cell[]>;
  /** The objects that could not be read. */
  unreadable(): ReadonlySet<string>;
}

export function openLiveTables(db: DatabaseSync): LiveTables {
  const of = <T>(make: (table: RowTable) => T): Record<RowTable, T> =>
    Object.fromEntries(rowTables.map((table) => [table, make(table)])) as Record<RowTable, T>;
  const row = of((table) => db.prepare(`SELECT * FROM ${table} WHERE ${keys[table].map((column) => `${column} = ?`).join(' AND ')}`));
  return {
    row: (table, columns) => {
      const found = row[table].get(...columns.slice(0, keys[table].length));
      return found && (Object.values(found) as Cell[]);
    },
    count: (table) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']),
    counters: (table) =>
      new Map(
        db
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map((found) => splitCounter(table, Object.values(found) as Cell[])),
      ),
    unreadable: () =>
      new Set(
        db
          .prepare('SELECT object_id FROM unreadable')
          .all()
          .map((found) => String(found['object_id'])),
      ),
  };
}

/** The key of a counter's row as text, and what it counts. */
export function splitCounter(table: CounterTable, columns: readonly Cell[]): readonly [key: string, counted: readonly Cell[]] {
  const length = counters[table].length;
  return [columns.slice(0, length).join(' '), columns.slice(length)];
}
