// The event store on EventStoreDB or KurrentDB: builds the parts, checks the server, and keeps the promises of the port.
import { LedgerError } from '../../errors.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, Position, ReadLogOptions, StoredEvent } from '../event-store.ts';
import { type CheckedAppend, checkAppend } from '../stored-text.ts';
import { appendUntilSettled } from './append.ts';
import { AppendQueue } from './append-queue.ts';
import type { Credentials, EventStoreDbClient } from './client.ts';
import { Clients } from './clients.ts';
import { KnownLog } from './known-log.ts';
import { checkOpening } from './opening-check.ts';
import { checkOptions, type EventStoreDbEventStoreOptions } from './options.ts';
import { readStream } from './read.ts';
import { type LogReading, readLog } from './read-log.ts';
import type { RetryPolicy } from './retry.ts';
import { hiddenEvent, refuseHidden, unreadableStreams } from './stream-state.ts';
import { TimeLimits } from './time-limits.ts';

/** How many appends of a client run at once: its channel carries about 100 calls, and reads need some of them. */
const appendsPerClient = 80;
/** Credentials for a server that runs insecurely and ignores them. An append needs some; `append.ts` says why. */
const anybody: Credentials = { username: 'ledger', password: 'ledger' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Opens the store that `openEventStoreDbEventStore` promises.
 * @param diagnose says why the server cannot be used, where the clients cannot tell. Undefined: it does not know.
 */
export async function openStore(
  given: EventStoreDbClient | readonly EventStoreDbClient[],
  options: EventStoreDbEventStoreOptions,
  diagnose?: () => Promise<string | undefined>,
): Promise<EventStore> {
  const all = 'appendToStream' in given ? [given] : given;
  if (all.length === 0) throw new LedgerError('invalid_input', 'No client was given. Pass one, or several that share the load');
  const { credentials, runtime, timeoutMs, attemptTimeoutMs, quietMs, keepClients, readOnly, reconnect } = checkOptions(options);
  const limits = new TimeLimits(runtime);
  const retryPolicy: RetryPolicy = { runtime, limits, timeoutMs, attemptTimeoutMs, onDoubt: () => known.doubt() };
  const closing = new AbortController();
  const clients = new Clients(all, { retryPolicy, reconnect, keepClients, closing: closing.signal });
  const reading: LogReading = { retryPolicy, credentials, clients, quietMs, closing: closing.signal };
  const known = new KnownLog(
    { read: (stream, afterRevision) => readStream(reading, stream, afterRevision), hidden: (place) => hiddenEvent(reading, place) },
    runtime,
  );

  try {
    const opening = { ...reading, appendCredentials: credentials ?? anybody, readOnly, diagnose };
    await Promise.all(all.map((client) => checkOpening(opening, client)));
  } catch (error) {
    closing.abort();
    await clients.dispose();
    throw error;
  }
  const store = storeOver({ reading, known }, new AppendQueue(appendsPerClient * all.length, retryPolicy), closing);
  return readOnly ? { ...store, append: refuseAppend } : store;
}

async function refuseAppend(stream: string): Promise<AppendResult> {
  throw new LedgerError('invalid_input', `${stream}: the event store was opened with readOnly. Nothing was written.`);
}

function storeOver({ reading, known }: { reading: LogReading; known: KnownLog }, queue: AppendQueue, closing: AbortController): EventStore {
  let closed: Promise<void> | undefined;

  function refuseClosed(): void {
    if (closing.signal.aborted) throw new LedgerError('closed', 'The event store is closed. Open it again.');
  }

  /** Returns the position of an event that is known to be stored. */
  async function positionOf(stream: string, revision: number): Promise<Position> {
    const [event] = await readStream(reading, stream, revision - 1);
    if (!event)
      throw new LedgerError('store_unavailable', `${stream}: revision ${revision} is stored, but not yet to be read. Read it again`);
    return event.position;
  }

  return {
    async append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult> {
      refuseClosed();
      const checked = checkAppend(stream, expectedRevision, events);
      refuseOtherIds(checked);
      const { runtime, timeoutMs, attemptTimeoutMs } = reading.retryPolicy;
      const givenUpMs = runtime.monotonicNowMs() + timeoutMs;
      return queue.run(checked.bytes, async () => {
        // Who has waited has less time left, but that of one attempt.
        const deadlineMs = Math.max(givenUpMs, runtime.monotonicNowMs() + Math.min(attemptTimeoutMs, timeoutMs));
        const inTime = { ...reading, retryPolicy: { ...reading.retryPolicy, deadlineMs } };
        await known.prove();
        if (expectedRevision === -1) await refuseHidden(inTime, stream);
        const before = known.position;
        const result = await appendUntilSettled({ ...inTime, credentials: reading.credentials ?? anybody }, checked, (revision) =>
          positionOf(stream, revision),
        );
        if (!result.appended) return result;
        const { revision, position } = result;
        await known.landed(position, before);
        known.note({ stream, revision, position, id: checked.events.at(-1)?.id ?? '' });
        return result;
      });
    },

    async readStream(stream: string, { afterRevision = -1 }: { readonly afterRevision?: number } = {}): Promise<readonly StoredEvent[]> {
      refuseClosed();
      await known.prove();
      const events = await readStream(reading, stream, afterRevision);
      const last = events.at(-1);
      if (last) known.note(last);
      else if (afterRevision === -1) await refuseHidden(reading, stream);
      return events;
    },

    async *readLog(options: ReadLogOptions = {}): AsyncGenerator<LogPage, void, undefined> {
      if (!closing.signal.aborted) await known.prove();
      try {
        for await (const page of readLog(reading, options)) {
          known.notePage(page);
          yield page;
        }
      } catch (error) {
        if (!closing.signal.aborted && error instanceof LedgerError && error.code === 'invalid_input') {
          known.doubt(); // A position past the end of the log: was the log put back?
          await known.prove();
        }
        throw error;
      }
    },

    async unreadableStreams() {
      refuseClosed();
      return unreadableStreams(reading);
    },

    close(): Promise<void> {
      closed ??= (async () => {
        closing.abort();
        await queue.drained();
        await reading.clients.dispose();
      })();
      return closed;
    },
  };
}

/** Refuses ids that would read back differently: the server stores them as 128-bit numbers, and returns lower case. */
function refuseOtherIds({ stream, events }: CheckedAppend): void {
  for (const { id } of events) {
    if (!UUID.test(id))
      throw new LedgerError('invalid_input', `${stream}: the id ${JSON.stringify(id)} is no UUID in lower case. Nothing was written.`);
  }
}
