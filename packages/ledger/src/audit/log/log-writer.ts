// Writes the events of one log into another store, in their order: what is imported and what is copied goes this way
// alone. The tree of the new log has the same root only where the order across streams is the same too.
import { LedgerError } from '../../errors.ts';
import type { EventStore, NewEvent } from '../../event-store/event-store.ts';

export interface WritingOptions {
  /** The store writes appends in the order in which they are called, so that many may be under way. Default false. */
  readonly keepsOrder?: boolean | undefined;
  /** Events appended so far. */
  readonly onEvents?: ((events: number) => void) | undefined;
}

export interface PlacedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly event: NewEvent;
}

/** Consecutive events of a stream are one append, which stays below the 1 MiB that a store takes; so many are under way. */
const appendEvents = 100;
const appendChars = 256 * 1024;
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
  #batch: Batch | undefined;
  #appends: Promise<void>[] = [];
  #events = 0;

  constructor(store: EventStore, options: WritingOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  /** Taken so far. */
  get events(): number {
    return this.#events;
  }

  /** @throws LedgerError what `append` of the store throws; `invalid_input`: another event stands in that place. */
  async take({ stream, revision, event }: PlacedEvent, chars: number): Promise<void> {
    const batch = this.#batch;
    const isFull = batch && (batch.events.length >= appendEvents || batch.chars + chars > appendChars);
    if (batch && (isFull || batch.stream !== stream)) await this.#flush();
    this.#batch ??= { stream, revision, events: [], chars: 0 };
    this.#batch.events.push(event);
    this.#batch.chars += chars;
    this.#events += 1;
  }

  /** What was taken is on disk then. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#settled();
  }

  async #flush(): Promise<void> {
    if (this.#batch === undefined) return;
    const done = append(this.#store, this.#batch);
    done.catch(() => undefined); // Awaited below, all together.
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
 * A conflict may be with ourselves: an append of a copy that was killed can land after its successor has read the
 * store. So what stands in the place is compared by its ids, and only the rest is appended.
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

/** Only such text comes back to the letter from every store. */
export function isAsStringified(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
