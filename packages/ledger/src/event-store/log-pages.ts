// How a log is read in pages and followed at its head without polling. Shared by the stores that hold their log themselves.
import { LedgerError } from '../errors.ts';
import { type LogPage, logStart, type Position, type ReadLogOptions } from './event-store.ts';

/** A page ends after so many events, matching or not. */
export const pageEvents: number = 512;

/** What `logPages` needs of a store. */
export interface PagedLog {
  /** The page after `after`. `next` and `caughtUp` speak of the whole log, `events` only of the streams asked for. */
  page(after: Position, prefixes: readonly string[] | undefined): LogPage | Promise<LogPage>;
  readonly growth: LogGrowth;
  /** Aborts when the store closes: followers end. */
  readonly closing: AbortSignal;
}

/** Pages from `after` to the head; with `follow` it waits there. A page that says nothing new is not given. */
export async function* logPages(
  log: PagedLog,
  { after = logStart, prefixes, follow }: ReadLogOptions,
): AsyncGenerator<LogPage, void, undefined> {
  if (!/^\d{20}$/.test(after))
    throw new LedgerError('invalid_input', `after: ${JSON.stringify(after)} is no position. Pass the \`next\` of a page.`);
  const end = follow && AbortSignal.any([follow, log.closing]);
  let next = after;
  for (let first = true; !end?.aborted; first = false) {
    // Counted before the read: an append between the read and the wait must not be slept through.
    const seenCount = log.growth.count;
    const page = await pageUnlessEnded(log, next, prefixes, end);
    if (page === undefined) return;
    if (first || page.next !== next) yield page;
    next = page.next;
    if (!page.caughtUp) continue;
    if (!end) return;
    await log.growth.after(seenCount, end);
  }
}

/** Closing ends a follower, also in the middle of a read. */
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

/** A position that this log has not reached comes from another log: all that it has would be skipped in silence. */
export function refusePositionPastEnd(after: Position, end: Position): void {
  if (after <= end) return;
  throw new LedgerError(
    'invalid_input',
    `Position ${after} is past the end of this log (${end}): it comes from another log. Rebuild what was read from that one.`,
  );
}

export function toPosition(place: number): Position {
  return String(place).padStart(20, '0') as Position;
}

/** Wakes whoever waits at the head. Woken is not "there is more": look again. */
export class LogGrowth {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  announce(): void {
    this.#count += 1;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves once the count has passed `seen`, or the signal has aborted. */
  after(seenCount: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seenCount || signal.aborted) return Promise.resolve();
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
