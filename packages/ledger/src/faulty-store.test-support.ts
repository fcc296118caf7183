// A real event store whose calls a test can see, hold up, or fail before or after they took effect.
import { LedgerError } from './errors.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, ReadLogOptions, StoredEvent } from './event-store/event-store.ts';

export interface StoreCall {
  /** From 1, in the order in which the calls were made. */
  readonly number: number;
  /** A page of the log is a call of its own. */
  readonly method: 'append' | 'readStream' | 'readLog';
  /** Empty for `readLog`. */
  readonly stream: string;
  /** What an append would add. */
  readonly types: readonly string[];
}

export interface Faults {
  /** Throws: the call never reached the store. */
  before?(call: StoreCall): Promise<void> | void;
  /** Throws: the call took effect, and its reply was lost. */
  after?(call: StoreCall): Promise<void> | void;
}

export interface FaultyStore extends EventStore {
  readonly calls: readonly StoreCall[];
}

/** Reads `faults` at each call, so that a test may change them on the way. */
export function openFaultyStore(store: EventStore, faults: Faults): FaultyStore {
  const calls: StoreCall[] = [];

  async function pass<T>(method: StoreCall['method'], stream: string, types: readonly string[], work: () => Promise<T>): Promise<T> {
    const call = { number: calls.length + 1, method, stream, types };
    calls.push(call);
    await faults.before?.(call);
    const result = await work();
    await faults.after?.(call);
    return result;
  }

  return {
    calls,
    append: (stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<AppendResult> =>
      pass(
        'append',
        stream,
        events.map(({ type }) => type),
        () => store.append(stream, expectedRevision, events),
      ),
    readStream: (stream: string, options?: { readonly afterRevision?: number }): Promise<readonly StoredEvent[]> =>
      pass('readStream', stream, [], () => store.readStream(stream, options)),
    async *readLog(options?: ReadLogOptions): AsyncGenerator<LogPage, void, undefined> {
      const pages = store.readLog(options)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const page = await pass('readLog', '', [], () => pages.next());
          if (page.done) return;
          yield page.value;
        }
      } finally {
        await pages.return?.();
      }
    },
    close: () => store.close(),
  };
}

/** What a store says of an outcome that it does not know. */
export function unknownOutcome(): LedgerError {
  return new LedgerError('store_unavailable', 'The reply was lost');
}
