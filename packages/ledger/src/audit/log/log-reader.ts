// A log as audits read it: stored text, in log order or by stream. It has no way to write, so that an audit is
// read-only by construction.

import type { EventStore, Position, StoredEvent } from '../../event-store/event-store.ts';
import { logStart } from '../../event-store/event-store.ts';
import type { LogRow } from './log-row.ts';
import type { SqliteLog } from './sqlite-log.ts';

export interface LogReader {
  /** For messages: `sqlite:ledger.db`. */
  readonly name: string;
  /** Where the log is a SQLite file, audits scan it by stream and in parallel. Else they make a temporary copy of it. */
  readonly sqlite?: SqliteLog;
  /** Log order, page by page, from the beginning. `upTo` is the last one given. Default: the end as it is now. */
  rows(options?: { readonly after?: Position; readonly upTo?: Position }): AsyncIterable<readonly LogRow[]>;
  /** A whole stream; empty where there is none. */
  stream(name: string): Promise<readonly LogRow[]>;
  close(): Promise<void>;
}

/** What an audit needs of any store. */
export type ReadableStore = Pick<EventStore, 'readLog' | 'readStream' | 'close'>;

/** Reads through the port. Stored text is what `JSON.stringify` makes of the data: promise 8. */
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
    close: () => store.close(),
  };
}

function toRow({ data, metadata, ...rest }: StoredEvent): LogRow {
  return { ...rest, data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
}
