// The folded states of streams that a process keeps, so that most transactions read nothing. Bounded by their length, not by their
// number: a few orders with thousands of facts must not take the memory that ten thousand common ones may. States that were not used for
// longest are packed as text, in half of the memory: to unpack one costs a tenth of reading its stream (measured).
import { LRUCache } from 'lru-cache';

/** The state of a stream. Plain JSON, so that it can be packed. */
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

/** What a stream takes beside its state: its name, and places in maps. Most streams are short ones that say whose a payment is. */
const entryCharacters = 200;

/** The folded states of streams, each as an acknowledged append or a read left it. */
export class StateCache {
  /** Key: name of the stream. Written by `remember`, `forget` and `get`. A stream is here or in `#packed`. */
  readonly #recent: LRUCache<string, Entry>;
  /** Key: name of the stream. The JSON of what `#recent` had no room for. */
  readonly #packed: LRUCache<string, string>;

  /**
   * @param maxCharacters of the JSON of recent states together; in memory a state takes about two bytes for each (measured).
   * @param maxPackedCharacters of packed states together; in memory each takes a byte, or two where a text has letters beyond Latin-1.
   */
  constructor(maxCharacters: number, maxPackedCharacters: number) {
    this.#recent = new LRUCache({
      maxSize: maxCharacters,
      sizeCalculation: ({ characters }) => characters + entryCharacters,
      dispose: ({ folded }, stream, reason) => {
        if (reason === 'evict') this.#packed.set(stream, JSON.stringify(folded));
      },
    });
    this.#packed = new LRUCache({
      maxSize: maxPackedCharacters,
      sizeCalculation: (text) => text.length + entryCharacters,
    });
  }

  /** The aggregate of a stream never changes, so neither does the type of what is cached for it. */
  get<State>(stream: string): Folded<State> | undefined {
    const folded = this.#recent.get(stream)?.folded ?? this.#unpacked(stream);
    return folded as Folded<State> | undefined;
  }

  /** Keeps the newer of two states: a slow reader must not put an older one back. */
  remember(stream: string, folded: Folded<Revised>): void {
    const known = this.#recent.get(stream);
    const { revision } = folded.state;
    if (known && known.folded.state.revision > revision) return;
    // Measured at each quarter that the stream grows by, so that measuring costs less than the folds did.
    const isMeasured = known !== undefined && revision < known.measureAt;
    const characters = isMeasured ? known.characters : JSON.stringify(folded.state).length;
    this.#keep(stream, { folded, characters, measureAt: isMeasured ? known.measureAt : nextMeasure(revision) });
  }

  forget(stream: string): void {
    this.#recent.delete(stream);
    this.#packed.delete(stream);
  }

  #keep(stream: string, entry: Entry): void {
    this.#packed.delete(stream);
    this.#recent.set(stream, entry);
  }

  #unpacked(stream: string): Folded<Revised> | undefined {
    const text = this.#packed.get(stream);
    if (text === undefined) return undefined;
    const folded = JSON.parse(text) as Folded<Revised>;
    this.#keep(stream, { folded, characters: text.length, measureAt: nextMeasure(folded.state.revision) });
    return folded;
  }
}

function nextMeasure(revision: number): number {
  return revision + 1 + (revision >> 2);
}
