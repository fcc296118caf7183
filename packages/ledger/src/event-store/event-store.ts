// The port of the event store: four methods with the same promises on every engine, and what only some engines can do.

/**
 * A place in the log: digits, padded with zeros to one width within a log, so that positions sort as plain text. Compare
 * them; do not calculate with them.
 */
export type Position = string & { readonly __position: true };

/** Metadata of an event. It is flat, and its values are text: every engine can store that. */
export type EventMetadata = Readonly<Record<string, string>>;

/** An event to append. */
export interface NewEvent {
  /** A random UUID in lower case, new for each append, and the same in all retries of that append. Never derived from data. */
  readonly id: string;
  readonly type: string;
  /** A plain JSON object. Promise 8 says what is refused. */
  readonly data: object;
  readonly metadata: EventMetadata;
}

/** An event that was read, with its place. */
export interface StoredEvent extends NewEvent {
  readonly stream: string;
  /** The event's place in its stream, from 0, without gaps. */
  readonly revision: number;
  /** The event's place in the log. */
  readonly position: Position;
}

/**
 * The result of an append. If appended: revision and position of its last event. Else the newest revision of the stream;
 * −1: there is no such stream.
 */
export type AppendResult =
  | { readonly appended: true; readonly revision: number; readonly position: Position }
  | { readonly appended: false; readonly actualRevision: number };

/** What one stream gets in `appendAll`. */
export interface StreamAppend {
  readonly stream: string;
  /** As in `append`. */
  readonly expectedRevision: number;
  readonly events: readonly NewEvent[];
}

/** A stream that was deleted for ever (a tombstone): nothing can be read from it, or appended to it, in this log any more. */
export interface DeletedStream {
  readonly stream: string;
  /** Where the log tells it. */
  readonly position: Position;
}

/** A stream of which a live ledger cannot read all events. */
export interface UnreadableStream {
  readonly stream: string;
  /** What hides the events, as text: `$maxCount 2`. */
  readonly because: string;
  /** Present where the stream was deleted for ever. */
  readonly deletedAt?: Position;
}

/** A page of the log, at most 512 events. */
export interface LogPage {
  readonly events: readonly StoredEvent[];
  /** Pass this as `after` to continue; store it with your rows. It moves forward even if no event matched. */
  readonly next: Position;
  /** True if there was nothing after this page when it was read. */
  readonly caughtUp: boolean;
  /** Streams that an operator has deleted for ever, as this part of the log tells. Absent: none. */
  readonly deleted?: readonly DeletedStream[];
}

/** Which part of the log to read. */
export interface ReadLogOptions {
  /** Reads the events after this position. Default: from the beginning. */
  readonly after?: Position;
  /** Reads only streams whose name starts with one of these. Default: all streams. */
  readonly prefixes?: readonly string[];
  /** Waits at the head for new events until this signal aborts. Default: the iteration ends at the head. */
  readonly follow?: AbortSignal;
}

/**
 * The event store. `testing/store-contract.ts` proves each promise, by its number, on every engine.
 *
 * 10. Where the last event that this handle was acknowledged or has read is no longer in the log (a backup was put back), it
 *     acknowledges nothing more: calls fail with `log_went_back`. (A store that can only look now and then may answer reads for a few
 *     seconds first.)
 */
export interface EventStore {
  /**
   * Appends all of `events` or none. Safe to call concurrently, from any number of processes.
   * 1. Once it answers `appended: true`, the events are on disk, and every handle on the log reads them.
   * 2. A conflict is an answer: nothing was written, and `actualRevision` was the newest revision.
   * 3. If a reply is lost, send the same events again: the same ids at the same revision are one append. Only ids and
   *    their places count: if only some of them are there, or all of them elsewhere, it is a conflict. An id that the log
   *    already has may be appended at the current revision.
   *
   * @param expectedRevision the newest revision that the caller has folded; −1: the stream does not exist yet. There is no
   *   value for "any revision".
   * @throws LedgerError `invalid_input`: no events, more than 1 MiB, or what promise 8 refuses; nothing was written.
   *   `store_busy`: the queue is full, or other processes hold the log; nothing was written, try again. `store_full`: the
   *   disk is full; nothing was written. `store_unavailable`: the outcome is unknown; drop what you cached of this stream.
   *   `corrupt`: the stream is damaged or was deleted. `closed`.
   */
  append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult>;

  /**
   * Appends to several different streams in one commit. Absent: the engine cannot; make the appends one after the other.
   * 11. All are on disk or none is, and no reader sees some of them alone. They stand in the log in that order, with nothing between
   *     them. Each is answered as promises 1 to 3 say: where one does not fit, nothing was written, and those that would have fitted
   *     are answered `appended: false` with their own revision. The same appends, sent again, are one.
   *
   * @param appends at most 16, and 1 MiB together.
   * @throws LedgerError as `append`; `invalid_input` also: no appends, too many, or a stream twice.
   */
  appendAll?(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]>;

  /**
   * 4. Reads the whole stream, or what follows `afterRevision`, as its leader has it now: it has every append that was
   *    acknowledged before the call. A stream without events is empty, not an error.
   *
   * @throws LedgerError `store_busy`, `store_unavailable`, `corrupt`, `closed`.
   */
  readStream(stream: string, options?: { readonly afterRevision?: number }): Promise<readonly StoredEvent[]>;

  /**
   * 5. Reads the log in its order, page by page. After a reader has reached position p, no new event ≤ p appears.
   * 6. `next` moves forward even if no event matched. Without `follow` the last page has `caughtUp: true`, and there is at
   *    least one page, even if the log is empty.
   * 7. With `follow` it yields the events that exist, and then each new event, whichever process appended it. It ends,
   *    without an error, when the signal aborts or the store closes.
   *
   * @throws LedgerError while iterating. `invalid_input`: `after` is no position, or is past the end of the log. Then it
   *   comes from another log, and the reader would silently skip all of this one. Else as `readStream`.
   */
  readLog(options?: ReadLogOptions): AsyncIterable<LogPage>;

  /**
   * The streams that operators have deleted, or whose events they hide, as the log has it now: for audits. Absent: the store has no
   * such operations.
   * @throws LedgerError as `readStream`.
   */
  unreadableStreams?(): Promise<readonly UnreadableStream[]>;

  /** 9. Completes queued appends, ends followers, then refuses all calls with `closed`. It is safe to call it twice. */
  close(): Promise<void>;

  /** Absent: the store carries none. */
  readonly snapshots?: Snapshots;
}

/**
 * Keeps copies of what was made from the log beside it, so that a process without a disk starts from them. They may be lost or
 * older than the log at any time: whoever loads one proves that it belongs to the log.
 */
export interface Snapshots {
  /** The newest that was saved under the name, in that layout. Undefined: there is none. @throws LedgerError as `readStream`. */
  load(name: string, layout: number): Promise<Uint8Array | undefined>;
  /** Saves it whole or not at all; keeps the one that is there where it is of the same position or a later one. @throws LedgerError as `append`. */
  save(name: string, layout: number, position: Position, bytes: Uint8Array): Promise<void>;
}

/*
 * 8. What was appended reads back as exactly the same JSON on every engine. So `append` refuses what JSON would lose or
 *    change: undefined (leave the key out), bigint, NaN, infinities, functions, class instances such as Date or Map, and
 *    keys that look like integers, which JavaScript moves to the front. −0 is stored as 0. Metadata is flat text. Names of
 *    streams, types and ids are printable ASCII without spaces, at most 200 characters, and begin with a letter or digit.
 */

/** The position before the first event of any log, whatever width its positions have. */
export const logStart: Position = '0'.repeat(20) as Position;
