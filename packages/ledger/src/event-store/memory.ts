// The entry point @paidonce/ledger/memory: the event store in memory, for tests, and as the reference for the other engines.
// It keeps every promise of the port, but it has no disk. Several stores on one log stand for several processes.
import { LedgerError } from '../errors.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, Position, ReadLogOptions, StoredEvent, StreamAppend } from './event-store.ts';
import { LogGrowth, logPages, pageEvents, refusePositionPastEnd, toPosition } from './log-pages.ts';
import { LastKnown } from './log-went-back.ts';
import { type CheckedAppend, checkAppend, checkAppends, fromStoredRow, type StoredRow } from './stored-text.ts';

/** The stored events. They are rows of text, so that no reader shares an object with a writer. Only `append` writes them. */
export interface MemoryLog {
  readonly rows: StoredRow[];
  readonly streams: Map<string, StoredRow[]>;
  readonly growth: LogGrowth;
}

/** How to open a store in memory. */
export interface MemoryEventStoreOptions {
  /** The log to open. Default: a new, empty one. */
  readonly log?: MemoryLog;
}

/** Makes an empty log, to open several stores on it. */
export function createMemoryLog(): MemoryLog {
  return { rows: [], streams: new Map(), growth: new LogGrowth() };
}

/** Opens a store in memory. Its log is lost when the process ends. */
export function openMemoryEventStore({ log = createMemoryLog() }: MemoryEventStoreOptions = {}): EventStore {
  const closing = new AbortController();

  const known = new LastKnown<Position>();

  function refuseClosed(): void {
    if (closing.signal.aborted) throw new LedgerError('closed', 'The event store is closed. Open a new one.');
    known.refuseLost();
    const { event } = known;
    // Positions begin at 1, so a position is also the number of rows up to it.
    if (event && log.rows[Number(event.position) - 1]?.id !== event.id) known.missed(`Event ${event.id} is no longer in the log`);
  }

  function noted(events: readonly StoredEvent[]): readonly StoredEvent[] {
    const last = events.at(-1);
    if (last) known.note(last);
    return events;
  }

  /** Has no await, so that nothing can happen between the check and the write. */
  function write(appends: readonly CheckedAppend[]): readonly AppendResult[] {
    const fit = appends.every(({ stream, expectedRevision }) => expectedRevision === (log.streams.get(stream)?.length ?? 0) - 1);
    if (!fit) return appends.map(settled);
    const results = appends.map(({ stream, expectedRevision, events }): AppendResult => {
      const rows = log.streams.get(stream) ?? [];
      for (const text of events) {
        const row = { ...text, stream, revision: rows.length, position: toPosition(log.rows.length + 1) };
        rows.push(row);
        log.rows.push(row);
      }
      log.streams.set(stream, rows);
      return { appended: true, revision: expectedRevision + events.length, position: toPosition(log.rows.length) };
    });
    const last = log.rows.at(-1);
    if (last) known.note(last);
    log.growth.announce();
    return results;
  }

  /** Promise 3: the same ids at the same place are the same append, whose reply was lost. Otherwise nothing of it is there. */
  function settled({ stream, expectedRevision, events }: CheckedAppend): AppendResult {
    const rows = log.streams.get(stream) ?? [];
    const lastRevision = expectedRevision + events.length;
    const there = rows.slice(expectedRevision + 1, lastRevision + 1);
    const last = there.at(-1);
    return last && there.length === events.length && there.every((row, index) => row.id === events[index]?.id)
      ? { appended: true, revision: lastRevision, position: last.position }
      : { appended: false, actualRevision: rows.length - 1 };
  }

  return {
    async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult> {
      refuseClosed();
      return write([checkAppend(stream, expectedRevision, events)])[0] as AppendResult;
    },

    async appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
      refuseClosed();
      return write(checkAppends(appends));
    },

    async readStream(stream: string, { afterRevision = -1 }: { readonly afterRevision?: number } = {}): Promise<readonly StoredEvent[]> {
      refuseClosed();
      return noted((log.streams.get(stream) ?? []).slice(afterRevision + 1).map(fromStoredRow));
    },

    readLog(options: ReadLogOptions = {}): AsyncIterable<LogPage> {
      const page = (after: Position, prefixes: readonly string[] | undefined): LogPage => {
        refuseClosed();
        refusePositionPastEnd(after, toPosition(log.rows.length));
        const rows = log.rows.slice(Number(after), Number(after) + pageEvents);
        const matching = prefixes ? rows.filter((row) => prefixes.some((prefix) => row.stream.startsWith(prefix))) : rows;
        const next = rows.at(-1)?.position ?? after;
        return { events: noted(matching.map(fromStoredRow)), next, caughtUp: Number(next) === log.rows.length };
      };
      return logPages({ page, growth: log.growth, closing: closing.signal }, options);
    },

    async close(): Promise<void> {
      closing.abort();
    },
  };
}
