// Puts the parts of the store together: opening, writer, reader, followers, snapshots.
import { LedgerError } from '../../errors.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, ReadLogOptions, Snapshots, StoredEvent, StreamAppend } from '../event-store.ts';
import { LogGrowth, logPages } from '../log-pages.ts';
import { LastKnown } from '../log-went-back.ts';
import { checkAppend, checkAppends } from '../stored-text.ts';
import { AppendCall } from './append-call.ts';
import { Connections } from './connections.ts';
import { Followers } from './followers.ts';
import { openLog } from './opening.ts';
import { type CheckedOptions, checkOptions, type PostgresEventStoreOptions } from './options.ts';
import { poolFor } from './pool.ts';
import { readAhead } from './read-ahead.ts';
import { Reader } from './reader.ts';
import type { RetryPolicy } from './retry.ts';
import { snapshotsIn } from './snapshots.ts';
import { Writer } from './writer.ts';

/** How long the farewell to the server may take. */
const farewellMs = 2_000;

/** An event store in PostgreSQL. */
export interface PostgresEventStore extends EventStore {
  /** Where processes without a disk keep their read models. */
  readonly snapshots: Snapshots;
  /** The schema of its tables. */
  readonly schema: string;
  /** What an operator should know of the server or the role, as sentences. They were emitted as warnings of the process too. */
  readonly warnings: readonly string[];
}

/** @param count how many connections the pool of a URL has. @throws LedgerError as `openPostgresEventStore`. */
export async function openWithConnections(options: PostgresEventStoreOptions, count: number): Promise<PostgresEventStore> {
  const checked = checkOptions(options);
  const { source, runtime, timeoutMs, attemptTimeoutMs } = checked;
  const pool = 'pool' in source ? source.pool : await poolFor(source.url, count, attemptTimeoutMs);
  const connections = new Connections(pool, runtime);
  const closing = new AbortController();
  const policy: RetryPolicy = { connections, runtime, timeoutMs, attemptTimeoutMs, closing: closing.signal };
  const end = (): Promise<void> => ('pool' in source ? Promise.resolve() : connections.end(farewellMs));
  try {
    const warnings = await openLog(policy, checked);
    for (const warning of warnings) process.emitWarning(`${checked.schema}: ${warning}`, { type: 'PaidOnceWarning' });
    return storeOver(policy, checked, { closing, end, warnings });
  } catch (error) {
    closing.abort();
    await end();
    throw error;
  }
}

interface Life {
  readonly closing: AbortController;
  readonly end: () => Promise<void>;
  readonly warnings: readonly string[];
}

function storeOver(policy: RetryPolicy, options: CheckedOptions, { closing, end, warnings }: Life): PostgresEventStore {
  const { schema, readOnly, runtime, lookMs, timeoutMs, attemptTimeoutMs } = options;
  const known = new LastKnown<number>();
  const growth = new LogGrowth();
  const call = new AppendCall(schema, attemptTimeoutMs);
  const { connections } = policy;
  const writer = new Writer({ connections, call, known, schema, runtime, timeoutMs, attemptTimeoutMs, onCommit: () => growth.announce() });
  const reader = new Reader({ policy, schema, known, readOnly, refuseClosed });
  const followers = new Followers({ head: () => reader.head(), runtime, growth, closing: closing.signal, lookMs });
  let closed: Promise<void> | undefined;

  function refuseClosed(): void {
    if (closing.signal.aborted) throw new LedgerError('closed', `${schema}: the event store is closed. Open it again.`);
  }

  function refuseAppends(streams: string): void {
    refuseClosed();
    if (readOnly) throw new LedgerError('invalid_input', `${streams}: the event store was opened with readOnly. Nothing was written.`);
  }

  return {
    schema,
    warnings,
    snapshots: snapshotsIn({ policy, schema, readOnly, refuseClosed }),

    async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult> {
      refuseAppends(stream);
      const [result] = await writer.append([checkAppend(stream, expectedRevision, events)]);
      return result as AppendResult;
    },

    async appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
      refuseAppends(appends.map(({ stream }) => stream).join(' and '));
      return writer.append(checkAppends(appends));
    },

    async readStream(stream: string, { afterRevision = -1 }: { readonly afterRevision?: number } = {}): Promise<readonly StoredEvent[]> {
      return reader.readStream(stream, afterRevision);
    },

    async *readLog(options: ReadLogOptions = {}): AsyncGenerator<LogPage, void, undefined> {
      const leave = options.follow && followers.enter();
      try {
        yield* logPages(
          { page: readAhead((after, prefixes) => reader.readPage(after, prefixes)), growth, closing: closing.signal },
          options,
        );
      } finally {
        leave?.();
      }
    },

    close(): Promise<void> {
      closed ??= (async () => {
        closing.abort();
        await writer.drain();
        await end();
      })();
      return closed;
    },
  };
}
