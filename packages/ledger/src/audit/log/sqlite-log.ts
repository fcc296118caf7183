// A SQLite log, opened read-only. Returns the rows as they are in the file, also if somebody has changed them. Scans by
// stream as well as in log order, so that an audit needs little memory: it handles one order after the other.
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../errors.ts';
import type { Position } from '../../event-store/event-store.ts';
import { toPosition } from '../../event-store/log-pages.ts';
import { asLedgerError } from '../../event-store/sqlite/failure.ts';
import { refuseFound } from '../../event-store/sqlite/foreign-objects.ts';
import type { LogRow } from './log-row.ts';
import { damageIn, foreignObjectsIn, type Origins, openReadOnly, prepareOrigins, prepareReading } from './sqlite-reading.ts';

/** The columns of an event, in this order. */
type Columns = [position: number, stream: string | null, revision: number, id: string, type: string, data: string, metadata: string];

/** One stream of the file. */
export interface ScannedStream {
  readonly id: number;
  /** Null: its events belong to a stream that the file does not name. */
  readonly name: string | null;
  readonly rows: readonly LogRow[];
  /** Undefined: the stored head is the revision of its newest event. Else the two differ; −1: the stream has no event. */
  readonly wrongHead: { readonly head: number; readonly newest: number } | undefined;
}

/** How large the log is. */
export interface LogExtent {
  readonly events: number;
  /** Position of the last event; 0: none. */
  readonly end: number;
  /** The last position that SQLite has ever given in this file. */
  readonly lastGiven: number;
  /** How many events the longest stream has. */
  readonly longestStream: number;
}

/** A range of stream ids: those greater than `after`, up to and including `to`. */
export interface StreamRange {
  readonly after: number;
  readonly to: number;
}
type StreamHead = [id: number, name: string, head: number];
type OfStream = [position: number, revision: number, id: string, type: string, data: string, metadata: string, stream: number];

export type LinkRow = Pick<LogRow, 'stream' | 'position' | 'revision' | 'data'>;
type LinkColumns = [stream: string, position: number, revision: number, data: string];

const allStreams: StreamRange = { after: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const pageRows = 512;
const streamsAtOnce = 64;

export class SqliteLog {
  /** The absolute path of the file. */
  readonly path: string;
  /** Triggers, views, tables and indexes of the file that are not ours. `verify` reports them; all others refuse the file. */
  readonly foreignObjects: readonly string[];
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof prepareReading>;
  readonly #origins: Origins | undefined;

  /**
   * @param isCopy true if the file is a temporary copy of a log in another store.
   * @throws LedgerError `invalid_input`: the file is no log of ours. `file_newer`, `store_unavailable`. `corrupt`: it lacks a table.
   */
  constructor(path: string, { isCopy = false }: { readonly isCopy?: boolean } = {}) {
    this.path = resolve(path);
    this.#db = openReadOnly(this.path);
    this.foreignObjects = foreignObjectsIn(this.#db, isCopy);
    try {
      this.#sql = prepareReading(this.#db);
    } catch (error) {
      this.#db.close();
      this.refuseForeignObjects();
      throw asLedgerError(error, this.path);
    }
    this.#origins = isCopy ? prepareOrigins(this.#db) : undefined;
  }

  /** @throws LedgerError `corrupt`: the file holds objects that are not ours, so what it shows may not be what was recorded. */
  refuseForeignObjects(): void {
    refuseFound(this.foreignObjects, this.path);
  }

  /** What SQLite finds wrong with the file. Undefined: nothing. It reads the whole file. */
  damage(): string | undefined {
    return this.#reading(() => damageIn(this.#db));
  }

  /** Reads the size of the log, in one statement: so the figures are of one moment, also if the log is in use. */
  extent(): LogExtent {
    const [events, end, lastGiven, longest] = this.#reading(() => this.#sql.extent.get()) as unknown as number[];
    return { events: events ?? 0, end: end ?? 0, lastGiven: lastGiven ?? 0, longestStream: (longest ?? -1) + 1 };
  }

  /** Counts the streams of orders, also of those that are not placed yet. */
  orders(): number {
    const [count] = this.#reading(() => this.#sql.orders.get()) as unknown as [number];
    return count;
  }

  /** Returns the position of the last event; 0: there is none. */
  end(): number {
    const [end] = this.#reading(() => this.#sql.end.get()) as unknown as [number | null];
    return end ?? 0;
  }

  /** Converts a position of the original log to one in this file. They differ only in a temporary copy. */
  placeOf(position: Position): number {
    return this.#origins ? Number(this.#origins.placeOf.get(position)?.['place'] ?? 0) : Number(position);
  }

  /** Converts a position in this file to one of the original log. */
  originOf(position: string): string {
    return String(this.#origins?.originOf.get(Number(position))?.['origin'] ?? position);
  }

  /** Yields the rows in log order, page by page. A row whose stream has no name in the file gets the empty name. */
  *rows(after: number, upTo: number): Generator<readonly LogRow[], void, undefined> {
    for (let next = after; next < upTo; ) {
      const page = this.#reading(() => this.#sql.page.all(next, upTo, pageRows)) as unknown as readonly Columns[];
      const last = page.at(-1);
      if (last === undefined) return;
      yield page.map(toRow);
      next = last[0];
    }
  }

  /** Splits the streams into ranges of `size` streams. The first begins before all ids, the last ends after them. */
  streamRanges(size: number): readonly StreamRange[] {
    const ranges: StreamRange[] = [];
    let { after, to }: StreamRange = allStreams;
    for (;;) {
      to = this.#boundary(after, allStreams.to, size);
      ranges.push({ after, to });
      if (to === allStreams.to) return ranges;
      after = to;
    }
  }

  /** Yields the streams of a range, each with its events up to the position. */
  *streams(range: StreamRange, upTo: number): Generator<ScannedStream, void, undefined> {
    for (const batch of this.streamBatches(range, upTo)) yield* batch;
  }

  /** Yields the same streams in batches, as they are read from the file. */
  *streamBatches(range: StreamRange, upTo: number): Generator<readonly ScannedStream[], void, undefined> {
    for (let after = range.after; after < range.to; ) {
      const to = this.#boundary(after, range.to, streamsAtOnce);
      const heads = this.#reading(() => this.#sql.heads.all(after, to)) as unknown as readonly StreamHead[];
      const rows = this.#reading(() => this.#sql.streams.all(after, to, upTo)) as unknown as readonly OfStream[];
      const batch: ScannedStream[] = [];
      let at = 0;
      const take = (id: number, name: string | null): readonly LogRow[] => {
        const own: LogRow[] = [];
        for (let row = rows[at]; row && row[6] === id; row = rows[++at]) {
          own.push({
            position: toPosition(row[0]),
            stream: name ?? '',
            revision: row[1],
            id: row[2],
            type: row[3],
            data: row[4],
            metadata: row[5],
          });
        }
        return own;
      };
      const takeUnnamed = (before: number): void => {
        for (let row = rows[at]; row && row[6] < before; row = rows[at]) {
          batch.push({ id: row[6], name: null, rows: take(row[6], null), wrongHead: undefined });
        }
      };
      for (const [id, name, head] of heads) {
        takeUnnamed(id);
        const own = take(id, name);
        batch.push({ id, name, rows: own, wrongHead: own.at(-1)?.revision === head ? undefined : this.#wrongHead(id) });
      }
      takeUnnamed(Number.POSITIVE_INFINITY);
      yield batch;
      after = to;
    }
  }

  stream(name: string, upTo: number = Number.MAX_SAFE_INTEGER): readonly LogRow[] {
    return (this.#reading(() => this.#sql.stream.all(name, upTo)) as unknown as readonly Columns[]).map(toRow);
  }

  /** Returns the links in a reference's stream, oldest first. */
  links(stream: string, upTo: number): readonly LinkRow[] {
    const rows = this.#reading(() => this.#sql.links.all(stream, upTo)) as unknown as readonly LinkColumns[];
    return rows.map(toLinkRow);
  }

  /** Returns the links of all reference streams of a range, stream by stream. This takes a fourth of the time of single reads. */
  linksIn({ after, to }: StreamRange, upTo: number): readonly LinkRow[] {
    const rows = this.#reading(() => this.#sql.linksIn.all(after, to, upTo)) as unknown as readonly LinkColumns[];
    return rows.map(toLinkRow);
  }

  /** Returns the last event up to a position. */
  last(upTo: number): LogRow | undefined {
    const row = this.#reading(() => this.#sql.last.get(upTo)) as unknown as Columns | undefined;
    return row && toRow(row);
  }

  has(stream: string): boolean {
    return this.#reading(() => this.#sql.has.get(stream)) !== undefined;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #wrongHead(id: number): ScannedStream['wrongHead'] {
    const [head = -1, newest] = (this.#reading(() => this.#sql.newest.get(id)) ?? []) as unknown as [number?, (number | null)?];
    return head === newest ? undefined : { head, newest: newest ?? -1 };
  }

  /** Returns the id of the last of the next `count` streams, or the end of the range if there are fewer. */
  #boundary(after: number, to: number, count: number): number {
    const [last, found] = this.#reading(() => this.#sql.boundary.get(after, to, count)) as unknown as [number | null, number];
    return last === null || found < count ? to : last;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE') {
        throw new LedgerError(
          'corrupt',
          `${this.path} holds numbers that the ledger never gives. Keep the file as it is, and put a copy back`,
          { cause: error },
        );
      }
      throw asLedgerError(error, this.path);
    }
  }
}

function toLinkRow([stream, position, revision, data]: LinkColumns): LinkRow {
  return { stream, position: toPosition(position), revision, data };
}

function toRow([position, stream, revision, id, type, data, metadata]: Columns): LogRow {
  return { position: toPosition(position) as Position, stream: stream ?? '', revision, id, type, data, metadata };
}
