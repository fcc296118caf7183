// What an operator may do to the streams of a store that several programs share: delete one for ever, or hide its events.
// A ledger does neither, and cannot undo the first.
import { LedgerError } from '../errors.ts';

const deleted = new WeakSet<LedgerError>();

/** What to do about events that only the metadata of their stream hides. */
export const clearMetadata =
  "Stop scavenges, then clear the stream's metadata (docs/operate/eventstoredb.md): that brings back all events that no scavenge has removed. Only for those restore a backup";

/** The error of a call on a stream that was deleted for ever. @param what the call, as in `order-1: the append`. */
export function streamDeleted(what: string, cause: unknown): LedgerError {
  const error = new LedgerError(
    'corrupt',
    `${what}: the stream was deleted on the server for ever (a tombstone). A ledger deletes nothing, and nothing brings it back in this log. ` +
      'Stop scavenges, and follow docs/operate/eventstoredb.md: a copy of the log has the events that no scavenge has removed',
    { cause },
  );
  deleted.add(error);
  return error;
}

/** True if the call failed because the stream was deleted for ever: then no other attempt helps. */
export function isStreamDeleted(error: unknown): boolean {
  return error instanceof LedgerError && deleted.has(error);
}
