// The log of the server double: streams, positions and idempotence behave as measured on EventStoreDB 24.6. Several doubles
// on one log are the nodes of one cluster.
import { EventEmitter } from 'node:events';

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
}

export type Proposed = Pick<LoggedEvent, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>;
export type Expected = number | 'no_stream' | 'any';
export type Appended = { readonly last: LoggedEvent } | { readonly conflict: number };

export class LogDouble extends EventEmitter<{ appended: [readonly LoggedEvent[]] }> {
  readonly events: LoggedEvent[] = [];
  readonly #streams = new Map<string, LoggedEvent[]>();
  #end = 100n;

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  stream(name: string): readonly LoggedEvent[] | undefined {
    return this.#streams.get(name);
  }

  /** Appends. If the same ids are at the same places already, it is the same append. At the newest revision ids do not matter. */
  append(stream: string, expected: Expected, proposed: readonly Proposed[]): Appended {
    const there = this.#streams.get(stream) ?? [];
    const expectedRevision = expected === 'no_stream' ? -1 : expected;
    if (expectedRevision !== 'any' && expectedRevision !== there.length - 1) {
      const known = there.slice(expectedRevision + 1, expectedRevision + 1 + proposed.length);
      const last = known.at(-1);
      const same = known.length === proposed.length && known.every(({ id }, index) => id === proposed[index]?.id);
      return same && last ? { last } : { conflict: there.length - 1 };
    }
    const added = proposed.map((event, index) => this.#place(stream, there.length + index, event));
    this.#streams.set(stream, [...there, ...added]);
    this.events.push(...added);
    this.emit('appended', added);
    return { last: added.at(-1) as LoggedEvent };
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

  #place(stream: string, revision: number, event: Proposed): LoggedEvent {
    const position = this.#end;
    this.#end += BigInt(90 + stream.length + event.data.length + event.metadata.length);
    return { ...event, stream, revision, position };
  }
}
