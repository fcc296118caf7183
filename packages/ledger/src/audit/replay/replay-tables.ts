// Rebuilds the rows of the read models that are not of one order alone, and compares them with the live ones. Rows of one
// stream are compared as it is replayed; counters, and what facts of other streams change, when all parts are there.
import { isDeepStrictEqual } from 'node:util';
import type { StoredEvent } from '../../event-store/event-store.ts';
import { actionColumns, isOfRun, noteRuns } from '../../read-models/action-rows.ts';
import { foldHeld, type HeldRow, heldColumns, isOfReference, referenceOf } from '../../read-models/held-rows.ts';
import { type HourCounts, hourColumns, latencyColumns, waitColumns } from '../../read-models/hour-counts.ts';
import { nameColumns } from '../../read-models/name-rows.ts';
import { OrderNotes } from '../../read-models/order-rows.ts';
import type { QueuedRow } from '../../read-models/queue-rows.ts';
import { evidenceIn, foldUnreadables, isOfUnreadable, unreadableColumns } from '../../read-models/unreadable-rows.ts';
import type { Difference } from './difference.ts';
import { type Cell, type CounterTable, counterTables, type LiveTables, type RowTable, rowTables, splitCounter } from './live-tables.ts';

/** What one part of the log adds to the tables. */
export interface ReplayedTables {
  /** How many rows the part leads to. */
  readonly rows: Readonly<Record<Exclude<RowTable, 'unreadable'>, number>>;
  readonly counters: Readonly<Record<CounterTable, readonly (readonly Cell[])[]>>;
  /** Events of objects that could not be read, and facts about them. */
  readonly unreadable: readonly StoredEvent[];
}

export class ReplayTables {
  readonly notes: OrderNotes = new OrderNotes();
  readonly #live: LiveTables;
  readonly #differs: (difference: Difference) => void;
  readonly #watched: ReadonlySet<string>;
  readonly #rows = { names: 0, queued: 0, actions: 0, held: 0 };
  readonly #unreadable: StoredEvent[] = [];

  constructor(live: LiveTables, differs: (difference: Difference) => void) {
    this.#live = live;
    this.#differs = differs;
    this.#watched = live.unreadable();
  }

  /** Compares what the events of one order led to. */
  order(orderId: string, queued: readonly QueuedRow[]): void {
    const subject = `order ${orderId}`;
    const own = this.notes.names.get(orderId);
    const seen = new Set<string>();
    for (const columns of own ? nameColumns(orderId, own) : []) {
      const [id, kind] = columns;
      const name = `${kind} ${id.toLowerCase()}`;
      if (!seen.has(name)) this.#compare(subject, 'names', columns);
      seen.add(name);
    }
    for (const { queue, since, until } of queued) this.#compare(subject, 'queued', [queue, since, orderId, until]);
    this.notes.names.clear();
  }

  /** Takes the events of a stream: all that are not of an order alone. */
  stream(name: string, events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (isOfUnreadable(name) || evidenceIn(event).some((id) => this.#watched.has(id))) this.#unreadable.push(event);
    }
    if (isOfRun(name)) noteRuns(events, this.notes.actions);
    if (!isOfReference(name)) return;
    const reference = referenceOf(name);
    let held: HeldRow | undefined;
    for (const event of events) held = foldHeld(held, event);
    if (held) this.#compare(`reference ${reference}`, 'held', heldColumns(reference, held));
  }

  end(): ReplayedTables {
    const { actions, counts } = this.notes;
    for (const row of actions.rows.values()) {
      const ended = row.action === 'run' && row.runId !== null ? actions.ended.get(row.runId) : undefined;
      this.#compare(`action ${row.position}`, 'actions', actionColumns({ ...row, outcome: ended ?? row.outcome }));
    }
    return { rows: this.#rows, counters: countersIn(counts), unreadable: this.#unreadable };
  }

  #compare(subject: string, table: Exclude<RowTable, 'unreadable'>, columns: readonly Cell[]): void {
    this.#rows[table] += 1;
    const live = this.#live.row(table, columns);
    if (!isSameRow(columns, live)) this.#differs({ subject, place: table, replayed: columns.join(' '), live: textOf(live) });
  }
}

function countersIn({ hours, latencies, waits }: HourCounts): ReplayedTables['counters'] {
  return {
    hours: [...hours.values()].map(hourColumns),
    latencies: [...latencies.values()].map(latencyColumns),
    waits: [...waits.values()].map(waitColumns),
  };
}

/** Compares what needs all parts of the log: how many rows there are, the counters, and the objects that could not be read. */
export function tableDifferences(live: LiveTables, parts: readonly ReplayedTables[]): readonly Difference[] {
  return [
    ...rowCounts(live, parts),
    ...counterTables.flatMap((table) => counterDifferences(live, table, parts)),
    ...unreadables(live, parts),
  ];
}

function rowCounts(live: LiveTables, parts: readonly ReplayedTables[]): readonly Difference[] {
  return rowTables.flatMap((table) => {
    if (table === 'unreadable') return [];
    const [replayed, found] = [parts.reduce((sum, { rows }) => sum + rows[table], 0), live.count(table)];
    // A row that is missing was reported already.
    return found <= replayed ? [] : [{ subject: table, place: table, replayed: `${replayed} rows`, live: `${found} rows` }];
  });
}

function counterDifferences(live: LiveTables, table: CounterTable, parts: readonly ReplayedTables[]): readonly Difference[] {
  const replayed = new Map<string, readonly Cell[]>();
  for (const { counters } of parts) {
    for (const columns of counters[table]) {
      const [key, counted] = splitCounter(table, columns);
      replayed.set(key, added(table, counted, replayed.get(key)));
    }
  }
  const found = live.counters(table);
  return [...new Set([...replayed.keys(), ...found.keys()])].flatMap((key) => {
    const [here, there] = [replayed.get(key), found.get(key)];
    if (isDeepStrictEqual(here ?? nothing(there), there ?? nothing(here))) return [];
    return [{ subject: `${table} ${key}`, place: table, replayed: textOf(here), live: textOf(there) }];
  });
}

/** Counts add up; of times and waits the greater stays. */
function added(table: CounterTable, a: readonly Cell[], b: readonly Cell[] | undefined): readonly Cell[] {
  if (b === undefined) return a;
  return a.map((cell, index) => {
    const other = b[index] ?? 0;
    if (typeof cell === 'string') return cell > String(other) ? cell : other;
    return table === 'waits' ? Math.max(Number(cell), Number(other)) : Number(cell) + Number(other);
  });
}

/** A row in which nothing is counted is the same as none. */
function nothing(row: readonly Cell[] | undefined): readonly Cell[] {
  return (row ?? []).map((cell) => (typeof cell === 'string' ? '' : 0));
}

function unreadables(live: LiveTables, parts: readonly ReplayedTables[]): readonly Difference[] {
  const events = parts.flatMap(({ unreadable }) => unreadable).sort((a, b) => (a.position < b.position ? -1 : 1));
  const rows = foldUnreadables(events, () => undefined);
  return [...new Set([...rows.keys(), ...live.unreadable()])].flatMap((objectId) => {
    const row = rows.get(objectId);
    const [replayed, found] = [row && unreadableColumns(objectId, row), live.row('unreadable', [objectId])];
    if (isSameRow(replayed, found)) return [];
    return [{ subject: `object ${objectId}`, place: 'unreadable', replayed: textOf(replayed), live: textOf(found) }];
  });
}

function isSameRow(a: readonly Cell[] | undefined, b: readonly Cell[] | undefined): boolean {
  return isDeepStrictEqual(a?.map(comparable), b?.map(comparable));
}

/** The order of the keys of an object that is stored as JSON does not matter. */
function comparable(cell: Cell): unknown {
  if (typeof cell !== 'string' || !cell.startsWith('{')) return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}

function textOf(row: readonly Cell[] | undefined): string {
  return row === undefined ? 'nothing' : row.join(' ');
}
