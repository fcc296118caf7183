// One event as a log holds it, the stored text included, and the texts of its position and time.

import { LedgerError } from '../../errors.ts';
import type { EventMetadata, StoredEvent } from '../../event-store/event-store.ts';
import type { StoredRow } from '../../event-store/stored-text.ts';

/** As people read it, and as `--as-of` takes it: without the zeros of a SQLite log; of another store as it is. */
export function positionText(position: string): string {
  return /^\d{20}$/.test(position) ? String(Number(position)) : position;
}

/** Empty where the event does not say. */
export function recordedAt(metadata: string): string {
  try {
    const { recordedAt: at } = JSON.parse(metadata) as { recordedAt?: unknown };
    return typeof at === 'string' ? at : '';
  } catch {
    return '';
  }
}

export type LogRow = StoredRow;

/** For audits that tell what a log says, and do not judge it. @throws LedgerError `corrupt`: it is no JSON of ours. */
export function storedEvent({ data, metadata, ...row }: LogRow): StoredEvent {
  try {
    const stored = { ...row, data: JSON.parse(data) as object | null, metadata: JSON.parse(metadata) as EventMetadata | null };
    if (typeof stored.data !== 'object' || typeof stored.metadata !== 'object') throw new SyntaxError('no object');
    if (stored.data === null || stored.metadata === null) throw new SyntaxError('null');
    return stored as StoredEvent;
  } catch {
    const { stream, revision, type, position } = row;
    throw new LedgerError(
      'corrupt',
      `${stream}@${revision} (${type}, position ${positionText(position)}) does not hold JSON as the ledger writes it. Run: paidonce verify`,
    );
  }
}
