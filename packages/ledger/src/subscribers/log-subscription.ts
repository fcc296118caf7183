// A subscriber of the log: gives each page, in log order, to one handler. The handler stores the cursor with its own
// rows. So a page may come again after a crash, and handlers are idempotent.
import { defined } from '../defined.ts';
import { isUnreadable, LedgerError } from '../errors.ts';
import type { DeletedStream, EventStore, Position, StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import type { Runtime } from '../runtime.ts';

export interface LogSubscriptionOptions {
  /** For log messages. */
  readonly name: string;
  readonly store: EventStore;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Reads only streams whose names start with one of these. */
  readonly prefixes: readonly string[];
  /** The cursor that the handler has stored: reading starts after it. */
  readonly after: Position;
  /** Handles one page and stores `next`. A page whose handling failed is given again. */
  readonly handle: (events: readonly StoredEvent[], next: Position) => Promise<void>;
  /** Called once when an event cannot be read: the subscriber stays in front of it until it can be. */
  readonly onStuck?: (error: LedgerError) => void;
  /** Called for each stream that was deleted for ever, as the log is read past it. */
  readonly onDeleted?: (deleted: DeletedStream) => void;
  /** Called each time the head of the log is reached. */
  readonly onCaughtUp?: () => void | Promise<void>;
}

export interface LogSubscription {
  /** Follows the log until it is stopped, through failures of the store. */
  follow(): void;
  /**
   * Handles everything that was in the log when it was called.
   * @throws LedgerError `closed`: it was stopped meanwhile. Also what the store and the handler throw.
   */
  catchUp(): Promise<void>;
  /**
   * How many milliseconds it may be behind the log. While it follows at the head: the time for which pages gather. Else the
   * time since it was last at the head; infinity: never yet.
   */
  lagMs(): number;
  /** Stops, and resolves when no page is being handled any more. */
  stop(): Promise<void>;
}

const retryAfterMs = 1_000;
/** How long events gather at the head: one transaction of the handler then covers many small commits of the log. */
const gatherMs = 25;

export function openLogSubscription(options: LogSubscriptionOptions): LogSubscription {
  const { name, store, runtime, log, prefixes, handle, onStuck, onDeleted, onCaughtUp } = options;
  const stopping = new AbortController();
  let position = options.after; // The cursor. Written by `read`, after the handler has stored it.
  let caughtUpAtMs: number | undefined; // Monotonic. Written by `read`; undefined: the head was not reached yet.
  let following = false; // Set by `follow`.
  let atHead = false; // Written by `read`, cleared by `followUntilStopped` after a failure.
  let stuck = false; // Set by `noteStuck` when `onStuck` was called, cleared by `read` after progress.
  let loop: Promise<void> = Promise.resolve(); // Written by `follow`.
  let turn: Promise<unknown> = Promise.resolve(); // The newest work that takes turns. Written by `inTurn`.

  /** Handles one page at a time: `catchUp` and the follower read the same log, and the second finds the page handled. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work, work);
    turn = done;
    return done;
  }

  async function read(follow?: AbortSignal): Promise<void> {
    for await (const page of store.readLog({ after: position, prefixes, ...defined({ follow }) })) {
      await inTurn(async () => {
        if (stopping.signal.aborted) return; // The file that the handler writes is about to be closed.
        if (page.next > position) {
          await handle(
            page.events.filter((event) => event.position > position),
            page.next,
          );
          for (const deleted of page.deleted ?? []) if (deleted.position > position) onDeleted?.(deleted);
          position = page.next;
          stuck = false;
        }
        atHead = page.caughtUp;
        if (page.caughtUp) {
          caughtUpAtMs = runtime.monotonicNowMs();
          await onCaughtUp?.();
        }
      });
      if (stopping.signal.aborted) return;
      if (follow && page.caughtUp) await runtime.sleep(gatherMs, follow);
    }
  }

  function noteStuck(error: unknown): void {
    if (stuck || !isUnreadable(error)) return;
    stuck = true;
    onStuck?.(error);
  }

  async function followUntilStopped(): Promise<void> {
    for (;;) {
      try {
        await read(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted) {
          noteStuck(error);
          log.warn({ err: error, subscription: name, position }, 'subscription failed; it reads on from its cursor');
        }
      }
      if (stopping.signal.aborted) return;
      atHead = false;
      // A store that was closed meanwhile ends the reading without an error: without a pause this loop would spin.
      await runtime.sleep(retryAfterMs, stopping.signal);
    }
  }

  return {
    follow: () => {
      following = true;
      loop = followUntilStopped();
    },
    catchUp: async () => {
      try {
        await read();
      } catch (error) {
        noteStuck(error);
        throw error;
      }
      if (stopping.signal.aborted)
        throw new LedgerError('closed', 'The ledger was closed before the log was caught up. Ask another process');
    },
    lagMs: () => {
      if (following && atHead) return gatherMs;
      return caughtUpAtMs === undefined ? Number.POSITIVE_INFINITY : Math.round(runtime.monotonicNowMs() - caughtUpAtMs);
    },
    stop: async () => {
      stopping.abort();
      await loop;
      await turn.catch(() => undefined);
    },
  };
}
