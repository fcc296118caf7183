// One event as the log stores it, with its text, and functions that read its position and time.

import { LedgerError } from '../../errors.ts';
import type { EventMetadata, StoredEvent } from '../../event-store/event-store.ts';
import type { StoredRow } from '../../event-store/stored-text.ts';

/** Returns the position as people read it and as `--as-of` takes it: without the leading zeros of a SQLite log. */
export function positionText(position: string): string {
  return /^\d{20}$/.test(position) ? String(Number(position)) : position;
}

/** Returns when the event was recorded, ISO 8601 in UTC. Empty: the metadata do not contain it. */
export function recordedAt(metadata: string): string {
  try {
    const { recordedAt: at } = JSON.parse(metadata) as { recordedAt?: unknown };
    return typeof at === 'string' ? at : '';
  } catch {
    return '';
  }
}

/** One event, with data and metadata as the stored JSON text. */
export type LogRow = StoredRow;

/** Parses a row, for audits that show a log and do not judge it. @throws LedgerError `corrupt`: the text is no JSON object. */
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
