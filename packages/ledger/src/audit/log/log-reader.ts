// The log as audits read it: stored text, in log order or by stream. It has no method that writes, so that an audit cannot
// change the log.

import type { EventStore, Position, StoredEvent, UnreadableStream } from '../../event-store/event-store.ts';
import { logStart } from '../../event-store/event-store.ts';
import type { LogRow } from './log-row.ts';
import type { SqliteLog } from './sqlite-log.ts';

/** All methods throw what the store throws. */
export interface LogReader {
  /** The name of the log in messages: `sqlite:ledger.db`. */
  readonly name: string;
  /** Present if the log is a SQLite file: audits then scan it by stream and in parallel. Else they make a temporary copy. */
  readonly sqlite?: SqliteLog;
  /**
   * Reads the log in its order, page by page.
   * @param options `after`: skips the events up to this position; default: from the beginning. `upTo`: the position of the
   *   last event; default: the end of the log when the call began.
   */
  rows(options?: { readonly after?: Position; readonly upTo?: Position }): AsyncIterable<readonly LogRow[]>;
  /** Reads a whole stream. Empty: there is no such stream. */
  stream(name: string): Promise<readonly LogRow[]>;
  /** The streams that operators have deleted, or whose events they hide. Absent: the store has no such operations. */
  unreadableStreams?(): Promise<readonly UnreadableStream[]>;
  /** Closes the store too. */
  close(): Promise<void>;
}

/** The part of a store that an audit needs. */
export type ReadableStore = Pick<EventStore, 'readLog' | 'readStream' | 'unreadableStreams' | 'close'>;

/**
 * Returns a reader that reads through the store's port. Stored text is then `JSON.stringify` of the data: the port's
 * promise 8 says that this is the same text.
 */
export function readerOf(store: ReadableStore, name = 'the event store'): LogReader {
  return {
    name,
    async *rows({ after = logStart, upTo } = {}) {
      for await (const { events, next } of store.readLog({ after })) {
        const rows = events.map(toRow);
        const past = upTo === undefined ? -1 : rows.findIndex(({ position }) => position > upTo);
        if (past !== 0) yield past === -1 ? rows : rows.slice(0, past);
        if (upTo !== undefined && next >= upTo) return;
      }
    },
    stream: async (stream) => (await store.readStream(stream)).map(toRow),
    unreadableStreams: async () => (await store.unreadableStreams?.()) ?? [],
    close: () => store.close(),
  };
}

function toRow({ data, metadata, ...rest }: StoredEvent): LogRow {
  return { ...rest, data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
}
