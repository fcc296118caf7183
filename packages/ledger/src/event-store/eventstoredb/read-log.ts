// Reads the log in pages from subscriptions with a filter, both to catch up and to follow. If a subscription fails or has
// missed events, it is replaced by another one that continues after `next`.

import { LedgerError } from '../../errors.ts';
import { nextTurn } from '../../runtime.ts';
import { type LogPage, logStart, type Position, type ReadLogOptions } from '../event-store.ts';
import { pageEvents, refusePositionPastEnd } from '../log-pages.ts';
import { Unanswered } from './failure.ts';
import { fromPosition } from './position.ts';
import { deletedStreams, headOfLog, type Reading, storedEvents } from './read.ts';
import { Reconnect } from './reconnect.ts';
import { type Arrived, ServerSubscription } from './server-subscription.ts';

export interface LogReading extends Reading {
  /** After this time without an event, a follower at the head checks whether the log has grown. */
  readonly quietMs: number;
  /** Aborts when the store closes. */
  readonly closing: AbortSignal;
}

/** While it catches up, a reader waits this long before it takes what has arrived, because events arrive one by one. */
const gatherMs = 5;

/** How often to check the end before a position is refused: a server that has just started may lack its last events. */
const readsPastEnd = 5;
const readAgainMs = 100;

/** How far a reader has come. Written by `moveOn`. */
interface Cursor {
  next: Position;
  caughtUp: boolean;
}

/** Yields the pages of the log, as `EventStore.readLog` promises. Throws what that method throws. */
export async function* readLog(
  reading: LogReading,
  { after = logStart, prefixes, follow }: ReadLogOptions,
): AsyncGenerator<LogPage, void, undefined> {
  fromPosition(after); // Throws before the server is called, if it is no position.
  const end = AbortSignal.any(follow ? [follow, reading.closing] : [reading.closing]);
  const cursor: Cursor = { next: after, caughtUp: false };
  const reconnect = new Reconnect(reading.retryPolicy);
  let reads = 0;
  while (!end.aborted) {
    try {
      const head = await unlessEnded(headOfLog(reading), end);
      if (head === undefined) break;
      if (cursor.next > head.last && reads++ < readsPastEnd) {
        await reading.retryPolicy.runtime.sleep(readAgainMs, end);
        continue;
      }
      refusePositionPastEnd(cursor.next, head.last);
      for await (const page of pagesOfOne({ ...reading, prefixes, head: head.ours, end, follow: follow !== undefined }, cursor)) {
        reconnect.progressed();
        yield page;
      }
      if (!follow && cursor.caughtUp) return;
    } catch (error) {
      if (end.aborted) break;
      await reconnect.pauseAfter(error, cursor.next, end);
    }
  }
  if (!follow) throw new LedgerError('closed', 'The event store was closed while its log was read. Open it again.');
}

interface Target extends LogReading {
  readonly prefixes: readonly string[] | undefined;
  /** The head of the log before the subscription was opened. A reader past it has all events that existed at that time. */
  readonly head: Position;
  readonly end: AbortSignal;
  readonly follow: boolean;
}

/** Yields the pages of one subscription, until the reader has what it needs, or the subscription must be replaced. */
async function* pagesOfOne(target: Target, cursor: Cursor): AsyncGenerator<LogPage, void, undefined> {
  const { head, prefixes, follow, end } = target;
  if (cursor.next >= head || prefixes?.length === 0) {
    const atHead = moveOn(cursor, { events: [], next: further(cursor.next, head), caughtUp: true });
    if (atHead) yield atHead;
    if (!follow) return;
    if (prefixes?.length === 0) return target.retryPolicy.runtime.sleep(target.quietMs, end);
  }
  const subscription = new ServerSubscription(target.clients.next(), { ...target, after: fromPosition(cursor.next) });
  try {
    while (!end.aborted) {
      const seenArrivals = subscription.arrivals;
      const arrived = subscription.take(pageEvents);
      const page = moveOn(cursor, follow ? followingPage(arrived, target, cursor) : pageUpToHead(arrived, target, cursor));
      if (page) yield page;
      if (!follow && cursor.caughtUp) return;
      if (arrived.drained && (await isStale(subscription, seenArrivals, arrived.live, target, cursor))) return;
    }
  } finally {
    subscription.close();
  }
}

/** Makes the page of a reader without `follow`: only events up to the head that it read at the beginning. */
function pageUpToHead(arrived: Arrived, target: Target, cursor: Cursor): LogPage {
  const page = followingPage(arrived, target, cursor);
  if (page.next < target.head) return { ...page, caughtUp: false };
  const upToHead = <T extends { readonly position: Position }>(all: readonly T[]): readonly T[] =>
    all.filter(({ position }) => position <= target.head);
  const deleted = upToHead(page.deleted ?? []);
  const rest = { next: further(cursor.next, target.head), caughtUp: true, ...(deleted.length > 0 && { deleted }) };
  return { events: upToHead(page.events), ...rest };
}

function followingPage({ events, checkpoint, live }: Arrived, { head }: Target, { next }: Cursor): LogPage {
  const stored = storedEvents(events);
  const deleted = deletedStreams(events);
  // Once live, every event up to `head` has arrived, or does not match.
  const reached = [stored.at(-1)?.position, deleted.at(-1)?.position, checkpoint, live ? head : undefined];
  return { events: stored, next: reached.reduce<Position>(further, next), caughtUp: live, ...(deleted.length > 0 && { deleted }) };
}

function further(a: Position, b: Position | undefined): Position {
  return b !== undefined && b > a ? b : a;
}

/** Moves the cursor, and returns the page. Undefined: the page contains nothing new. */
function moveOn(cursor: Cursor, page: LogPage): LogPage | undefined {
  if (page.next === cursor.next && !(page.caughtUp && !cursor.caughtUp)) return undefined;
  cursor.next = page.next;
  cursor.caughtUp = page.caughtUp;
  return page;
}

/**
 * Waits until something arrives. True: nothing arrived though the log has grown, so the subscription must be replaced.
 * Either it is dead, which the client may notice only after 20 s; or the new events do not match, and are too few for a
 * checkpoint.
 *
 * @throws Unanswered the subscription has not even reached the head.
 */
async function isStale(
  subscription: ServerSubscription,
  seenArrivals: number,
  live: boolean,
  target: Target,
  cursor: Cursor,
): Promise<boolean> {
  const { retryPolicy, quietMs, end } = target;
  const woken = new AbortController();
  const silentMs = live ? quietMs : retryPolicy.attemptTimeoutMs;
  await Promise.race([subscription.changed(seenArrivals, end), retryPolicy.runtime.sleep(silentMs, woken.signal)]);
  woken.abort();
  if (subscription.arrivals !== seenArrivals && !end.aborted) await (live ? nextTurn() : retryPolicy.runtime.sleep(gatherMs, end));
  if (subscription.arrivals !== seenArrivals || end.aborted) return false;
  if (!live) throw new Unanswered(`the subscription gave nothing for ${silentMs} ms`);
  const head = await unlessEnded(headOfLog(target), end);
  return head !== undefined && subscription.arrivals === seenArrivals && head.ours > cursor.next;
}

/** Returns what `work` returns. Undefined: the signal has aborted first, so that nobody waits for a silent server. */
function unlessEnded<T>(work: Promise<T>, end: AbortSignal): Promise<T | undefined> {
  work.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined);
    if (end.aborted) return leave();
    end.addEventListener('abort', leave);
    work.then(resolve, reject).finally(() => end.removeEventListener('abort', leave));
  });
}
