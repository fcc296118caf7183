// The port: four methods, the same promises on every engine.
/** Zero-padded digits, of one width within a log, so that they sort as plain text. Compare them; do not count with them. */
export type Position = string & { readonly __position: true };

/** Flat and string-valued: the only metadata that every engine keeps. */
export type EventMetadata = Readonly<Record<string, string>>;

export interface NewEvent {
  /** A UUID. Random, new for each append, kept across the retries of that append. Never derived from the fact. */
  readonly id: string;
  readonly type: string;
  /** Plain JSON; promise 8 says what is refused. */
  readonly data: object;
  readonly metadata: EventMetadata;
}

export interface StoredEvent extends NewEvent {
  readonly stream: string;
  /** 0-based, without gaps. */
  readonly revision: number;
  readonly position: Position;
}

/** `revision` and `position` are those of the last event of the append. */
export type AppendResult =
  | { readonly appended: true; readonly revision: number; readonly position: Position }
  | { readonly appended: false; readonly actualRevision: number };

/** At most 512 events. */
export interface LogPage {
  readonly events: readonly StoredEvent[];
  /** Read on after this; store it with your rows. It moves on even where nothing matched. */
  readonly next: Position;
  /** Nothing stood behind this page when it was read. */
  readonly caughtUp: boolean;
}

export interface ReadLogOptions {
  /** Exclusive. Default: from the beginning. */
  readonly after?: Position;
  /** Only streams whose name starts with one of these. Default: all. */
  readonly prefixes?: readonly string[];
  /** Wait at the head for new events until this aborts. Without it the iteration ends once caught up. */
  readonly follow?: AbortSignal;
}

/** `testing/store-contract.ts` proves each promise, by its number, on every engine. */
export interface EventStore {
  /**
   * Appends all of `events` or none. Safe to call concurrently, from any number of processes.
   * 1. Once it answers `appended: true`, the events are on disk, and every handle on the log reads them.
   * 2. A conflict is an answer: nothing was written, `actualRevision` was the newest.
   * 3. A lost reply is settled inside: the same ids, sent again at the same revision, are one append. Only ids and
   *    their places count: some of them there, or all of them elsewhere, is a conflict; an id that the log knows is
   *    no obstacle at the current revision.
   *
   * @param expectedRevision the newest that the caller has folded; −1: no stream yet. There is no "any".
   * @throws LedgerError `invalid_input`: no events, more than 1 MiB, or what promise 8 refuses; nothing written.
   *   `store_busy`: queue full, or the log held by other processes; nothing written, retry. `store_full`: disk full,
   *   nothing written. `store_unavailable`: outcome unknown, drop what you cached of this stream. `closed`.
   */
  append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult>;

  /**
   * 4. The whole stream (or what follows `afterRevision`), as its leader has it now: every append that was
   *    acknowledged before the call is in it. A stream without events is empty, not an error.
   *
   * @throws LedgerError `store_busy`, `store_unavailable`, `corrupt`, `closed`.
   */
  readStream(stream: string, options?: { readonly afterRevision?: number }): Promise<readonly StoredEvent[]>;

  /**
   * 5. Log order, page by page. Who has seen position p never later finds a new event ≤ p.
   * 6. `next` moves on even where nothing matched. The last page without `follow` has `caughtUp: true`, and
   *    at least one page is given, also of an empty log.
   * 7. With `follow` it gives what is there, and then each new event, whichever process appended it. It ends, without an
   *    error, when the signal aborts or the store closes.
   *
   * @throws LedgerError while iterating. `invalid_input`: `after` is no position, or lies past the end of the log: then
   *   it comes from another log, whose reader would silently skip all of this one. Else as `readStream`.
   */
  readLog(options?: ReadLogOptions): AsyncIterable<LogPage>;

  /** 9. Finishes queued appends, ends followers, then refuses all calls with `closed`. Safe to call twice. */
  close(): Promise<void>;
}

/*
 * 8. What was appended reads back the same on every engine, to the letter of its JSON. So `append` refuses what JSON would
 *    lose or change: undefined (leave the key out), bigint, NaN, infinities, functions, class instances such as Date or
 *    Map, and keys that look like integers, which do not keep their place. −0 is stored as 0. Metadata is flat text.
 *    Names of streams and types, and ids: printable ASCII without spaces, at most 200, beginning with a letter or digit.
 */

/** Before the first event of any log, however wide its positions are. */
export const logStart: Position = '0'.repeat(20) as Position;
