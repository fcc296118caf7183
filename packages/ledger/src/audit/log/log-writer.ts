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
const appendChars = 256 * 1024;
/** How many appends may run at once, if the store keeps their order. */
const underWay = 1_000;

interface Batch {
  readonly stream: string;
  readonly revision: number;
  readonly events: NewEvent[];
  chars: number;
}

export class LogWriter {
  readonly #store: EventStore;
  readonly #options: WritingOptions;
  /** The next append. Written by `take`, cleared by `#flush`. */
  #batch: Batch | undefined;
  /** The appends that run. Written by `#flush` and `#settled`. */
  #appends: Promise<void>[] = [];
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
   * @param chars length of the event's text. Must be about right: it limits the size of an append.
   * @throws LedgerError `invalid_input`: the store has another event in that place. Also what the store's `append` throws.
   */
  async take({ stream, revision, event }: PlacedEvent, chars: number): Promise<void> {
    const batch = this.#batch;
    const isFull = batch && (batch.events.length >= appendEvents || batch.chars + chars > appendChars);
    if (batch && (isFull || batch.stream !== stream)) await this.#flush();
    this.#batch ??= { stream, revision, events: [], chars: 0 };
    this.#batch.events.push(event);
    this.#batch.chars += chars;
    this.#events += 1;
  }

  /** Appends what is left, and waits until all events are on disk. @throws LedgerError as `take`. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#settled();
  }

  async #flush(): Promise<void> {
    if (this.#batch === undefined) return;
    const done = append(this.#store, this.#batch);
    done.catch(() => undefined); // `#settled` awaits all together, and throws then.
    this.#batch = undefined;
    this.#appends.push(done);
    if (!this.#options.keepsOrder || this.#appends.length >= underWay) await this.#settled();
  }

  async #settled(): Promise<void> {
    const appends = this.#appends;
    this.#appends = [];
    await Promise.all(appends);
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
  if (rest.length > 0) await append(store, { stream, revision: revision + there.length, events: rest, chars: 0 });
}

/** True if the text is exactly what `JSON.stringify` writes. Only such text is the same after it was in another store. */
export function isAsStringified(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
