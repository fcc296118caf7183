// The embedded event store: one SQLite file, written by any number of processes of one machine.
import { LedgerError } from '../../errors.ts';
import { nextTurn, type Runtime, systemRuntime } from '../../runtime.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, Position, ReadLogOptions, StoredEvent } from '../event-store.ts';
import { LogGrowth, logPages } from '../log-pages.ts';
import { checkAppend } from '../stored-text.ts';
import { backUp } from './backup.ts';
import { logPath, openConnection } from './connection.ts';
import { whenFree } from './contention.ts';
import { ForeignCommits } from './foreign-commits.ts';
import { LogFile } from './log-file.ts';
import { Writer } from './writer.ts';

export interface SqliteEventStoreOptions {
  readonly runtime?: Partial<Runtime>;
  /** How long a call waits for other processes that hold the file, before it fails with `store_busy`. Default 5,000 ms. */
  readonly busyTimeoutMs?: number;
}

export interface SqliteEventStore extends EventStore {
  /** Absolute. Beside it lie `-wal` and `-shm`, which belong to it. */
  readonly path: string;
  /**
   * A compact copy of the log as it is now, written beside the running store, complete when this resolves.
   *
   * To put it back: end all processes on the log, remove the log **with its `-wal` and `-shm`** (a crash leaves them, and
   * SQLite would replay the old `-wal` into the copy and destroy it), then move the copy to its place.
   *
   * @throws LedgerError `invalid_input`: `toPath` exists. `store_full`, `store_unavailable`: there is no copy at `toPath`.
   */
  backup(toPath: string): Promise<void>;
}

/**
 * Opens the log, or makes an empty one; the directory must exist.
 * @throws LedgerError `invalid_input`: another program's file, or a network file system. `file_newer`. `store_busy`.
 *   `store_unavailable`: cannot be read or written.
 */
export async function openSqliteEventStore(path: string, options: SqliteEventStoreOptions = {}): Promise<SqliteEventStore> {
  const runtime: Runtime = { ...systemRuntime, ...options.runtime };
  const busyTimeoutMs = (options.busyTimeoutMs ?? 5_000) * runtime.patience;
  const absolute = logPath(path);
  const connection = await whenFree(runtime, busyTimeoutMs, () => openConnection(absolute));
  const file = await whenFree(runtime, busyTimeoutMs, () => new LogFile(connection, absolute));
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
      return writer.append(checkAppend(stream, expectedRevision, events));
    },

    async readStream(stream: string, { afterRevision = -1 }: { readonly afterRevision?: number } = {}): Promise<readonly StoredEvent[]> {
      return reading(() => file.readStream(stream, afterRevision));
    },

    async *readLog(options: ReadLogOptions = {}): AsyncGenerator<LogPage, void, undefined> {
      let pages = 0;
      const page = async (after: Position, prefixes: readonly string[] | undefined): Promise<LogPage> => {
        if (pages++ > 0) await nextTurn(); // A long replay leaves room for others between its pages.
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
