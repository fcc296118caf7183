// Makes one append. If a reply is lost, sends it again with the same ids at the same revision: the server recognises it from
// its log. A read cannot decide whether it was stored: after a restart a read can miss an event that appears later.
import { LedgerError } from '../../errors.ts';
import type { AppendResult, Position } from '../event-store.ts';
import type { CheckedAppend, StoredText } from '../stored-text.ts';
import { type Patience, settle } from './attempts.ts';
import type { ClientAppendResult, Credentials, EventStoreDbClient, ProposedEvent } from './client.ts';
import type { Clients } from './clients.ts';
import type { FailureMeaning } from './failure.ts';
import { toPosition } from './position.ts';

export interface Appending {
  readonly patience: Patience;
  readonly credentials: Credentials;
  readonly clients: Clients;
}

/** The server's answer. A result without a position means that the server had stored the append before. */
type Answered = { readonly conflict: number } | { readonly result: ClientAppendResult };

/**
 * Sends an append until the server answers.
 * @param positionOf reads the position of a stored event, if the server does not send it.
 * @throws LedgerError `store_unavailable`: the outcome is unknown. `corrupt`: the stream was deleted, or its revisions are wrong.
 */
export async function appendUntilSettled(
  { patience, credentials, clients }: Appending,
  { stream, expectedRevision, events }: CheckedAppend,
  positionOf: (revision: number) => Promise<Position>,
): Promise<AppendResult> {
  const expected = expectedRevision === -1 ? 'no_stream' : BigInt(expectedRevision);
  const proposed = events.map(toProposed);
  const send = (client: EventStoreDbClient, timeMs: number): Promise<ClientAppendResult> =>
    client.appendToStream(stream, proposed, {
      // Each client reads one of these two names. Without its own name a client appends at any revision, so pass both.
      expectedRevision: expected,
      streamState: expected,
      // Without credentials the append uses a gRPC stream that all clients of the process share: then one error fails the
      // appends of all clients, and a late answer ends the process.
      credentials,
      // Otherwise a follower forwards the append to a leader that may be dead, and the wait is longer.
      requiresLeader: true,
      deadline: Math.ceil(timeMs),
    });
  const answered = await settle<Answered>(patience, {
    what: `${stream}: the append`,
    unsettled: 'It may be stored: say the same facts again',
    attempt: async (timeMs) => ({
      result: await patience.limits.within(timeMs, send(clients.next(), timeMs)),
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
  // If the server had stored the append before, it may not send the position.
  const position = result.position ? toPosition(result.position, stream) : await positionOf(revision);
  return { appended: true, revision, position };
}

function conflictOf(meaning: FailureMeaning): Answered | undefined {
  return meaning.kind === 'conflict' ? { conflict: meaning.actualRevision } : undefined;
}

/** Makes the event for the client from its text, so that later changes to the caller's objects have no effect. */
function toProposed({ id, type, data, metadata }: StoredText): ProposedEvent {
  return {
    contentType: 'application/json',
    id,
    type,
    data: JSON.parse(data) as Record<string, unknown>,
    metadata: new TextEncoder().encode(metadata),
  };
}
