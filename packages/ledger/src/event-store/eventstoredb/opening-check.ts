// Checks a store when it is opened: the server answers, is new enough and accepts the credentials, and the client sends the
// expected revision. A client that does not would silently append at any revision.
import { LedgerError } from '../../errors.ts';
import type { Credentials, EventStoreDbClient } from './client.ts';
import { oldestServer } from './failure.ts';
import { headOfLog, type Reading } from './read.ts';
import { type RetryPolicy, retry } from './retry.ts';
import { hiddenBy } from './stream-state.ts';

export interface Opening extends Reading {
  readonly retryPolicy: RetryPolicy;
  readonly appendCredentials: Credentials;
  readonly readOnly: boolean;
  /** Says why the server cannot be used, where the clients cannot tell. */
  readonly diagnose: (() => Promise<string | undefined>) | undefined;
}

/** Checks one client. @throws LedgerError `store_unavailable`, `invalid_input`: its message says what to do. */
export async function checkOpening(opening: Opening, client: EventStoreDbClient): Promise<void> {
  // This check makes an append that the server must refuse, so it needs a user who may write.
  if (!opening.readOnly) await refuseAnyRevision(opening, client);
  await refuseOldServer(opening, client);
  await headOfLog(opening, opening);
  // Where a stream seems to have no events, its metadata is read.
  await hiddenBy(opening, checkedStream(opening));
}

function checkedStream({ retryPolicy: { runtime } }: Opening): string {
  return `revision-check-${runtime.uuid()}`;
}

async function refuseAnyRevision(opening: Opening, client: EventStoreDbClient): Promise<void> {
  const { retryPolicy, appendCredentials, diagnose } = opening;
  const { runtime } = retryPolicy;
  const stream = checkedStream(opening);
  const event = {
    contentType: 'application/json' as const,
    id: runtime.uuid(),
    type: 'RevisionChecked',
    data: { about: 'an event that must not be stored' },
    metadata: new TextEncoder().encode('{}'),
  };
  const refused = await retry<boolean>(retryPolicy, {
    what: 'Opening the event store: a first call',
    unsettled: 'Nothing was written',
    failFast: { diagnose },
    attempt: async (timeMs) => {
      const options = {
        expectedRevision: 0n,
        streamState: 0n,
        credentials: appendCredentials,
        requiresLeader: true,
        deadline: Math.ceil(timeMs),
      };
      return !(await retryPolicy.limits.within(timeMs, client.appendToStream(stream, [event], options))).success;
    },
    answer: (meaning) => (meaning.kind === 'conflict' ? true : undefined),
  });
  if (refused) return;
  throw new LedgerError(
    'invalid_input',
    `This client ignores the expected revision: it appended to ${stream}, which does not exist, at revision 0. Use @eventstore/db-client 6 or ` +
      '@kurrent/kurrentdb-client 1, and delete that stream',
  );
}

/** A field that both clients have, though it is not in their types. A client without it is not checked. */
interface KnowsServer {
  readonly capabilities?: Promise<{ readonly serverVersion?: unknown }>;
}

/** Refuses a server that is too old: it does not notify subscribers at the head, so every reader would wait for ever. */
async function refuseOldServer({ retryPolicy }: Opening, client: EventStoreDbClient): Promise<void> {
  const known = (client as unknown as KnowsServer).capabilities;
  if (known === undefined) return;
  const { serverVersion } = await retry(retryPolicy, {
    what: 'Opening the event store: asking for the version of the server',
    unsettled: 'Nothing was written',
    attempt: (timeMs) => retryPolicy.limits.within(timeMs, (client as unknown as Required<KnowsServer>).capabilities),
  });
  const [oldestMajor, oldestMinor] = oldestServer.split('.').map(Number) as [number, number];
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(String(serverVersion))?.map(Number) ?? [];
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new LedgerError(
    'invalid_input',
    `The server is of version ${major > 0 ? serverVersion : 'unknown, so before 21.10'}. Run EventStoreDB ${oldestServer} or newer, or KurrentDB`,
  );
}
