// Carries out the bulk run that the slot names, in any process that can: one that delivers for `redeliver`, one with a payment
// adapter for `recheck`. The steps:
//   1. Read which run goes on. None, or one that this process cannot carry out: wait until it is woken.
//   2. Free the slot where the run has ended: whoever ended it may have died in between.
//   3. Another process carries it out: wait until nothing came of it for `patienceMs`, on our own clock.
//   4. Take it, by an append at the revision that was read. Who loses that goes back to 1.
//   5. Four orders at once, then an append that counts them. Before each, read whether somebody canceled or took it meanwhile.
//   6. Where 20 in a row failed: append how long to wait, wait, and try one after the other until one succeeds.
// A crash at any step leaves the run to another process, which goes on behind the last append.
import { LedgerError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Runtime } from '../runtime.ts';
import type { RunSlot } from '../streams/run-slot.ts';
import { type Handled, handledOf, type RunStarted, type RunState, type RunStreams, runAggregate } from '../streams/run-streams.ts';
import { type RecheckOrder, type RunOrderParts, runOrder } from './run-order.ts';

export interface RunCarrierParts extends Omit<RunOrderParts, 'rechecks'> {
  readonly runs: RunStreams;
  readonly slot: RunSlot;
  readonly runtime: Runtime;
  readonly log: Logger;
}

const atOnce = 4;
const failuresBeforePause = 20;
const firstPauseMs = 60_000;
const longestPauseMs = 900_000;
/** How long a process may be silent before another one takes its run. */
const patienceMs = 60_000;
/** While orders take long, the process says so often that it is still there. */
const beatMs = 20_000;
const retryMs = 1_000;
const longestRetryMs = 60_000;

export class RunCarrier {
  readonly #parts: RunCarrierParts;
  readonly #rechecks = new Set<RecheckOrder>();
  readonly #stopping = new AbortController();
  /** This process, as its runs name it. Made on first use. */
  #process = '';
  /** The newest revision that was read of a run of another process, and when. Monotonic. Written by `#dueAtMs`. */
  #seen = { runId: '', revision: -1, atMs: 0 };
  /** Aborted to wake the loop, also in a pause. Replaced by `wake`. */
  #woken = new AbortController();
  /** The background loop. Written by `start`. */
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: RunCarrierParts) {
    this.#parts = parts;
  }

  /** Lets this process carry out rechecks. Answers what ends that. */
  carryOutRechecks(recheck: RecheckOrder): () => void {
    this.#rechecks.add(recheck);
    this.wake();
    return () => this.#rechecks.delete(recheck);
  }

  /** Looks again which run goes on. */
  wake(): void {
    const woken = this.#woken;
    this.#woken = new AbortController();
    woken.abort();
  }

  /** Carries out runs in the background until `stop`. */
  start(): void {
    this.#loop = this.#runLoop();
  }

  /** Starts no further orders. Resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
  }

  /** For processes without a background: carries out the run that goes on until the deadline (monotonic), or until it waits. */
  async settle(deadlineMs: number): Promise<void> {
    const run = await this.#current();
    if (run?.started === undefined || !this.#can(run.started) || this.#now() >= deadlineMs) return;
    const silentMs = run.process === '' || run.process === this.#process ? 0 : await this.#silentMs(run);
    if (run.process !== '' && run.process !== this.#process && silentMs < patienceMs + run.waitMs) return;
    await this.#takeAndCarryOut(run, deadlineMs);
  }

  async #runLoop(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const woken = this.#woken.signal;
      try {
        const waitMs = await this.#step();
        failures = 0;
        if (waitMs === undefined) await untilAborted(woken);
        else if (waitMs > 0) await this.#parts.runtime.sleep(waitMs, woken);
      } catch (error) {
        this.#parts.log.warn({ err: error }, 'bulk runs cannot be read or written; they are looked at again');
        await this.#parts.runtime.sleep(Math.min(longestRetryMs, retryMs * 2 ** failures), this.#stopping.signal);
        failures += 1;
      }
    }
  }

  /** Steps 1 to 6. Answers how long to wait before the next look; undefined: until it is woken. */
  async #step(): Promise<number | undefined> {
    if (this.#parts.delivery === undefined && this.#rechecks.size === 0) return undefined;
    const run = await this.#current();
    if (run?.started === undefined || !this.#can(run.started)) return undefined;
    const waitMs = this.#dueAtMs(run) - this.#now();
    if (waitMs > 0) return waitMs;
    await this.#takeAndCarryOut(run, Number.POSITIVE_INFINITY);
    return 0;
  }

  /** 1 and 2 */
  async #current(): Promise<RunState | undefined> {
    const { runs, slot } = this.#parts;
    const runId = await slot.current();
    if (runId === undefined) return undefined;
    const run = await runs.read(runId);
    if (!run.ended) return run;
    await slot.release(runId);
    return undefined;
  }

  #can({ kind }: RunStarted): boolean {
    return kind === 'redeliver' ? this.#parts.delivery !== undefined : this.#rechecks.size > 0;
  }

  /** 3: When this process may take the run. Monotonic. */
  #dueAtMs({ runId, revision, process, waitMs }: RunState): number {
    if (runId !== this.#seen.runId || revision !== this.#seen.revision) this.#seen = { runId, revision, atMs: this.#now() };
    if (process === '' || process === this.#process) return this.#now();
    return this.#seen.atMs + waitMs + patienceMs;
  }

  /** By the wall clocks: a process that lives for one `settle` could never wait so long. */
  async #silentMs({ runId, revision }: RunState): Promise<number> {
    const [last] = await this.#parts.store.readStream(runAggregate.stream(runId), { afterRevision: revision - 1 });
    return this.#parts.runtime.now().getTime() - Date.parse(last?.metadata['recordedAt'] ?? '');
  }

  /** 4 */
  async #takeAndCarryOut(run: RunState, deadlineMs: number): Promise<void> {
    const { runs, runtime } = this.#parts;
    this.#process ||= runtime.uuid();
    if (run.process !== this.#process && !(await runs.take(run.runId, this.#process, run.revision))) return;
    await this.#carryOut(run.runId, { pauseMs: run.waitMs, failuresInARow: run.waitMs > 0 ? failuresBeforePause : 0, deadlineMs });
  }

  /** 5 and 6, until the run ends, another process takes it, or this one stops. */
  async #carryOut(runId: string, from: { pauseMs: number; failuresInARow: number; readonly deadlineMs: number }): Promise<void> {
    const { runs, slot } = this.#parts;
    let { pauseMs, failuresInARow } = from;
    for (;;) {
      const run = await runs.read(runId);
      if (run.ended) return slot.release(runId);
      if (run.process !== this.#process || run.started === undefined) return;
      if (this.#stopping.signal.aborted || this.#now() >= from.deadlineMs) return runs.leave(runId, this.#process);
      const at = handledOf(run);
      const handled = await this.#handle(
        run,
        run.started.selection.orders.slice(at, at + (failuresInARow >= failuresBeforePause ? 1 : atOnce)),
      );
      if (handled === undefined) return runs.leave(runId, this.#process); // Does nothing where another process has it.
      failuresInARow = inARow(failuresInARow, handled);
      const isPaused = failuresInARow >= failuresBeforePause;
      pauseMs = isPaused ? Math.min(longestPauseMs, Math.max(firstPauseMs, 2 * pauseMs)) : 0;
      const answer = await runs.advance(runId, this.#process, handled, isPaused ? pauseMs : undefined);
      if (answer === 'lost') return;
      if (answer === 'ended') return slot.release(runId);
      if (isPaused && (this.#now() + pauseMs > from.deadlineMs || !(await this.#pause(runId, pauseMs)))) return;
    }
  }

  /** Undefined: another process carries the run out by now, or this one shuts down, so the results are nobody's. */
  async #handle({ runId, started }: RunState, orders: readonly string[]): Promise<readonly Handled[] | undefined> {
    if (started === undefined) return undefined;
    const { runs, runtime } = this.#parts;
    const ended = new AbortController();
    const work = Promise.all(orders.map((orderId) => runOrder(orderId, started, { ...this.#parts, rechecks: this.#rechecks })));
    const outcome = work.then(
      (handled) => handled,
      (error: unknown) => {
        if (error instanceof LedgerError && error.code === 'closed') return undefined;
        throw error;
      },
    );
    try {
      for (;;) {
        const beat = runtime.sleep(beatMs, ended.signal).then(() => 'beat' as const);
        const first = await Promise.race([outcome, beat]);
        if (first !== 'beat') return first;
        if ((await runs.advance(runId, this.#process, [])) === 'lost') {
          await outcome;
          return undefined;
        }
      }
    } finally {
      ended.abort();
    }
  }

  /** Waits, unless the run ends meanwhile. False: it has, or this process stops. */
  async #pause(runId: string, pauseMs: number): Promise<boolean> {
    const untilMs = this.#now() + pauseMs;
    while (this.#now() < untilMs) {
      const woken = this.#woken.signal; // Before the look: what happens after it wakes.
      if (this.#stopping.signal.aborted || (await this.#parts.slot.current()) !== runId) return false;
      await this.#parts.runtime.sleep(untilMs - this.#now(), woken);
    }
    return true;
  }

  #now(): number {
    return this.#parts.runtime.monotonicNowMs();
  }
}

function inARow(before: number, handled: readonly Handled[]): number {
  return handled.reduce((count, { outcome }) => (outcome === 'failed' ? count + 1 : outcome === 'done' ? 0 : count), before);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
