// The entry point @paidonce/ledger/sqlite: the embedded event store, one SQLite file. Any number of processes of one machine
// may write it.
import { LedgerError } from '../../errors.ts';
import { nextTurn, type Runtime, systemRuntime } from '../../runtime.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, Position, ReadLogOptions, StoredEvent, StreamAppend } from '../event-store.ts';
import { LogGrowth, logPages } from '../log-pages.ts';
import { checkAppend, checkAppends } from '../stored-text.ts';
import { backUp } from './backup.ts';
import { logPath, openConnection } from './connection.ts';
import { whenFree } from './contention.ts';
import { ForeignCommits } from './foreign-commits.ts';
import { LogFile } from './log-file.ts';
import { openKnownFile } from './main-file.ts';
import { Writer } from './writer.ts';

/** How to open a SQLite log. */
export interface SqliteEventStoreOptions {
  /** Clock, random numbers and waiting. Default: the system's. */
  readonly runtime?: Partial<Runtime>;
  /** How long a call waits for other processes before it fails with `store_busy`, in milliseconds. Default: 5,000. */
  readonly busyTimeoutMs?: number;
}

/** An event store in a SQLite file, which can be backed up while it is in use. */
export interface SqliteEventStore extends EventStore {
  /** The absolute path of the file. The files with `-wal` and `-shm` added to its name belong to it. */
  readonly path: string;
  /**
   * Writes a compact copy of the log to a new file while the store is in use. The copy is complete when this resolves.
   *
   * To restore it: stop all processes that use the log, then `paidonce restore COPY --store sqlite:PATH`. It removes the
   * `-wal` and `-shm` files that a crash leaves: SQLite would write the old `-wal` into the copy and destroy it.
   *
   * @throws LedgerError `invalid_input`: `toPath` exists. `store_full`, `store_unavailable`: there is no copy at `toPath`.
   */
  backup(toPath: string): Promise<void>;
}

/**
 * Opens the log, or makes an empty one. The directory must exist.
 * @throws LedgerError `invalid_input`: the file is another program's, or on a network file system. `file_newer`: a newer
 *   release wrote it. `corrupt`: it holds a trigger, view or table that the ledger did not make. `store_busy`: other processes
 *   held it for too long. `store_unavailable`: it cannot be read or written. `log_went_back`: the `-wal` file beside it belongs
 *   to another file. Nothing was changed.
 */
export async function openSqliteEventStore(path: string, options: SqliteEventStoreOptions = {}): Promise<SqliteEventStore> {
  const runtime: Runtime = { ...systemRuntime, ...options.runtime };
  const busyTimeoutMs = (options.busyTimeoutMs ?? 5_000) * runtime.patience;
  const absolute = logPath(path);
  const { db, seen } = await whenFree(runtime, busyTimeoutMs, () => openKnownFile(absolute, () => openConnection(absolute)));
  const file = await whenFree(runtime, busyTimeoutMs, () => new LogFile(db, absolute, seen));
  const growth = new LogGrowth();
  const writer = new Writer({ file, runtime, busyTimeoutMs, onCommit: () => growth.announce() });
  const closing = new AbortController();
  const foreign = new ForeignCommits(file, runtime, growth, closing.signal);
  let closed: Promise<void> | undefined;

  function refuseClosed(): void {
    if (closing.signal.aborted) throw new LedgerError('closed', `${absolute}: the event store is closed. Open it again.`);
  }

  function reading<T>(read: () => T): Promise<T> {
    return whenFree(runtime, busyTimeoutMs, () => {
      refuseClosed();
      return read();
    });
  }

  return {
    path: absolute,

    async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult> {
      refuseClosed();
      const [result] = await writer.append([checkAppend(stream, expectedRevision, events)]);
      return result as AppendResult;
    },

    async appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
      refuseClosed();
      return writer.append(checkAppends(appends));
    },

    async readStream(stream: string, { afterRevision = -1 }: { readonly afterRevision?: number } = {}): Promise<readonly StoredEvent[]> {
      return reading(() => file.readStream(stream, afterRevision));
    },

    async *readLog(options: ReadLogOptions = {}): AsyncGenerator<LogPage, void, undefined> {
      let pages = 0;
      const page = async (after: Position, prefixes: readonly string[] | undefined): Promise<LogPage> => {
        if (pages++ > 0) await nextTurn(); // During a long replay, other work runs between two pages.
        return reading(() => file.readPage(after, prefixes));
      };
      const leave = options.follow && foreign.enter();
      try {
        yield* logPages({ page, growth, closing: closing.signal }, options);
      } finally {
        leave?.();
      }
    },

    async backup(toPath: string): Promise<void> {
      refuseClosed();
      await backUp(absolute, toPath);
    },

    close(): Promise<void> {
      closed ??= (async () => {
        closing.abort();
        await writer.drain();
        file.close();
      })();
      return closed;
    },
  };
}
