// Reads a stream, and the head of the log, from the leader. The clients' reads have no time limit, and a read that is left
// unfinished keeps its gRPC stream open (after about 100 the client hangs): so each read is completed or cancelled.
import { defined } from '../../defined.ts';
import { LedgerError } from '../../errors.ts';
import { clearMetadata } from '../deleted-stream.ts';
import { type DeletedStream, logStart, type Position, type StoredEvent } from '../event-store.ts';
import type { Credentials, ResolvedClientEvent } from './client.ts';
import type { Clients } from './clients.ts';
import type { FailureMeaning } from './failure.ts';
import { toPosition } from './position.ts';
import { toStoredEvent } from './recorded-event.ts';
import { type FailFast, type RetryPolicy, retry } from './retry.ts';

export interface Reading {
  readonly retryPolicy: RetryPolicy;
  /** The credentials of each call. Undefined: the connection's own are used. */
  readonly credentials: Credentials | undefined;
  readonly clients: Clients;
}

export const nothingChanged = 'Nothing was changed; try again later';

/**
 * Reads what follows `afterRevision`, as the leader has it now.
 * @throws LedgerError `corrupt`: revisions are missing, or an event was not written by a ledger. `store_unavailable`.
 */
export async function readStream(
  { retryPolicy, credentials, clients }: Reading,
  stream: string,
  afterRevision: number,
): Promise<readonly StoredEvent[]> {
  const found = await retry<readonly ResolvedClientEvent[]>(retryPolicy, {
    what: `${stream}: reading it`,
    unsettled: nothingChanged,
    attempt: (timeMs) =>
      clients.reading((client) =>
        drained(retryPolicy, timeMs, () =>
          client.readStream(stream, {
            fromRevision: afterRevision === -1 ? 'start' : BigInt(afterRevision + 1),
            requiresLeader: true,
            ...(credentials && { credentials }),
          }),
        ),
      ),
    answer: noneWhereNoStream,
  });
  const events = storedEvents(found);
  for (const [index, { revision }] of events.entries()) {
    if (revision !== afterRevision + 1 + index) {
      throw new LedgerError(
        'corrupt',
        `${stream}: revision ${revision} stands where ${afterRevision + 1 + index} is expected, so events are hidden: by a deletion, ` +
          `$maxCount, $maxAge or $tb. ${clearMetadata}`,
      );
    }
  }
  return events;
}

export interface Head {
  /** Position of our last event: a reader that has passed it has all events of ours. */
  readonly ours: Position;
  /** Position of the last event in the log, also one that the server wrote for itself. */
  readonly last: Position;
}

/** How many events to read: after our last event the server may have written its own, such as statistics. */
const readBackEvents = 16;

/** Reads the end of the log. @param failFast present: does not repeat a failure that comes from wrong settings. */
export function headOfLog({ retryPolicy, credentials, clients }: Reading, failFast?: FailFast): Promise<Head> {
  return retry<Head>(retryPolicy, {
    what: '$all: reading its head',
    unsettled: nothingChanged,
    ...defined({ failFast }),
    attempt: async (timeMs) => {
      const found = await clients.reading((client) =>
        drained(retryPolicy, timeMs, () =>
          client.readAll({
            direction: 'backwards',
            fromPosition: 'end',
            maxCount: readBackEvents,
            requiresLeader: true,
            ...(credentials && { credentials }),
          }),
        ),
      );
      const positionOf = (resolved: ResolvedClientEvent | undefined): Position =>
        resolved?.event ? toPosition(resolved.event.position, '$all') : logStart;
      const ours = found.find(({ event }) => event !== undefined && !event.streamId.startsWith('$'));
      return { ours: positionOf(ours ?? found[0]), last: positionOf(found[0]) };
    },
  });
}

export function storedEvents(found: readonly ResolvedClientEvent[]): readonly StoredEvent[] {
  return found.flatMap(({ event }) => (event && event.type !== tombstone ? [toStoredEvent(event)] : []));
}

/** The type of the last event of a stream that was deleted for ever. */
export const tombstone = '$streamDeleted';

/** The streams that these events say to be deleted for ever. */
export function deletedStreams(found: readonly ResolvedClientEvent[]): readonly DeletedStream[] {
  return found.flatMap(({ event }) =>
    event?.type === tombstone ? [{ stream: event.streamId, position: toPosition(event.position, event.streamId) }] : [],
  );
}

export function noneWhereNoStream(meaning: FailureMeaning): readonly ResolvedClientEvent[] | undefined {
  return meaning.kind === 'no_stream' ? [] : undefined;
}

/** What a client's stream may have besides iteration. One client returns Node streams, the other generators. */
interface Abandonable {
  on?(event: 'error', listener: () => void): unknown;
  cancel?(): Promise<void>;
}

/** Returns everything that a read yields. The time limit starts again with each event, so that a long stream may take long. */
export async function drained<T>({ limits }: RetryPolicy, timeMs: number, read: () => AsyncIterable<T>): Promise<readonly T[]> {
  const source: AsyncIterable<T> & Abandonable = read();
  source.on?.('error', () => undefined); // Without a listener an error after the end would end the process.
  const found: T[] = [];
  let givenUp = false;
  const iterating = (async () => {
    for await (const item of source) {
      if (givenUp) return; // Leaving the loop closes a generator.
      found.push(item);
    }
  })();
  try {
    await limits.within(timeMs, iterating, () => found.length);
  } catch (error) {
    givenUp = true;
    source.cancel?.().catch(() => undefined);
    throw error;
  }
  return found;
}
