// A subscriber of the log: hands each page, in log order, to one handler. What was handled is remembered by
// the handler, with its own rows; so a page may come again after a crash, and handlers are idempotent.
import { LedgerError } from '../errors.ts';
import type { EventStore, Position, StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import type { Runtime } from '../runtime.ts';

export interface SubscriptionOptions {
  readonly name: string;
  readonly store: EventStore;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly prefixes: readonly string[];
  /** Where the handler's own record stands. */
  readonly after: Position;
  /** A page that failed is given again. */
  readonly handle: (events: readonly StoredEvent[], next: Position) => Promise<void>;
  /** Called once where an event cannot be read: the subscriber stays before it until it can. */
  readonly onStuck?: (error: LedgerError) => void;
  /** Called each time the head of the log is reached. */
  readonly onCaughtUp?: () => void | Promise<void>;
}

export interface Subscription {
  /** Follows the log until it is stopped, through failures of the store. */
  follow(): void;
  /**
   * Handles everything that was in the log when it was called.
   * @throws LedgerError `closed` where it was stopped meanwhile.
   */
  catchUp(): Promise<void>;
  /** How far it may be behind: the time in which pages gather while it follows at the head, else the time since it was last there. */
  lagMs(): number;
  stop(): Promise<void>;
}

const retryAfterMs = 1_000;
/** At the head, pages gather for so long: one transaction of the handler for many small commits of the log. */
const gatherMs = 25;

export function openSubscription(options: SubscriptionOptions): Subscription {
  const { name, store, runtime, log, prefixes, handle, onStuck, onCaughtUp } = options;
  const stopping = new AbortController();
  let position = options.after;
  let caughtUpAtMs: number | undefined;
  let following = false;
  let atHead = false;
  let stuck = false;
  let loop: Promise<void> = Promise.resolve();
  let turn: Promise<unknown> = Promise.resolve();

  /** `catchUp` and the follower read the same log: whoever comes second finds the page handled. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work, work);
    turn = done;
    return done;
  }

  async function read(follow?: AbortSignal): Promise<void> {
    for await (const page of store.readLog({ after: position, prefixes, ...(follow ? { follow } : {}) })) {
      await inTurn(async () => {
        if (stopping.signal.aborted) return; // The file that the handler writes is about to be closed.
        if (page.next > position) {
          await handle(
            page.events.filter((event) => event.position > position),
            page.next,
          );
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

  async function followOn(): Promise<void> {
    for (;;) {
      try {
        await read(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted) {
          if (!stuck && error instanceof LedgerError && (error.code === 'corrupt' || error.code === 'file_newer')) {
            stuck = true;
            onStuck?.(error);
          }
          log.warn({ err: error, subscription: name, position }, 'subscription failed; it reads on from its cursor');
        }
      }
      if (stopping.signal.aborted) return;
      atHead = false;
      // A store that was closed under us ends the reading without an error: asking again at once would never end.
      await runtime.sleep(retryAfterMs, stopping.signal);
    }
  }

  return {
    follow: () => {
      following = true;
      loop = followOn();
    },
    catchUp: async () => {
      await read();
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
