// Reading a stream, and the head of the log, from the leader. The clients' reads know no deadline, and a read that is
// left in the middle keeps its gRPC stream (after about 100 of them the client hangs): each is drained or cancelled.
import { LedgerError } from '../../errors.ts';
import type { Runtime } from '../../runtime.ts';
import { logStart, type Position, type StoredEvent } from '../event-store.ts';
import { type Patience, settle, silence } from './attempts.ts';
import type { Credentials, EventStoreDbClient, ResolvedClientEvent } from './client.ts';
import type { FailureMeaning } from './failure.ts';
import { toPosition } from './position.ts';
import { toStoredEvent } from './recorded-event.ts';

export interface Reading {
  readonly patience: Patience;
  /** Of the connection, where they are not given. */
  readonly credentials: Credentials | undefined;
  readonly nextClient: () => EventStoreDbClient;
}

const nothingChanged = 'Nothing was changed; try again later';

/** What follows `afterRevision`, as the leader has it now. @throws LedgerError `corrupt` where revisions are missing. */
export async function readStream(
  { patience, credentials, nextClient }: Reading,
  stream: string,
  afterRevision: number,
): Promise<readonly StoredEvent[]> {
  const found = await settle<readonly ResolvedClientEvent[]>(patience, {
    what: `${stream}: reading it`,
    unsettled: nothingChanged,
    attempt: (timeMs) =>
      drained(patience.runtime, timeMs, () =>
        nextClient().readStream(stream, {
          fromRevision: afterRevision === -1 ? 'start' : BigInt(afterRevision + 1),
          requiresLeader: true,
          ...(credentials && { credentials }),
        }),
      ),
    answer: noneWhereNoStream,
  });
  const events = storedEvents(found);
  for (const [index, { revision }] of events.entries()) {
    if (revision !== afterRevision + 1 + index) {
      throw new LedgerError(
        'corrupt',
        `${stream}: revision ${revision} stands where ${afterRevision + 1 + index} is expected. Was the stream truncated? Take $maxCount, ` +
          "$maxAge and $tb off it, and restore the server's backup",
      );
    }
  }
  return events;
}

/** Position of the last event of the whole log, system events included. */
export function headOfLog({ patience, credentials, nextClient }: Reading, impatient = false): Promise<Position> {
  return settle<Position>(patience, {
    what: '$all: reading its head',
    unsettled: nothingChanged,
    impatient,
    attempt: async (timeMs) => {
      const [last] = await drained(patience.runtime, timeMs, () =>
        nextClient().readAll({
          direction: 'backwards',
          fromPosition: 'end',
          maxCount: 1,
          requiresLeader: true,
          ...(credentials && { credentials }),
        }),
      );
      return last?.event ? toPosition(last.event.position, '$all') : logStart;
    },
  });
}

export function storedEvents(found: readonly ResolvedClientEvent[]): readonly StoredEvent[] {
  return found.flatMap(({ event }) => (event ? [toStoredEvent(event)] : []));
}

function noneWhereNoStream(meaning: FailureMeaning): readonly ResolvedClientEvent[] | undefined {
  return meaning.kind === 'no_stream' ? [] : undefined;
}

/** What a client's stream may offer beside being iterable. One client gives Node streams, the other generators. */
interface Abandonable {
  on?(event: 'error', listener: () => void): unknown;
  cancel?(): Promise<void>;
}

/** Everything that a read gives. Time counts anew with each event: a long stream may take long, a silent one not. */
async function drained<T>(runtime: Runtime, timeMs: number, read: () => AsyncIterable<T>): Promise<readonly T[]> {
  const source: AsyncIterable<T> & Abandonable = read();
  source.on?.('error', () => undefined); // An error after the end would otherwise end the process.
  const found: T[] = [];
  const ended = new AbortController();
  let givenUp = false;
  const iterating = (async () => {
    for await (const item of source) {
      if (givenUp) return; // Leaving the loop closes a generator.
      found.push(item);
    }
  })();
  iterating.catch(() => undefined);
  try {
    await Promise.race([iterating, silence(runtime, timeMs, ended.signal, () => found.length)]);
  } catch (error) {
    givenUp = true;
    source.cancel?.().catch(() => undefined);
    throw error;
  } finally {
    ended.abort();
  }
  return found;
}
