// Converts an event of the client to the event that was appended. An event that no ledger can have written is `corrupt`.
// Nothing is repaired here, because the audit hashes what is stored.
import { LedgerError } from '../../errors.ts';
import type { EventMetadata, StoredEvent } from '../event-store.ts';
import type { ClientEvent } from './client.ts';
import { toPosition } from './position.ts';

/** @throws LedgerError `corrupt`: no ledger can have written the event. */
export function toStoredEvent(event: ClientEvent): StoredEvent {
  const where = `${event.streamId} at revision ${event.revision}`;
  const { data, metadata = {} } = event;
  if (!event.isJson || typeof data !== 'object' || data === null) foreign(where, 'its data is no JSON object');
  if (!isFlatText(metadata)) foreign(where, 'its metadata is not flat text');
  return {
    stream: event.streamId,
    revision: Number(event.revision),
    position: toPosition(event.position, where),
    id: event.id,
    type: event.type,
    data,
    metadata,
  };
}

function isFlatText(metadata: unknown): metadata is EventMetadata {
  if (typeof metadata !== 'object' || metadata === null) return false;
  return Object.values(metadata).every((value) => typeof value === 'string');
}

function foreign(where: string, flaw: string): never {
  throw new LedgerError('corrupt', `${where}: ${flaw}. No ledger wrote it: give the ledger a database, or stream names, of its own`);
}
