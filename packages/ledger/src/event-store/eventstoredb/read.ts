// Reading a stream, and the head of the log, from the leader. The clients' reads know no deadline, and a read that is
// left in the middle keeps its gRPC stream (after about 100 of them the client hangs): each is drained or cancelled.
import { LedgerError } from '../../errors.ts';
import { logStart, type Position, type StoredEvent } from '../event-store.ts';
import type { Credentials, ResolvedClientEvent } from './client.ts';
import type { Clients } from './clients.ts';
import type { FailureMeaning } from './failure.ts';
import { toPosition } from './position.ts';
import { toStoredEvent } from './recorded-event.ts';
import { type RetryPolicy, retry } from './retry.ts';

export interface Reading {
  readonly retryPolicy: RetryPolicy;
  /** Of the connection, where they are not given. */
  readonly credentials: Credentials | undefined;
  readonly clients: Clients;
}

const nothingChanged = 'Nothing was changed; try again later';

/** What follows `afterRevision`, as the leader has it now. @throws LedgerError `corrupt` where revisions are missing. */
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
        `${stream}: revision ${revision} stands where ${afterRevision + 1 + index} is expected. Was the stream truncated? Take $maxCount, ` +
          "$maxAge and $tb off it, and restore the server's backup",
      );
    }
  }
  return events;
}

export interface Head {
  /** Of the last event that no server wrote for itself, as far back as one looks; whoever has passed it has all of ours. */
  readonly ours: Position;
  /** Of the last event at all. */
  readonly last: Position;
}

/** Behind the last event of ours may lie some of the server: statistics, links of projections. */
const readBackEvents = 16;

export function headOfLog({ retryPolicy, credentials, clients }: Reading, failFast = false): Promise<Head> {
  return retry<Head>(retryPolicy, {
    what: '$all: reading its head',
    unsettled: nothingChanged,
    failFast,
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
async function drained<T>({ limits }: RetryPolicy, timeMs: number, read: () => AsyncIterable<T>): Promise<readonly T[]> {
  const source: AsyncIterable<T> & Abandonable = read();
  source.on?.('error', () => undefined); // An error after the end would otherwise end the process.
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
