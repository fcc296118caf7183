// What operators can do to a stream of the server, as its metadata `$$NAME` tells: delete it softly, or hide a part of its
// events. The events are still in the log until a scavenge removes them, but a live ledger cannot read them any more.
import { LedgerError } from '../../errors.ts';
import { clearMetadata } from '../deleted-stream.ts';
import type { StoredEvent, UnreadableStream } from '../event-store.ts';
import type { ResolvedClientEvent } from './client.ts';
import { fromPosition, toPosition } from './position.ts';
import { drained, noneWhereNoStream, nothingChanged, type Reading, tombstone } from './read.ts';
import type { LogReading } from './read-log.ts';
import { retry } from './retry.ts';
import { ServerSubscription } from './server-subscription.ts';

const metadataOf = (stream: string): string => `$$${stream}`;
const metadataChanged = '$metadata';
/** The `$tb` of a stream that was deleted softly: the largest number of 64 bits, as JSON reads it. */
const afterAll = 2 ** 63;
const takeAtOnce = 512;

/** What hides events of a stream, as text. Undefined: nothing does. */
function limitsIn(metadata: unknown): string | undefined {
  const { $maxCount, $maxAge, $tb } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  const limits = [
    ...(typeof $tb === 'number' && $tb >= afterAll ? ['a deletion'] : []),
    ...(typeof $tb === 'number' && $tb > 0 && $tb < afterAll ? [`$tb ${$tb}`] : []),
    ...($maxCount === undefined || $maxCount === null ? [] : [`$maxCount ${String($maxCount)}`]),
    ...($maxAge === undefined || $maxAge === null ? [] : [`$maxAge ${String($maxAge)}`]),
  ];
  return limits.length === 0 ? undefined : limits.join(', ');
}

/** Reads what hides events of a stream. @throws LedgerError `corrupt`: it was deleted for ever. `store_unavailable`. */
export async function hiddenBy({ retryPolicy, credentials, clients }: Reading, stream: string): Promise<string | undefined> {
  const found = await retry<readonly ResolvedClientEvent[]>(retryPolicy, {
    what: `${stream}: reading its metadata`,
    unsettled: nothingChanged,
    attempt: (timeMs) =>
      clients.reading((client) =>
        drained(retryPolicy, timeMs, () =>
          client.readStream(metadataOf(stream), {
            fromRevision: 'end',
            direction: 'backwards',
            maxCount: 1,
            requiresLeader: true,
            ...(credentials && { credentials }),
          }),
        ),
      ),
    answer: noneWhereNoStream,
  });
  return limitsIn(found[0]?.event?.data);
}

/**
 * Refuses a stream whose events are hidden, where it seems to have none. Read as empty, an order would seem not to be there. The
 * server would begin it anew with a first append, and a second grant would stand where the first one is hidden.
 * @throws LedgerError `corrupt`: nothing was written.
 */
export async function refuseHidden(reading: Reading, stream: string): Promise<void> {
  const hides = await hiddenBy(reading, stream);
  if (hides === undefined) return;
  throw new LedgerError('corrupt', `${stream}: its events are hidden by ${hides}. Nothing was written. ${clearMetadata}`);
}

/** Whether an event that its stream does not show (any more) is in the log. `gone`: it was hidden first, and then scavenged. */
export async function hiddenEvent(
  reading: Reading,
  { stream, position, id }: Pick<StoredEvent, 'stream' | 'position' | 'id'>,
): Promise<'there' | 'gone' | undefined> {
  const { retryPolicy, credentials, clients } = reading;
  if (!(await isHidden(reading, stream))) return undefined;
  const place = fromPosition(position);
  if (place === 'start') return 'gone';
  const found = await retry<readonly ResolvedClientEvent[]>(retryPolicy, {
    what: `$all: reading position ${position}`,
    unsettled: nothingChanged,
    attempt: (timeMs) =>
      clients.reading((client) =>
        drained(retryPolicy, timeMs, () =>
          client.readAll({
            direction: 'forwards',
            fromPosition: place,
            maxCount: 1,
            requiresLeader: true,
            ...(credentials && { credentials }),
          }),
        ),
      ),
  });
  return found[0]?.event?.id === id ? 'there' : 'gone';
}

async function isHidden(reading: Reading, stream: string): Promise<boolean> {
  try {
    return (await hiddenBy(reading, stream)) !== undefined;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'corrupt') return true;
    throw error;
  }
}

/** Reads all deletions and metadata in the log. @throws LedgerError `store_unavailable`, `closed`. */
export async function unreadableStreams(reading: LogReading): Promise<readonly UnreadableStream[]> {
  const { retryPolicy, credentials, clients, closing } = reading;
  return retry(retryPolicy, {
    what: '$all: reading deletions and metadata of streams',
    unsettled: nothingChanged,
    attempt: async (timeMs) => {
      const types = [metadataChanged, tombstone];
      const subscription = new ServerSubscription(clients.next(), { after: 'start', prefixes: undefined, types, credentials });
      const found = new Map<string, UnreadableStream>();
      const reading = readToHead(subscription, closing, (event) => note(event, found));
      try {
        await retryPolicy.limits.within(timeMs, reading, () => subscription.arrivals);
      } finally {
        subscription.close();
      }
      return [...found.values()];
    },
  });
}

async function readToHead(
  subscription: ServerSubscription,
  closing: AbortSignal,
  take: (event: ResolvedClientEvent) => void,
): Promise<void> {
  while (!closing.aborted) {
    const seenArrivals = subscription.arrivals;
    const { events, drained: isDrained, live } = subscription.take(takeAtOnce);
    for (const event of events) take(event);
    if (isDrained && live) return;
    if (isDrained) await subscription.changed(seenArrivals, closing);
  }
  throw new LedgerError('closed', 'The event store was closed while its log was read. Open it again.');
}

/** Notes one event of the log: the newest metadata counts, and a tombstone for ever. */
function note({ event }: ResolvedClientEvent, found: Map<string, UnreadableStream>): void {
  if (event === undefined) return;
  if (event.type === tombstone) {
    const deletedAt = toPosition(event.position, event.streamId);
    found.set(event.streamId, { stream: event.streamId, because: 'a deletion for ever', deletedAt });
    return;
  }
  if (!event.streamId.startsWith(metadataOf(''))) return;
  const stream = event.streamId.slice(metadataOf('').length);
  const because = limitsIn(event.data);
  if (because === undefined) found.delete(stream);
  else found.set(stream, { stream, because });
}
