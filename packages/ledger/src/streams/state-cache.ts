// The folded states of streams that a process keeps, so that most transactions read nothing. Bounded by their number and by
// their length: a few orders with thousands of facts must not take the memory that ten thousand common ones may.
import { LRUCache } from 'lru-cache';

export interface Revised {
  readonly revision: number;
}

export interface Folded<State> {
  readonly state: State;
  /** `recordedAt` of the last event, ISO 8601 UTC; empty: there is none. The next event gets this time or a later one. */
  readonly recordedAt: string;
}

/** A folded state and the length of its JSON at some revision, which is measured again as the stream grows. */
interface Entry {
  readonly folded: Folded<Revised>;
  readonly characters: number;
  /** From this revision on the length is measured anew. */
  readonly measureAt: number;
}

/** The folded states of streams, each as an acknowledged append or a read left it. */
export class StateCache {
  /** Key: name of the stream. Written by `remember` and `forget`. */
  readonly #entries: LRUCache<string, Entry>;

  /** @param maxCharacters of the JSON of all states together; in memory a state takes about two bytes for each (measured). */
  constructor(max: number, maxCharacters: number) {
    this.#entries = new LRUCache({ max, maxSize: maxCharacters, sizeCalculation: ({ characters }) => characters });
  }

  /** The aggregate of a stream never changes, so neither does the type of what is cached for it. */
  get<State>(stream: string): Folded<State> | undefined {
    return this.#entries.get(stream)?.folded as Folded<State> | undefined;
  }

  /** Keeps the newer of two states: a slow reader must not put an older one back. */
  remember(stream: string, folded: Folded<Revised>): void {
    const known = this.#entries.get(stream);
    const { revision } = folded.state;
    if (known && known.folded.state.revision > revision) return;
    // Measured at each quarter that the stream grows by, so that measuring costs less than the folds did.
    const isMeasured = known !== undefined && revision < known.measureAt;
    const characters = isMeasured ? known.characters : JSON.stringify(folded.state).length;
    const measureAt = isMeasured ? known.measureAt : revision + 1 + (revision >> 2);
    this.#entries.set(stream, { folded, characters, measureAt });
  }

  forget(stream: string): void {
    this.#entries.delete(stream);
  }
}
