// The event store as one process sees it: the shared log behind a network that refuses calls, loses replies, is late, and
// changes the order of calls. Each call is two steps of the scheduler: the work and its reply.
import { LedgerError, type LedgerErrorCode } from '../../errors.ts';
import {
  type AppendResult,
  type EventStore,
  type LogPage,
  logStart,
  type NewEvent,
  type Position,
  type ReadLogOptions,
  type StoredEvent,
  type StreamAppend,
} from '../../event-store/event-store.ts';
import { refusePositionPastEnd } from '../../event-store/log-pages.ts';
import { openMemoryEventStore } from '../../event-store/memory.ts';
import { fromStoredRow } from '../../event-store/stored-text.ts';
import type { Incarnation } from './incarnation.ts';
import type { Step } from './scheduler.ts';
import type { World } from './world.ts';

/** Functions that wake the readers at the head of the log, of all processes. */
export type HeadWaiters = Set<() => void>;

/** What the store of a process needs from its world. */
export interface SimulatedStoreOptions {
  readonly world: World;
  readonly incarnation: Incarnation;
  readonly headWaiters: HeadWaiters;
  /** Called after each append, before any other process acts. */
  readonly onAppended: (by: Incarnation) => void;
}

/** The longest time that a slow call, or its reply, takes. */
export const slowestMs = 60_000;
/** Nobody who waits for the store has a deadline that is further off: a transaction, a `settle`, the end of a process. */
const deadlineMs = 15_000;

type Fate = 'done' | 'refused' | 'reply lost' | 'done late';

/** Opens the store of one process. */
export function openSimulatedStore({ world, incarnation, headWaiters, onAppended }: SimulatedStoreOptions): EventStore {
  const { scheduler, random, options, network, log } = world;
  const { party, underWay } = incarnation;
  const engine = openMemoryEventStore({ log });
  const closing = new AbortController();

  function unavailable(code: LedgerErrorCode = 'store_unavailable'): LedgerError {
    return new LedgerError(code, 'simulated');
  }

  /** Adds a step that the network does for the process. If the process crashes first, the step may be lost. */
  function deed(label: string, run: () => void): Step {
    const step = scheduler.park(network, 'call', `${party.name} ${label}`, () => {
      underWay.delete(step);
      run();
    });
    underWay.add(step);
    return step;
  }

  function reply(label: string, run: () => void): void {
    if (incarnation.dead) return;
    if (!party.paused && random.chance(options.replyAtOnce) && world.doomed !== incarnation) run();
    else scheduler.park(party, 'call', `${party.name} reply: ${label}`, run);
  }

  /** Draws by how many milliseconds a call, or its reply, is slow. 0: it is not. */
  function drawSlowMs(): number {
    if (!world.fault(options.store.slow)) return 0;
    const slowMs = random.between(500, slowestMs);
    if (slowMs > deadlineMs) world.coverage.met('store slower than its deadlines');
    return slowMs;
  }

  function drawFate(appends: boolean): Fate {
    const { refused, replyLost, doneLate } = options.store;
    if (world.fault(refused)) return 'refused';
    if (!appends) return 'done'; // For a read a lost reply is the same as a refusal.
    if (world.fault(replyLost)) return 'reply lost';
    return world.fault(doneLate) ? 'done late' : 'done';
  }

  function call<T>(
    label: string,
    work: () => Promise<T>,
    { appends = false, signal }: { appends?: boolean; signal?: AbortSignal } = {},
  ): Promise<T> {
    if (incarnation.dead) return new Promise(() => undefined);
    if (closing.signal.aborted) return Promise.reject(unavailable('closed'));
    return new Promise<T>((resolve, reject) => {
      const fate = drawFate(appends);
      const slowMs = drawSlowMs();
      const isSlowAtFirst = slowMs > 0 && random.chance(0.5);
      const answer = (what: string, run: () => void): void => {
        if (slowMs === 0 || isSlowAtFirst) reply(what, run);
        else scheduler.timer(network, slowMs, `${party.name} slow reply: ${what}`, () => reply(what, run));
      };
      const carryOut = (): void => {
        signal?.removeEventListener('abort', abandon);
        if (fate === 'refused') {
          world.coverage.met('call refused');
          const code = appends ? random.pick(['store_unavailable', 'store_busy', 'store_full'] as const) : 'store_unavailable';
          answer(`${label} refused`, () => reject(unavailable(code)));
          return;
        }
        if (fate === 'done late') {
          world.coverage.met('append done late');
          const late = (): void => void deed(`${label}, late`, () => void work().catch(() => undefined));
          if (slowMs > 0) scheduler.timer(network, slowMs, `${party.name} ${label}, later`, late);
          else late();
          reply(`${label} unknown`, () => reject(unavailable()));
          return;
        }
        if (fate === 'reply lost') world.coverage.met('reply lost');
        work().then(
          (value) => answer(fate === 'done' ? label : `${label} lost`, () => (fate === 'done' ? resolve(value) : reject(unavailable()))),
          (error: unknown) => answer(`${label} failed`, () => reject(error)),
        );
      };
      const step = isSlowAtFirst ? undefined : deed(label, carryOut);
      const timer = isSlowAtFirst ? scheduler.timer(network, slowMs, `${party.name} ${label}, slowly`, carryOut) : undefined;
      function abandon(): void {
        if (timer) scheduler.cancelTimer(timer);
        if (step) {
          underWay.delete(step);
          scheduler.cancel(step);
        }
        reject(unavailable());
      }
      signal?.addEventListener('abort', abandon, { once: true });
    });
  }

  /** Appends to the shared log, and calls the auditor before any other process reads it. */
  async function append<Result>(appends: readonly StreamAppend[], write: () => Promise<Result>): Promise<Result> {
    const before = log.rows.length;
    const answer = write();
    if (log.rows.length > before) {
      for (const { events } of appends) markNewer(events);
      onAppended(incarnation);
      if (!incarnation.dead && world.fault(options.process.crashAfterAppend)) world.doomed = incarnation;
      const woken = [...headWaiters];
      headWaiters.clear();
      for (const wake of woken) wake();
    }
    return answer;
  }

  async function appendOne(one: StreamAppend): Promise<AppendResult> {
    const result = await append([one], () => engine.append(one.stream, one.expectedRevision, one.events));
    if (!result.appended) world.coverage.met('append lost a race');
    return result;
  }

  async function appendAll(appends: readonly StreamAppend[]): Promise<readonly AppendResult[]> {
    const results = await append(appends, async () => (await engine.appendAll?.(appends)) ?? []);
    world.coverage.met(results.every(({ appended }) => appended) ? 'two streams in one commit' : 'two streams lost a race');
    return results;
  }

  /** Some events of a newer process are of a version that older ones do not know. */
  function markNewer(events: readonly NewEvent[]): void {
    if (incarnation.release === 'older') return;
    for (const { id } of events) {
      if (!world.fault(options.newerEvents)) continue;
      world.newerEvents.add(id);
      world.coverage.met('event of a newer release');
    }
  }

  const asSeen = (event: StoredEvent): StoredEvent => (incarnation.release === 'older' ? world.newerEvents.asSeen(event) : event);

  async function readStream(stream: string, from: { readonly afterRevision?: number } | undefined): Promise<readonly StoredEvent[]> {
    return (await engine.readStream(stream, from)).map(asSeen);
  }

  async function readPage(after: Position, prefixes: readonly string[] | undefined): Promise<LogPage> {
    const rows = log.rows.slice(Number(after), Number(after) + random.between(1, 24));
    // Through the engine, which remembers the last event that the process has read.
    const last = rows.at(-1);
    await engine.readStream(last?.stream ?? 'none', { afterRevision: (last?.revision ?? 0) - 1 });
    refusePositionPastEnd(after, log.rows.at(-1)?.position ?? logStart);
    const matching = prefixes ? rows.filter((row) => prefixes.some((prefix) => row.stream.startsWith(prefix))) : rows;
    const next = rows.at(-1)?.position ?? after;
    return { events: matching.map(fromStoredRow).map(asSeen), next, caughtUp: Number(next) === log.rows.length };
  }

  function growth(after: Position, end: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (end.aborted || incarnation.dead) return resolve();
      if (log.rows.length > Number(after)) return resolve();
      const wake = (): void => {
        end.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        headWaiters.delete(wake);
        resolve();
      };
      headWaiters.add(wake);
      end.addEventListener('abort', leave, { once: true });
    });
  }

  async function* readLog({ after = logStart, prefixes, follow }: ReadLogOptions = {}): AsyncGenerator<LogPage, void, undefined> {
    const end = follow && AbortSignal.any([follow, closing.signal]);
    let next = after;
    for (let first = true; !end?.aborted; first = false) {
      let page: LogPage;
      try {
        page = await call(
          `page of ${prefixes?.join() ?? 'all'} after ${Number(next)}`,
          () => readPage(next, prefixes),
          end ? { signal: end } : {},
        );
      } catch (error) {
        if (end?.aborted) return;
        throw error;
      }
      if (first || page.next !== next) yield page;
      next = page.next;
      if (!page.caughtUp) continue;
      if (!end) return;
      await growth(next, end);
    }
  }

  return {
    append: (stream, expectedRevision, events) => {
      const one = { stream, expectedRevision, events };
      return call(nameOf([one]), () => appendOne(one), { appends: true });
    },
    ...(options.appendsTogether && { appendAll: (appends) => call(nameOf(appends), () => appendAll(appends), { appends: true }) }),
    readStream: (stream, from) => call(`read ${stream}>${from?.afterRevision ?? -1}`, () => readStream(stream, from)),
    readLog,
    close: async () => closing.abort(),
  };
}

/** An append as a step of the trace. */
function nameOf(appends: readonly StreamAppend[]): string {
  const named = appends.map(
    ({ stream, expectedRevision, events }) => `${stream}@${expectedRevision} ${events.map(({ type }) => type).join('+')}`,
  );
  return `append ${named.join(', ')}`;
}
