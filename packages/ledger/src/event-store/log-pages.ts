// Reads a log in pages, and follows it at its head without polling. The memory store and the SQLite store use it.
import { LedgerError } from '../errors.ts';
import { type LogPage, logStart, type Position, type ReadLogOptions } from './event-store.ts';

/** A page ends after this number of events, whether they match or not. */
export const pageEvents: number = 512;

/** What `logPages` needs from a store. */
export interface PagedLog {
  /** Reads the page after a position. `next` and `caughtUp` are about the whole log, `events` only about the prefixes. */
  page(after: Position, prefixes: readonly string[] | undefined): LogPage | Promise<LogPage>;
  readonly growth: LogGrowth;
  /** Aborts when the store closes; then followers end. */
  readonly closing: AbortSignal;
}

/**
 * Yields the pages from `after` to the head. With `follow` it waits there. Skips a page that contains nothing new.
 * @throws LedgerError `invalid_input`: `after` is no position. Also what `page` throws.
 */
export async function* logPages(
  log: PagedLog,
  { after = logStart, prefixes, follow }: ReadLogOptions,
): AsyncGenerator<LogPage, void, undefined> {
  if (!/^\d{20}$/.test(after))
    throw new LedgerError('invalid_input', `after: ${JSON.stringify(after)} is no position. Pass the \`next\` of a page.`);
  const end = follow && AbortSignal.any([follow, log.closing]);
  let next = after;
  for (let first = true; !end?.aborted; first = false) {
    // Count before the read, so that an append between the read and the wait is not missed.
    const seen = log.growth.count;
    const page = await pageUnlessEnded(log, next, prefixes, end);
    if (page === undefined) return;
    if (first || page.next !== next) yield page;
    next = page.next;
    if (!page.caughtUp) continue;
    if (!end) return;
    await log.growth.after(seen, end);
  }
}

/** Reads a page. Undefined: the read failed because the store was closed, or the follower ended. */
async function pageUnlessEnded(
  log: PagedLog,
  after: Position,
  prefixes: readonly string[] | undefined,
  end: AbortSignal | undefined,
): Promise<LogPage | undefined> {
  try {
    return await log.page(after, prefixes);
  } catch (error) {
    if (end?.aborted) return undefined;
    throw error;
  }
}

/**
 * Refuses a position that this log has not reached. It comes from another log, and the reader would silently skip events.
 * @throws LedgerError `invalid_input`.
 */
export function refusePositionPastEnd(after: Position, end: Position): void {
  if (after <= end) return;
  throw new LedgerError(
    'invalid_input',
    `Position ${after} is past the end of this log (${end}): it comes from another log. Rebuild what was read from that one.`,
  );
}

/** Converts a number to a position of 20 digits. */
export function toPosition(place: number): Position {
  return String(place).padStart(20, '0') as Position;
}

/** Wakes the readers that wait at the head. After it wakes, a reader must read again: there may be nothing new. */
export class LogGrowth {
  /** How often `announce` was called. */
  #count = 0;
  /** The readers that wait. Written by `after`. */
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  announce(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves once the count has passed `seen`, or the signal has aborted. */
  after(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
