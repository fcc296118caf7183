// The events of newer processes that the older ones cannot read. The raw log has them as they are; a process of an older
// release sees a version that it does not know.
import type { StoredEvent } from '../../event-store/event-store.ts';
import type { MemoryLog } from '../../event-store/memory.ts';

export class NewerEvents {
  readonly #log: MemoryLog;
  /** The ids of these events. Written by `add`. */
  readonly #ids = new Set<string>();

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  add(id: string): void {
    this.#ids.add(id);
  }

  /** Returns the event as an older release sees it. */
  asSeen(event: StoredEvent): StoredEvent {
    return this.#ids.has(event.id) ? { ...event, metadata: { ...event.metadata, version: '99' } } : event;
  }

  /** Returns the revision of the first of them in the stream. Undefined: there is none. */
  firstIn(stream: string): number | undefined {
    if (this.#ids.size === 0) return undefined;
    return this.#log.streams.get(stream)?.find(({ id }) => this.#ids.has(id))?.revision;
  }

  /** Returns the streams that have one, of those whose names start with one of these. */
  streams(prefixes: readonly string[]): readonly string[] {
    return [...this.#log.streams.keys()].filter(
      (stream) => prefixes.some((prefix) => stream.startsWith(prefix)) && this.firstIn(stream) !== undefined,
    );
  }
}
