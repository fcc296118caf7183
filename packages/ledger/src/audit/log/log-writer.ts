// Writes the events of one log into another store, in their order. Both the import and the copy use it. The tree of the new
// log has the same root only if the order across streams is the same too. What a failed run leaves must be a beginning of the
// log, or no later run could continue it: so no append is under way whose fate another one does not share.
import { LedgerError } from '../../errors.ts';
import type { EventStore, NewEvent } from '../../event-store/event-store.ts';

export interface WritingOptions {
  /**
   * True if the store commits the appends that are called in one turn of the event loop together, and in that order, as SQLite does.
   * Default: false: what the store's `appendAll` takes at once; where it has none, one append.
   */
  readonly keepsOrder?: boolean | undefined;
  /** Called with the number of events appended so far. */
  readonly onEvents?: ((events: number) => void) | undefined;
}

/** An event with the place that it must get. */
export interface PlacedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly event: NewEvent;
}

/** Consecutive events of a stream become one append. The two limits keep it below the 1 MiB that a store accepts. */
const appendEvents = 100;
const appendBytes = 256 * 1024;
/** What a store commits together: how many appends, and of how many bytes. */
const groupAppends = 512;
const groupBytes = 1024 * 1024;
/** What `appendAll` takes, each of another stream. */
const setAppends = 16;

interface Batch {
  readonly stream: string;
  readonly revision: number;
  readonly events: NewEvent[];
  bytes: number;
}

export class LogWriter {
  readonly #store: EventStore;
  readonly #options: WritingOptions;
  /** The newest append. Written by `take`, cleared by `#close`. */
  #batch: Batch | undefined;
  /** The appends before it that are made together. Written by `#close` and `#flush`. */
  #group: Batch[] = [];
  /** Why an append failed. Nothing is appended after it, or the order would be another. Written by `#flush`. */
  #failure: { readonly error: unknown } | undefined;
  /** Written by `take`. */
  #events = 0;
  /** How many of them are appended. Written by `#flush`. */
  #appended = 0;

  constructor(store: EventStore, options: WritingOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  /** How many events were passed to `take`. */
  get events(): number {
    return this.#events;
  }

  /**
   * Adds an event to the next append, and makes the appends before it once they are enough.
   * @param textBytes size of the event's data and metadata as text, or more: it limits what is appended at once.
   * @throws LedgerError `invalid_input`: the store has another event in that place. Also what the store's `append` throws. After
   *   either, every further call throws the same, and appends nothing.
   */
  async take({ stream, revision, event }: PlacedEvent, textBytes: number): Promise<void> {
    const bytes = textBytes + event.id.length + event.type.length;
    const batch = this.#batch;
    const isFull = batch && (batch.events.length >= appendEvents || batch.bytes + bytes > appendBytes);
    if (this.#failure || (batch && (isFull || batch.stream !== stream))) await this.#close();
    this.#batch ??= { stream, revision, events: [], bytes: 0 };
    this.#batch.events.push(event);
    this.#batch.bytes += bytes;
    this.#events += 1;
  }

  /** Appends what is left, and waits until all events are on disk. @throws LedgerError as `take`. */
  async end(): Promise<void> {
    await this.#close();
    await this.#flush();
  }

  /** Ends the newest append. Where the group has no room for it, the group is made first. */
  async #close(): Promise<void> {
    const batch = this.#batch;
    if (this.#failure || (batch && !this.#hasRoom(batch))) await this.#flush();
    if (batch) this.#group.push(batch);
    this.#batch = undefined;
  }

  #hasRoom({ stream, bytes }: Batch): boolean {
    if (this.#group.reduce((sum, each) => sum + each.bytes, bytes) > groupBytes) return false;
    if (this.#options.keepsOrder) return this.#group.length < groupAppends;
    return this.#store.appendAll !== undefined && this.#group.length < setAppends && this.#group.every((each) => each.stream !== stream);
  }

  async #flush(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    const group = this.#group;
    this.#group = [];
    try {
      await (this.#options.keepsOrder ? appendAtOnce(this.#store, group) : appendTogether(this.#store, group));
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
    this.#appended += group.reduce((sum, { events }) => sum + events.length, 0);
    this.#options.onEvents?.(this.#appended);
  }
}

/** Calls all in one turn. Waits for all, also after a failure: whoever reads the store next must find it at rest. */
async function appendAtOnce(store: EventStore, group: readonly Batch[]): Promise<void> {
  const results = await Promise.allSettled(group.map((batch) => append(store, batch)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Makes one commit of all. Where something is there already, each is appended alone, so that only what is missing is added. */
async function appendTogether(store: EventStore, group: readonly Batch[]): Promise<void> {
  const all = group.map(({ stream, revision, events }) => ({ stream, expectedRevision: revision - 1, events }));
  const results = group.length > 1 ? await store.appendAll?.(all) : undefined;
  if (results?.every(({ appended }) => appended)) return;
  for (const batch of group) await append(store, batch);
}

/**
 * Makes one append. A conflict may come from an earlier run of the same copy: its last append can be written after we have
 * read the store. So the events that are there already are compared by id, and only the others are appended.
 */
async function append(store: EventStore, { stream, revision, events }: Batch): Promise<void> {
  const result = await store.append(stream, revision - 1, events);
  if (result.appended) return;
  const there = await store.readStream(stream, { afterRevision: revision - 1 });
  const same = there.length > 0 && there.every(({ id }, index) => index >= events.length || id === events[index]?.id);
  if (!same) {
    throw new LedgerError(
      'invalid_input',
      `${stream}: revision ${revision} does not follow ${result.actualRevision}. Somebody else writes to the store, or the source has gaps`,
    );
  }
  const rest = events.slice(there.length);
  if (rest.length > 0) await append(store, { stream, revision: revision + there.length, events: rest, bytes: 0 });
}

/** True if the text is exactly what `JSON.stringify` writes. Only such text is the same after it was in another store. */
export function isAsStringified(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
