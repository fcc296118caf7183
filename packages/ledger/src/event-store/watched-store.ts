// A store whose first `log_went_back` is reported, whoever meets it: a call, a subscriber or a delivery.
import { LedgerError } from '../errors.ts';
import type { EventStore, LogPage, ReadLogOptions } from './event-store.ts';

/** @param onWentBack called once, with the error. */
export function watchedStore(store: EventStore, onWentBack: (error: LedgerError) => void): EventStore {
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

  const methods: EventStore = {
    append: (stream, expectedRevision, events) => watched(store.append(stream, expectedRevision, events)),
    readStream: (stream, options) => watched(store.readStream(stream, options)),
    readLog,
    close: () => store.close(),
  };
  // What else the store has, such as the path of its file, stays to be read.
  return Object.assign(Object.create(store) as EventStore, methods);
}
