// Tries again what the roll-forward could not hand on, until it can: after the upgrade of this process, of another one on
// the same file, or after a repair. One alert names a cause and how many streams wait for it.
import type { Alert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore, StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import type { PaymentWriter } from '../observe-payment.ts';
import type { SkipCode, SkippedEvent, SkippedRows, SkippedStream } from '../read-models/skipped-rows.ts';
import type { Runtime } from '../runtime.ts';
import { rollForward } from './roll-forward.ts';

export interface SkippedStreamsOptions {
  readonly rows: SkippedRows;
  readonly store: EventStore;
  readonly writer: PaymentWriter;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly onAlert: (alert: Alert) => void;
}

export interface SkippedStreams {
  /** Tells what this process could not hand on. */
  note(events: readonly SkippedEvent[]): void;
  /** Tries each stream once. @throws LedgerError what the event store and the file throw, but not `corrupt` and `file_newer` of a stream. */
  tryAgain(): Promise<void>;
  /**
   * Alerts of each cause that is new, or that more streams wait for an hour later. Call it where the log was read to its head.
   * Only what this process failed at counts: another one on the same file may be of an earlier release, and passed what we can read.
   */
  report(): void;
  /** From now on, tries again each minute while a stream waits, until `stop`. */
  follow(): void;
  /** Resolves when nothing is tried any more. */
  stop(): Promise<void>;
}

/** Why a stream cannot be handed on. */
interface Failure {
  readonly code: SkipCode;
  readonly message: string;
}

/** How many streams wait for one reason, and one of them. */
interface SkippedCount extends Failure {
  readonly streams: number;
}

const retryAfterMs = 60_000;
const repeatAlertAfterMs = 3_600_000;
/** How many rows are read at once. */
const rowsAtOnce = 100;

// biome-ignore format: a table
const whatToDo: Readonly<Record<SkipCode, string>> = {
  corrupt: 'Run `paidonce verify`, which lists what is damaged. Once it is repaired, all of it is handed on within a minute',
  file_newer: 'Upgrade @paidonce/ledger in this process. The upgraded process then hands all of it on',
};

export function openSkippedStreams({ rows, store, writer, runtime, log, onAlert }: SkippedStreamsOptions): SkippedStreams {
  const stopping = new AbortController();
  let following = false; // Set by `follow`.
  let isRetrying = false; // Written by `retrySoon`, as is `retrying`.
  let retrying: Promise<void> = Promise.resolve();
  let headReached = false; // Set by `report`. Before that a count would be of a part of the log.
  /** What this process failed at, by stream. Written by `note` and `tryAgain`. */
  const failed = new Map<string, Failure>();
  const alertOf = causeAlerts({ runtime, log, onAlert });

  /** Answers the last revision that it handled, from the first skipped event on, or why it still cannot. */
  async function handle({ stream, firstRevision, lastRevision, code, message }: SkippedStream): Promise<number | Failure> {
    const events = await readable(store, stream, firstRevision);
    const last = events.at(-1);
    if (last === undefined || last.revision < lastRevision) return { code, message };
    const [skipped] = await rollForward(events, writer);
    return skipped ?? last.revision;
  }

  async function tryAgain(): Promise<void> {
    const gone = new Set(failed.keys()); // Of these, another process may have handed some on.
    for (let last = ''; ; ) {
      const page = rows.after(last, rowsAtOnce);
      for (const skipped of page) {
        const lastRevision = await handle(skipped);
        if (typeof lastRevision !== 'number') {
          failed.set(skipped.stream, lastRevision);
          gone.delete(skipped.stream);
          continue;
        }
        await rows.remove({ ...skipped, lastRevision });
        log.info({ stream: skipped.stream }, 'handed on, after it could not be read before');
      }
      const next = page.at(-1);
      if (next === undefined) break;
      last = next.stream;
    }
    for (const stream of gone) failed.delete(stream);
  }

  function report(): void {
    headReached = true;
    if (rows.after('', 1).length > 0) retrySoon();
    alertOf(countsOf(failed));
  }

  /** Starts the loop, unless it runs. Without a stream that waits it ends, so that an idle process has no timer. */
  function retrySoon(): void {
    if (!following || isRetrying || stopping.signal.aborted) return;
    isRetrying = true;
    retrying = retryUntilNoneWaits().finally(() => {
      isRetrying = false;
    });
  }

  async function retryUntilNoneWaits(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await tryAgain();
        if (headReached) report();
        if (rows.after('', 1).length === 0) return;
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'skipped streams cannot be tried now; they are tried again');
      }
      await runtime.sleep(retryAfterMs, stopping.signal);
    }
  }

  return {
    note: (events) => {
      for (const { stream, code, message } of events) failed.set(stream, { code, message });
    },
    tryAgain,
    report,
    follow: () => {
      following = true;
      retrySoon();
    },
    stop: async () => {
      stopping.abort();
      await retrying;
    },
  };
}

/** The events of the stream from a revision on; none where the log cannot be read there. */
async function readable(store: EventStore, stream: string, firstRevision: number): Promise<readonly StoredEvent[]> {
  try {
    return await store.readStream(stream, { afterRevision: firstRevision - 1 });
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'corrupt') return [];
    throw error;
  }
}

/** How many streams failed for each reason. */
function countsOf(failed: ReadonlyMap<string, Failure>): readonly SkippedCount[] {
  const counts = new Map<SkipCode, SkippedCount>();
  for (const { code, message } of failed.values()) {
    const { streams, message: first } = counts.get(code) ?? { streams: 0, message };
    counts.set(code, { code, streams: streams + 1, message: first });
  }
  return [...counts.values()];
}

/** Alerts of each cause that is new, or that more streams wait for an hour after its last alert. */
function causeAlerts({ runtime, log, onAlert }: Pick<SkippedStreamsOptions, 'runtime' | 'log' | 'onAlert'>) {
  /** What was last alerted of each cause. */
  const reported = new Map<SkipCode, { readonly streams: number; readonly atMs: number }>();
  return (counts: readonly SkippedCount[]): void => {
    for (const code of reported.keys()) if (!counts.some((count) => count.code === code)) reported.delete(code);
    for (const { code, streams, message } of counts) {
      const before = reported.get(code);
      const isDue = before === undefined || (streams > before.streams && runtime.monotonicNowMs() - before.atMs >= repeatAlertAfterMs);
      if (!isDue) continue;
      reported.set(code, { streams, atMs: runtime.monotonicNowMs() });
      const text = `What ${streams} ${streams === 1 ? 'stream holds' : 'streams hold'} cannot be handed on (${code}); nothing of it is lost. ${whatToDo[code]}. One of them: ${message}`;
      log.error({ code, streams }, text);
      onAlert({ kind: 'roll_forward_failed', message: text });
    }
  };
}
