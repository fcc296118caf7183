// The synchronous engine: one connection to one log file. `commit` writes a group of appends in one transaction, and decides
// each set of appends separately; the other methods read. Nothing here waits, and no cursor stays open after a call.
import type { BigIntStats } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { invariant } from '../../errors.ts';
import type { AppendResult, LogPage, Position, StoredEvent } from '../event-store.ts';
import { pageEvents, refusePositionPastEnd, toPosition } from '../log-pages.ts';
import { LastKnown } from '../log-went-back.ts';
import type { CheckedAppend } from '../stored-text.ts';
import { asLedgerError, rollBack } from './failure.ts';
import { prepareStatements, type Statements } from './log-statements.ts';
import { MainFile } from './main-file.ts';
import { pragma, refuseForeignFile } from './migrations.ts';
import { type EventRow, RecentEvents, storedEventOf } from './recent-events.ts';

/** How many ends of streams are remembered, in about 20 MB. Then they are forgotten together: each is one small read. */
const maxHeads = 100_000;
/** A page also ends after this much stored text (in UTF-16 units), so that large events do not fill the memory. */
const pageChars = 4 * 1024 * 1024;

export interface Committed {
  /** The results of the appends of each set, in their order. */
  readonly results: readonly (readonly AppendResult[])[];
  /** True if another connection has committed since our last commit. */
  readonly othersWrote: boolean;
}

/** The end of a stream. `LogFile.#append` writes `revision`. */
interface Head {
  readonly id: number;
  revision: number;
}

export class LogFile {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  /**
   * The ends of streams after our last commit. Key: the stream. Written by `#append` and `#headOf`; `commit` clears it when
   * another connection has committed, our commit fails, or there are too many. Never within a group: its appends need them.
   */
  readonly #heads = new Map<string, Head>();
  /** `dataVersion` at our last commit. Written by `commit`. */
  #versionAtCommit: number;
  readonly #main: MainFile;
  /** The newest event that was committed or read here. Written by `commit` and the reads. */
  readonly #known = new LastKnown<number>();
  /** The events of the group. Written by `#append` and `commit`; they count only once their group is committed. */
  #added: EventRow[] = [];
  readonly #recent = new RecentEvents();
  /** SQLite's number of the tables and triggers that were checked. −1: none yet. Written by `#refuseNewObjects`. */
  #checkedSchema = -1;

  /** @param seen the file that `db` has open. */
  constructor(db: DatabaseSync, path: string, seen: BigIntStats) {
    this.path = path;
    this.#db = db;
    this.#sql = prepareStatements(db);
    this.#main = new MainFile(path, seen, () => pragma(db, 'schema_version'));
    this.#versionAtCommit = this.#reading(() => this.#dataVersion());
  }

  /**
   * Looks whether the log is still the one that this process knows: before each group of appends and each read, and after
   * each commit, before it is acknowledged.
   * @throws LedgerError `log_went_back`, for this and every later call.
   */
  look(): void {
    this.#known.refuseLost();
    this.#reading(() => {
      const found = this.#main.look();
      if (found !== undefined) this.#known.missed(found);
      const { event } = this.#known;
      if (event === undefined || this.#sql.idAt.get(event.position)?.['id'] === event.id) return;
      this.#known.missed(`${this.path}: event ${event.id} is no longer at position ${event.position}`);
    });
  }

  /**
   * Commits a group of sets of appends, each set whole or not at all. When it returns, all results are on disk; they may be
   * acknowledged after one more `look`. When it throws, the transaction was rolled back, and the connection is ready for the next call.
   * @throws LedgerError `store_busy`, `store_full`, `corrupt`, `log_went_back`: nothing was written. `store_unavailable`: the outcome is unknown.
   */
  commit(sets: readonly (readonly CheckedAppend[])[]): Committed {
    try {
      this.#sql.begin.run();
      this.look();
      const version = this.#dataVersion();
      const othersWrote = version !== this.#versionAtCommit;
      if (othersWrote) this.#forget();
      if (this.#heads.size > maxHeads) this.#heads.clear();
      this.#added = [];
      if (othersWrote || this.#checkedSchema === -1) this.#refuseNewObjects();
      const moved = new Set<Head>();
      const results = sets.map((appends) => this.#appendAll(appends, moved));
      for (const head of moved) this.#sql.moveStream.run(head.revision, head.id);
      this.#sql.commit.run();
      this.#versionAtCommit = version;
      const last = this.#added.at(-1);
      if (last) this.#known.note(last);
      this.#recent.add(this.#added);
      return { results, othersWrote };
    } catch (error) {
      this.#forget();
      rollBack(this.#db);
      throw asLedgerError(error, this.path);
    }
  }

  /** What is remembered may not be the newest any more. */
  #forget(): void {
    this.#heads.clear();
    this.#recent.clear();
  }

  readStream(stream: string, afterRevision: number): readonly StoredEvent[] {
    return this.#reading(() => {
      this.look();
      const rows = this.#sql.streamEvents.all(stream, afterRevision) as unknown as EventRow[];
      const last = rows.at(-1);
      if (last) this.#known.note(last);
      return rows.map(storedEventOf);
    });
  }

  /**
   * Reads a page. SQLite has one writer at a time, so positions are given in the order of commits: no event appears later
   * before a row that was read.
   */
  readPage(after: Position, prefixes: readonly string[] | undefined): LogPage {
    return this.#reading(() => {
      this.look();
      const events: StoredEvent[] = [];
      let next = Number(after);
      let rows = 0;
      let chars = 0;
      let caughtUp = true;
      for (const row of this.#rowsAfter(next)) {
        if (rows === pageEvents || chars >= pageChars) {
          caughtUp = false; // This row is left for the next page.
          break;
        }
        rows += 1;
        next = row.position;
        this.#known.note(row);
        if (prefixes && !prefixes.some((prefix) => row.stream.startsWith(prefix))) continue;
        chars += row.data.length + row.metadata.length;
        events.push(storedEventOf(row));
      }
      if (rows === 0) refusePositionPastEnd(after, toPosition(Number(this.#sql.lastPosition.get()?.['position'] ?? 0)));
      return { events, next: rows === 0 ? after : toPosition(next), caughtUp };
    });
  }

  /** From memory where they are all our own. */
  #rowsAfter(position: number): Iterable<EventRow> {
    const recent = this.#dataVersion() === this.#versionAtCommit ? this.#recent.after(position) : undefined;
    return recent ?? (this.#sql.logEvents.iterate(position) as Iterable<unknown> as Iterable<EventRow>);
  }

  /** Returns a number that changes when another connection commits, but not when we commit. @throws as `look`. */
  dataVersion(): number {
    this.look();
    return this.#reading(() => this.#dataVersion());
  }

  #dataVersion(): number {
    return this.#sql.dataVersion.get()?.['data_version'] as number;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close(); // It was given up where a transaction could not be rolled back.
  }

  /** Promise 11: all heads are judged before anything is inserted. The streams of a set are different. */
  #appendAll(appends: readonly CheckedAppend[], moved: Set<Head>): readonly AppendResult[] {
    const fit = appends.every(({ stream, expectedRevision }) => expectedRevision === (this.#headOf(stream)?.revision ?? -1));
    return appends.map((append) => (fit ? this.#append(append, moved) : this.#settle(append)));
  }

  #append({ stream, expectedRevision, events }: CheckedAppend, moved: Set<Head>): AppendResult {
    const head = this.#headOf(stream);
    const revision = expectedRevision + events.length;
    const id = head?.id ?? Number(this.#sql.addStream.run(stream, revision).lastInsertRowid);
    if (head) {
      head.revision = revision;
      moved.add(head);
    } else {
      this.#heads.set(stream, { id, revision });
    }
    let position = 0;
    let at = expectedRevision;
    for (const event of events) {
      at += 1;
      position = Number(this.#sql.addEvent.run(id, at, event.id, event.type, event.data, event.metadata).lastInsertRowid);
      this.#added.push({ position, stream, revision: at, ...event });
    }
    return { appended: true, revision, position: toPosition(position) };
  }

  #headOf(stream: string): Head | undefined {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    const row = this.#sql.streamHead.get(stream);
    if (row === undefined) return undefined;
    const head = { id: row['id'] as number, revision: row['revision'] as number };
    this.#heads.set(stream, head);
    return head;
  }

  /** Promise 3: the same ids at the same place are the same append, whose reply was lost. Otherwise nothing of it is there. */
  #settle({ stream, expectedRevision, events }: CheckedAppend): AppendResult {
    const head = this.#headOf(stream);
    const actualRevision = head?.revision ?? -1;
    const revision = expectedRevision + events.length;
    if (head === undefined || revision > actualRevision) return { appended: false, actualRevision };
    const there = this.#sql.idsAt.all(head.id, expectedRevision, revision);
    invariant(there.length === events.length, `${stream} has gaps between revisions ${expectedRevision} and ${revision}`);
    if (!there.every((row, index) => row['id'] === events[index]?.id)) return { appended: false, actualRevision };
    return { appended: true, revision, position: toPosition(there.at(-1)?.['position'] as number) };
  }

  /**
   * A trigger that another process made since the file was opened would change what we are about to append. Whoever makes one
   * changes this number, or our prepared statements do not run it.
   */
  #refuseNewObjects(): void {
    const schema = this.#sql.schemaVersion.get()?.['schema_version'] as number;
    if (schema === this.#checkedSchema) return;
    refuseForeignFile(this.#db, this.path);
    this.#checkedSchema = schema;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw asLedgerError(error, this.path);
    }
  }
}
