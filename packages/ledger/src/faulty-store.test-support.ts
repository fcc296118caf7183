// Wraps a real event store: a test can see its calls, delay them, or let them fail before or after their effect.
import { LedgerError } from './errors.ts';
import type { AppendResult, EventStore, LogPage, NewEvent, ReadLogOptions, StoredEvent, StreamAppend } from './event-store/event-store.ts';

export interface StoreCall {
  /** The number of the call, from 1. */
  readonly number: number;
  /** The method. Each page of the log is a separate call. */
  readonly method: 'append' | 'appendAll' | 'readStream' | 'readLog';
  /** The stream; of `appendAll` all of them, with ` + ` between them. Empty for `readLog`. */
  readonly stream: string;
  /** The types of the events that an append would add. */
  readonly types: readonly string[];
}

export interface Faults {
  /** Called before the call. If it throws, the call never reaches the store. */
  before?(call: StoreCall): Promise<void> | void;
  /** Called after the call. If it throws, the call had its effect, but its reply is lost. */
  after?(call: StoreCall): Promise<void> | void;
}

export interface FaultyStore extends EventStore {
  readonly calls: readonly StoreCall[];
}

/** Wraps the store. Reads `faults` at each call, so that a test may change them meanwhile. */
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

  async function appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    const streams = appends.map(({ stream }) => stream).join(' + ');
    const types = appends.flatMap(({ events }) => events.map(({ type }) => type));
    return pass('appendAll', streams, types, async () => (await store.appendAll?.(appends)) ?? []);
  }

  return {
    calls,
    ...(store.appendAll && { appendAll }),
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

/** The same store, as an engine that cannot append to several streams in one commit. */
export function withoutAppendAll(store: EventStore): EventStore {
  const { appendAll: _, ...others } = store;
  return others;
}

/** Makes the error of a store that does not know the outcome of a call. */
export function unknownOutcome(): LedgerError {
  return new LedgerError('store_unavailable', 'The reply was lost');
}
