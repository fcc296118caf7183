// Runs all interleavings of several processes on one log, one store call at a time, with a limited number of preemptions and at
// most one crash. It searches the choices depth first, with the real code; for each interleaving the scenario runs again from
// its start.
import { LedgerError } from './errors.ts';
import type { EventStore } from './event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from './event-store/memory.ts';

export interface Explorer {
  readonly log: MemoryLog;
  /** Opens the store of a process. Each of its calls waits until the explorer chooses it. */
  store(process: string): EventStore;
  /** Runs all tasks, call by call, until no task can continue. Returns which process crashed. */
  run(tasks: readonly (() => Promise<unknown>)[]): Promise<{ readonly crashed: string | undefined }>;
}

interface Call {
  readonly process: string;
  /** Makes the call. Returns a function that gives the result to the caller. */
  readonly go: () => Promise<() => void>;
}

export interface Bounds {
  /** How often a process that could continue may have to wait for another one. */
  readonly preemptions: number;
  /** True: one process may die, before or after any call. */
  readonly crashes: boolean;
  /** False: the store appends to one stream at a time. Default: true. */
  readonly together?: boolean;
}

/** Runs the scenario in all interleavings. Returns how many there were. */
export async function exploreAll(bounds: Bounds, scenario: (explorer: Explorer) => Promise<void>): Promise<number> {
  let prefix: number[] = [];
  for (let runs = 1; ; runs++) {
    const choices: { choice: number; options: number }[] = [];
    const choose = (count: number): number => {
      const choice = prefix[choices.length] ?? 0;
      choices.push({ choice, options: count });
      return choice;
    };
    try {
      await scenario(explorer(choose, bounds));
    } catch (error) {
      throw new Error(`interleaving ${choices.map(({ choice }) => choice).join('')} of run ${runs}`, { cause: error });
    }
    // Change the deepest choice that has another option; all choices after it begin again.
    const deepest = choices.findLastIndex(({ choice, options: count }) => choice + 1 < count);
    if (deepest < 0) return runs;
    prefix = choices.slice(0, deepest + 1).map(({ choice }) => choice);
    prefix[deepest] = (prefix[deepest] ?? 0) + 1;
  }
}

function explorer(choose: (count: number) => number, bounds: Bounds): Explorer {
  const log = createMemoryLog();
  const waiting: Call[] = [];
  let exploring = false;
  let crashed: string | undefined;

  function gate<T>(process: string, call: () => Promise<T>): Promise<T> {
    if (!exploring) return call();
    if (crashed === process) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      const go = () =>
        call().then(
          (answer) => () => resolve(answer),
          (error: unknown) => () => reject(error),
        );
      waiting.push({ process, go });
    });
  }

  return {
    log,
    store: (process) => {
      const store = openMemoryEventStore({ log });
      return {
        append: (stream, revision, events) => gate(process, () => store.append(stream, revision, events)),
        ...(bounds.together !== false &&
          store.appendAll && { appendAll: (appends) => gate(process, async () => (await store.appendAll?.(appends)) ?? []) }),
        readStream: (stream, from) => gate(process, () => store.readStream(stream, from)),
        readLog: (from) => store.readLog(from),
        close: () => store.close(),
      };
    },
    run: async (tasks) => {
      exploring = true;
      for (const task of tasks) task().catch((error: unknown) => (error instanceof LedgerError ? undefined : Promise.reject(error)));
      await settled();
      let last: string | undefined;
      let preemptions = 0;
      while (waiting.length > 0) {
        const going = waiting.filter(({ process }) => process === last);
        const runnable = going.length > 0 && preemptions === bounds.preemptions ? going : waiting;
        const count = runnable.length;
        const choice = choose(bounds.crashes && crashed === undefined ? 3 * count : count);
        const call = runnable[choice % count];
        if (!call) break;
        waiting.splice(waiting.indexOf(call), 1);
        if (going.length > 0 && call.process !== last) preemptions++;
        last = call.process;
        // The process continues, or dies after the call, or dies before it.
        const end = (['goes_on', 'dies_after', 'dies_before'] as const)[Math.floor(choice / count)];
        if (end !== 'dies_before') {
          const answer = await call.go();
          if (end === 'goes_on') answer();
        }
        if (end !== 'goes_on') {
          crashed = call.process;
          for (let index = waiting.length - 1; index >= 0; index--) if (waiting[index]?.process === crashed) waiting.splice(index, 1);
        }
        await settled();
      }
      exploring = false;
      return { crashed };
    },
  };
}

/** Waits until everything has run that does not need the store. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
