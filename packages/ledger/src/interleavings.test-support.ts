// The interleavings of what several processes do to one log, one store call at a time: all that take the turn from a
// process at most so many times, and with at most one crash. Depth first over the choices, on the real code; the
// scenario is run again from its start for each of them.
import { LedgerError } from './errors.ts';
import type { EventStore } from './event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from './event-store/memory.ts';

export interface Explorer {
  readonly log: MemoryLog;
  /** A process's store: each of its calls waits until the explorer takes it. */
  store(process: string): EventStore;
  /** Runs all at once, call by call; ends when nothing is left that could go on. Answers who crashed. */
  run(tasks: readonly (() => Promise<unknown>)[]): Promise<{ readonly crashed: string | undefined }>;
}

interface Call {
  readonly process: string;
  /** Takes effect; what it answers then tells the caller. */
  readonly go: () => Promise<() => void>;
}

export interface Bounds {
  /** How often a process that could go on must wait for another. */
  readonly preemptions: number;
  /** Whether one process may die, before or after any call. */
  readonly crashes: boolean;
}

/** @returns how many interleavings there were. */
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
    // The deepest choice that has another option left; all behind it start anew.
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
        // The process goes on; or it dies after the call took effect; or before.
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

/** All that can go on without the store has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
