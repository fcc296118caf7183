// A store whose first `log_went_back` is reported, whoever meets it: a call, a subscriber or a delivery. It also tells who waits for
// a stream of what this process appends to it.
import { LedgerError } from '../errors.ts';
import { AppendNews } from './append-news.ts';
import type { EventStore, LogPage, ReadLogOptions } from './event-store.ts';

export interface WatchedStore extends EventStore {
  /** Resolves at the next append to the stream by this process, and at the latest when the signal aborts. */
  nextAppend(stream: string, signal: AbortSignal): Promise<void>;
}

/** @param onWentBack called once, with the error. */
export function watchedStore(store: EventStore, onWentBack: (error: LedgerError) => void): WatchedStore {
  const news = new AppendNews();
  let reported = false;

  function noticed(error: unknown): unknown {
    if (!reported && error instanceof LedgerError && error.code === 'log_went_back') {
      reported = true;
      onWentBack(error);
    }
    return error;
  }

  async function watched<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw noticed(error);
    }
  }

  async function* readLog(options?: ReadLogOptions): AsyncGenerator<LogPage, void, undefined> {
    try {
      yield* store.readLog(options);
    } catch (error) {
      throw noticed(error);
    }
  }

  const together = store.appendAll?.bind(store);
  const methods: WatchedStore = {
    append: async (stream, expectedRevision, events) => {
      const result = await watched(store.append(stream, expectedRevision, events));
      if (result.appended) news.appended(stream);
      return result;
    },
    ...(together && {
      appendAll: async (appends) => {
        const results = await watched(together(appends));
        for (const [index, { stream }] of appends.entries()) if (results[index]?.appended) news.appended(stream);
        return results;
      },
    }),
    nextAppend: (stream, signal) => news.next(stream, signal),
    readStream: (stream, options) => watched(store.readStream(stream, options)),
    readLog,
    close: () => store.close(),
  };
  // What else the store has, such as the path of its file, stays to be read.
  return Object.assign(Object.create(store) as EventStore, methods);
}
