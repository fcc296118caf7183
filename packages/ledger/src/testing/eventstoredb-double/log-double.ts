// The log of the server double: streams, positions, idempotence and deletions behave as measured on EventStoreDB 24.6. Several
// doubles on one log are the nodes of one cluster.
import { EventEmitter } from 'node:events';
import { isSoftlyDeleted, metadataOf, readableIn, type StreamMetadata, softlyDeleted, undeleted } from './stream-metadata.ts';

export interface LoggedEvent {
  readonly stream: string;
  readonly id: string;
  readonly revision: number;
  /** Both the commit and the prepare position. Positions grow with the bytes, as in a real log. */
  readonly position: bigint;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /** When it was appended, in milliseconds since 1970. */
  readonly createdMs: number;
}

export type Proposed = Pick<LoggedEvent, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>;
export type Expected = number | 'no_stream' | 'any';
export type Appended = { readonly last: LoggedEvent } | { readonly conflict: number } | { readonly deleted: true };

/** The type of the event that ends a deleted stream for ever. */
export const tombstone = '$streamDeleted';

export class LogDouble extends EventEmitter<{ appended: [readonly LoggedEvent[]] }> {
  readonly events: LoggedEvent[] = [];
  readonly #streams = new Map<string, LoggedEvent[]>();
  /** Positions of events that a scavenge has removed: one may still read on from them. */
  readonly #scavenged = new Set<bigint>();
  #end = 100n;

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  stream(name: string): readonly LoggedEvent[] | undefined {
    return this.#streams.get(name);
  }

  /** True if the stream was deleted for ever; its metadata is gone with it. */
  isTombstoned(stream: string): boolean {
    const named = stream.startsWith('$$') ? stream.slice(2) : stream;
    return this.#streams.get(named)?.at(-1)?.type === tombstone;
  }

  metadata(stream: string): StreamMetadata {
    return metadataOf(this.#streams.get(`$$${stream}`)?.at(-1));
  }

  /**
   * Appends. If the same ids are at the same places already, it is the same append. At the newest revision ids do not matter.
   * A stream that was deleted softly is begun anew behind its last event, which shows that and what is behind it.
   */
  append(stream: string, expected: Expected, proposed: readonly Proposed[]): Appended {
    if (this.isTombstoned(stream)) return { deleted: true };
    const there = this.#streams.get(stream) ?? [];
    const expectedRevision = expected === 'no_stream' ? -1 : expected;
    const isDeleted = isSoftlyDeleted(this.metadata(stream));
    if (expectedRevision !== 'any' && expectedRevision !== there.length - 1) {
      const known = there.slice(expectedRevision + 1, expectedRevision + 1 + proposed.length);
      const last = known.at(-1);
      const same = known.length === proposed.length && known.every(({ id }, index) => id === proposed[index]?.id);
      if (same && last) return { last };
      const anew = expectedRevision === -1 && isDeleted && known[0]?.id !== proposed[0]?.id;
      if (!anew) return { conflict: there.length - 1 };
    }
    if (isDeleted) this.setMetadata(stream, undeleted(this.metadata(stream), there.length));
    return { last: this.#add(stream, proposed) };
  }

  setMetadata(stream: string, metadata: StreamMetadata | string): void {
    const text = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
    this.#add(`$$${stream}`, [ownEvent('$metadata', text)]);
  }

  /** Sets the access lists of streams that have none of their own. */
  setDefaults(settings: object): void {
    this.#add('$settings', [ownEvent('$settings', JSON.stringify(settings))]);
  }

  /** Deletes softly: the events stay, but are no longer read. */
  delete(stream: string): void {
    this.setMetadata(stream, softlyDeleted(this.metadata(stream)));
  }

  /** Deletes for ever: nothing can be read from the stream, or appended to it, any more. */
  tombstone(stream: string): LoggedEvent {
    return this.#add(stream, [ownEvent(tombstone, '')]);
  }

  /** Removes what is no longer read, as an operator's scavenge does. Tombstones stay. */
  scavenge(): void {
    const kept = this.events.filter((event) => {
      if (event.type === tombstone) return true;
      if (this.isTombstoned(event.stream)) return false;
      return readableIn(this.#streams.get(event.stream) ?? [], this.metadata(event.stream)).includes(event);
    });
    for (const { position } of this.events) this.#scavenged.add(position);
    this.events.splice(0, this.events.length, ...kept);
  }

  /** True if an event is, or was, at this position. */
  isPlace(position: bigint): boolean {
    return this.#scavenged.has(position) || this.events.some((event) => event.position === position);
  }

  /** Takes a backup, and returns a function that puts it back, as where a server is restored. */
  backUp(): () => void {
    const [events, end] = [[...this.events], this.#end];
    return () => {
      this.events.splice(0, this.events.length, ...events);
      this.#streams.clear();
      for (const event of events) this.#streams.set(event.stream, [...(this.#streams.get(event.stream) ?? []), event]);
      this.#end = end;
    };
  }

  #add(stream: string, proposed: readonly Proposed[]): LoggedEvent {
    const there = this.#streams.get(stream) ?? [];
    const added = proposed.map((event, index) => this.#place(stream, there.length + index, event));
    this.#streams.set(stream, [...there, ...added]);
    this.events.push(...added);
    this.emit('appended', added);
    return added.at(-1) as LoggedEvent;
  }

  #place(stream: string, revision: number, event: Proposed): LoggedEvent {
    const position = this.#end;
    this.#end += BigInt(90 + stream.length + event.data.length + event.metadata.length);
    return { ...event, stream, revision, position, createdMs: Date.now() };
  }
}

function ownEvent(type: string, text: string): Proposed {
  const data = new TextEncoder().encode(text);
  const contentType = text === '' ? 'application/octet-stream' : 'application/json';
  return { id: crypto.randomUUID(), type, contentType, data, metadata: new Uint8Array() };
}
