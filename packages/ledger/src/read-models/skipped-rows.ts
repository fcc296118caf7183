// The streams that a subscriber passed without handling them, because they could not be read. They stand beside its cursor,
// in the same transaction: so whichever process shares the file, what was passed is found again.
import type { Position } from '../event-store/event-store.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** Why a stream could not be read: `file_newer` ends with an upgrade, `corrupt` with a repair. */
export type SkipCode = 'corrupt' | 'file_newer';

/** A stream of which nothing from `firstRevision` to `lastRevision` is sure to have been handled. */
export interface SkippedStream {
  readonly stream: string;
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly code: SkipCode;
  readonly message: string;
}

/** An event that could not be handled. */
export interface SkippedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly code: SkipCode;
  readonly message: string;
}

export interface SkippedRows {
  /** Notes the events after `from`: those before it were handled, or noted, by another process. Call it in the transaction of the cursor. */
  add(events: readonly SkippedEvent[], from: Position): void;
  /** Removes a stream that was handled as it was read, unless an event was added to it since. @throws LedgerError as `ReadModelFile.advance`. */
  remove(handled: SkippedStream): Promise<void>;
  /** At most `limit` of them, by name, after the stream of that name. */
  after(stream: string, limit: number): readonly SkippedStream[];
}

export function openSkippedRows({ db, change }: ReadModelFile): SkippedRows {
  const upsert = db.prepare(
    `insert into skipped_streams values (?, ?, ?, ?, ?) on conflict (stream) do update set
     first_revision = min(first_revision, excluded.first_revision), last_revision = max(last_revision, excluded.last_revision),
     code = excluded.code, message = excluded.message`,
  );
  const remove = db.prepare('delete from skipped_streams where stream = ? and first_revision >= ? and last_revision <= ?');
  const after = db.prepare('select * from skipped_streams where stream > ? order by stream limit ?');

  return {
    add: (events, from) => {
      for (const { stream, revision, position, code, message } of events) {
        if (position > from) upsert.run(stream, revision, revision, code, message);
      }
    },
    remove: ({ stream, firstRevision, lastRevision }) => change(() => void remove.run(stream, firstRevision, lastRevision)),
    after: (stream, limit) =>
      after.all(stream, limit).map((row) => ({
        stream: String(row['stream']),
        firstRevision: Number(row['first_revision']),
        lastRevision: Number(row['last_revision']),
        code: row['code'] as SkipCode,
        message: String(row['message']),
      })),
  };
}
