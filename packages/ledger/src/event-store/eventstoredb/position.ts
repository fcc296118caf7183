// Converts positions of EventStoreDB to text that sorts: 20 digits of the commit position, then 20 digits of the prepare
// position. The two are equal for a plain append, and differ within a transaction.
import { LedgerError } from '../../errors.ts';
import { logStart, type Position } from '../event-store.ts';
import type { ClientPosition } from './client.ts';

const digits = 20;
/** The server counts in signed 64-bit numbers. A larger number means "end" or "none". */
const firstInvalid = 2n ** 63n;
const TEXT = /^\d{40}$/;

/** Converts to text. @throws LedgerError `corrupt`: the server has sent no position. */
export function toPosition(place: ClientPosition | undefined, where: string): Position {
  if (!place || !isPlace(place)) throw new LedgerError('corrupt', `${where} has no position in the log. Run a server that tells it`);
  return `${String(place.commit).padStart(digits, '0')}${String(place.prepare).padStart(digits, '0')}` as Position;
}

/** True if it is a place in the log. A subscription that has met no event yet sends the largest number as its checkpoint. */
export function isPlace({ commit, prepare }: ClientPosition): boolean {
  return commit < firstInvalid && prepare < firstInvalid;
}

/** Converts from text. @throws LedgerError `invalid_input`: the text is no position of an EventStoreDB. */
export function fromPosition(after: Position): ClientPosition | 'start' {
  if (after === logStart) return 'start';
  const known = TEXT.test(after);
  const place = { commit: BigInt(known ? after.slice(0, digits) : 0), prepare: BigInt(known ? after.slice(digits) : 0) };
  if (!known || !isPlace(place) || place.prepare > place.commit) {
    throw new LedgerError(
      'invalid_input',
      `after: ${JSON.stringify(after)} is no position of this log. Pass the \`next\` of a page of it.`,
    );
  }
  return place;
}
