// Writes the events of one log into another store, in their order. Both the import and the copy use it. The tree of the new
// log has the same root only if the order across streams is the same too.
import { LedgerError } from '../../errors.ts';
import type { EventStore, NewEvent } from '../../event-store/event-store.ts';

export interface WritingOptions {
  /**
   * True if the store writes appends in the order in which they were called, as SQLite does: then many appends run at once.
   * Default: false, one append at a time.
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
/** How many appends, and of how many bytes, may run at once, if the store keeps their order: half of the queue of a store, or less. */
const underWay = 1_000;
const underWayBytes = 8 * 1024 * 1024;

interface Batch {
  readonly stream: string;
  readonly revision: number;
  readonly events: NewEvent[];
  bytes: number;
}

export class LogWriter {
  readonly #store: EventStore;
  readonly #options: WritingOptions;
  /** The next append. Written by `take`, cleared by `#flush`. */
  #batch: Batch | undefined;
  /** The appends that run, and their bytes. Written by `#flush` and `#settled`. */
  #appends: Promise<void>[] = [];
  #bytes = 0;
  /** Why the first append failed. Nothing is appended after it, or the order would be another. Written by `#flush`. */
  #failure: { readonly error: unknown } | undefined;
  /** Written by `take`. */
  #events = 0;

  constructor(store: EventStore, options: WritingOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  /** How many events were passed to `take`. */
  get events(): number {
    return this.#events;
  }

  /**
   * Adds an event to the next append, and makes that append when it is full.
   * @param textBytes size of the event's data and metadata as text. Must be about right: it limits what is appended at once.
   * @throws LedgerError `invalid_input`: the store has another event in that place. Also what the store's `append` throws. After
   *   either, every further call throws the same, and appends nothing.
   */
  async take({ stream, revision, event }: PlacedEvent, textBytes: number): Promise<void> {
    const bytes = textBytes + event.id.length + event.type.length;
    const batch = this.#batch;
    const isFull = batch && (batch.events.length >= appendEvents || batch.bytes + bytes > appendBytes);
    if (this.#failure || (batch && (isFull || batch.stream !== stream))) await this.#flush();
    this.#batch ??= { stream, revision, events: [], bytes: 0 };
    this.#batch.events.push(event);
    this.#batch.bytes += bytes;
    this.#events += 1;
  }

  /** Appends what is left, and waits until all events are on disk. @throws LedgerError as `take`. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#settled();
  }

  async #flush(): Promise<void> {
    if (this.#failure) return this.#settled();
    const batch = this.#batch;
    if (batch === undefined) return;
    // Handled here, so that a failure is known before the next append, however long the others take.
    const done = append(this.#store, batch).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#batch = undefined;
    this.#appends.push(done);
    this.#bytes += batch.bytes;
    const isFull = this.#appends.length >= underWay || this.#bytes >= underWayBytes;
    if (!this.#options.keepsOrder || isFull) await this.#settled();
  }

  /** Waits for all that run, also after a failure: whoever reads the store next must find it at rest. */
  async #settled(): Promise<void> {
    const appends = this.#appends;
    this.#appends = [];
    this.#bytes = 0;
    await Promise.all(appends);
    if (this.#failure) throw this.#failure.error;
    this.#options.onEvents?.(this.#events - (this.#batch?.events.length ?? 0));
  }
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
