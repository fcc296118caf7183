// The rules that every stream must keep: revisions, stored text, times. A stream that can be read then goes to the rules of
// its own kind.

import type { EventMetadata, StoredEvent } from '../../event-store/event-store.ts';
import type { LogRow } from '../log/log-row.ts';
import type { ScannedStream } from '../log/sqlite-log.ts';
import { isOneLine } from '../tree/leaf.ts';
import { findingAt, type Report } from './finding.ts';

export interface ReadEvent {
  readonly row: LogRow;
  readonly stored: StoredEvent;
}

/** A stream whose rows could be read. */
export interface ReadStream {
  readonly name: string;
  readonly events: readonly ReadEvent[];
}

/** Parses a stream. Undefined: its rows cannot be judged; this was reported. */
export function readStream({ id, name, rows, wrongHead }: ScannedStream, report: Report): ReadStream | undefined {
  if (name === null) {
    report({
      rule: 'streams',
      stream: `(stream ${id} of the file)`,
      expected: 'a stream with a name',
      found: `${rows.length} events of a stream that the file does not name`,
    });
    return undefined;
  }
  if (wrongHead) {
    const { head, newest } = wrongHead;
    report({
      rule: 'revisions',
      stream: name,
      expected: newest === -1 ? 'no stream without events' : `the stream ends at revision ${newest}, its newest event`,
      found: `the stream says that it ends at ${head}`,
    });
  }
  const events: ReadEvent[] = [];
  let recordedAt = '';
  for (const [at, row] of rows.entries()) {
    if (row.revision !== at) {
      report(findingAt(row, 'revisions', `revision ${at}`, `revision ${row.revision}`));
      return undefined; // The missing events are unknown, so the ones that follow cannot be judged.
    }
    const stored = parseRow(row, report, events.at(-1));
    if (stored === undefined) return undefined;
    const { recordedAt: now = '' } = stored.metadata;
    if (!isTime(now) || now < recordedAt) {
      report(
        findingAt(row, 'recorded-at', recordedAt === '' ? 'a time' : `a time not before ${recordedAt}`, now === '' ? 'no recordedAt' : now),
      );
    }
    recordedAt = now;
    events.push({ row, stored });
  }
  return { name, events };
}

/**
 * Parses a row. Undefined: it cannot be parsed; this was reported.
 * @param before the event before it: events of one append share their metadata, which is then parsed only once.
 */
export function parseRow(row: LogRow, report: Report, before?: ReadEvent): StoredEvent | undefined {
  try {
    if (!isOneLine(row)) throw new SyntaxError('a line break before the data');
    const metadata = before?.row.metadata === row.metadata ? before.stored.metadata : (JSON.parse(row.metadata) as EventMetadata);
    const data = JSON.parse(row.data) as object;
    if (typeof data !== 'object' || data === null) throw new SyntaxError('data that is no object');
    if (typeof metadata !== 'object' || metadata === null) throw new SyntaxError('metadata that is no object');
    const { stream, revision, position, id, type } = row;
    return { stream, revision, position, id, type, data, metadata };
  } catch (error) {
    report(findingAt(row, 'stored-text', 'JSON as the ledger writes it', error instanceof Error ? error.message : String(error)));
    return undefined;
  }
}

/** True if the text looks like `2026-01-01T00:00:00.000Z`. Checks only the form, to be fast. Such texts sort by time. */
function isTime(text: string): boolean {
  return text.length === 24 && text.charCodeAt(10) === 0x54 && text.charCodeAt(23) === 0x5a;
}

/** An event as it is stored, parsed, and read at its schema version. */
export interface TypedRow<Event> extends ReadEvent {
  readonly event: Event;
}
