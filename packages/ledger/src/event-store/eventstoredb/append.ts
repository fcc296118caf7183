// One append until it is settled: sent again with the same ids at the same revision, which the server knows for one
// append, from its log, for ever. It is never settled by reading: after a restart a read can miss what then appears.
import { LedgerError } from '../../errors.ts';
import type { AppendResult, Position } from '../event-store.ts';
import type { CheckedAppend, StoredText } from '../stored-text.ts';
import type { ClientAppendResult, Credentials, EventStoreDbClient, ProposedEvent } from './client.ts';
import type { Clients } from './clients.ts';
import type { FailureMeaning } from './failure.ts';
import { toPosition } from './position.ts';
import { type RetryPolicy, retry } from './retry.ts';

export interface Appending {
  readonly retryPolicy: RetryPolicy;
  readonly credentials: Credentials;
  readonly clients: Clients;
}

/** Where the last event of an append stands. Without a position the server knows the append from before. */
type Answered = { readonly conflict: number } | { readonly result: ClientAppendResult };

/** @throws LedgerError `store_unavailable`: outcome unknown. `corrupt`: the stream is not what its revisions say. */
export async function appendUntilSettled(
  { retryPolicy, credentials, clients }: Appending,
  { stream, expectedRevision, events }: CheckedAppend,
  positionOf: (revision: number) => Promise<Position>,
): Promise<AppendResult> {
  const expected = expectedRevision === -1 ? 'no_stream' : BigInt(expectedRevision);
  const proposed = events.map(toProposed);
  const send = (client: EventStoreDbClient, timeMs: number): Promise<ClientAppendResult> =>
    client.appendToStream(stream, proposed, {
      // One client honours this name and the other that; each takes the name that it does not know for "any revision".
      expectedRevision: expected,
      streamState: expected,
      // Without credentials of its own the append goes over a stream that all clients of the process share: an error of
      // any of them fails the appends of all, and a late answer then ends the process.
      credentials,
      // Else a follower forwards to a leader that may be dead, and the wait is longer.
      requiresLeader: true,
      deadline: Math.ceil(timeMs),
    });
  const answered = await retry<Answered>(retryPolicy, {
    what: `${stream}: the append`,
    unsettled: 'It may be stored: say the same facts again',
    attempt: async (timeMs) => ({
      result: await retryPolicy.limits.within(timeMs, send(clients.next(), timeMs)),
    }),
    answer: conflictOf,
  });
  if ('conflict' in answered) return { appended: false, actualRevision: answered.conflict };
  const { result } = answered;
  if (!result.success) return { appended: false, actualRevision: Number(result.nextExpectedRevision) };
  const revision = Number(result.nextExpectedRevision);
  if (revision !== expectedRevision + events.length) {
    throw new LedgerError(
      'corrupt',
      `${stream}: appended at revision ${revision}, expected ${expectedRevision + events.length}. Either the stream was deleted, or this client ` +
        'ignores the expected revision. Stop all writers, and use @eventstore/db-client 6 or @kurrent/kurrentdb-client 1',
    );
  }
  // A server that knows the append from before may not say where in the log it stands.
  const position = result.position ? toPosition(result.position, stream) : await positionOf(revision);
  return { appended: true, revision, position };
}

function conflictOf(meaning: FailureMeaning): Answered | undefined {
  return meaning.kind === 'conflict' ? { conflict: meaning.actualRevision } : undefined;
}

/** From the text, so that what the caller does to his objects meanwhile changes nothing. */
function toProposed({ id, type, data, metadata }: StoredText): ProposedEvent {
  return {
    contentType: 'application/json',
    id,
    type,
    data: JSON.parse(data) as Record<string, unknown>,
    metadata: new TextEncoder().encode(metadata),
  };
}
