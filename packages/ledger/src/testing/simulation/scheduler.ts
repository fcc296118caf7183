// The scheduler: everything that waits in the simulated world is kept here, and the seed chooses what runs next. Time is
// virtual, and passes only here. Each step is written to the trace, whose hash proves that two runs are equal.
import type { Random } from './random.ts';

/** Whose step it is: a process's, or that of the world and the network, which never stop. */
export interface Party {
  readonly name: string;
  /** True: none of its steps run. Written by `SimulatedProcess`. */
  paused: boolean;
}

/** `call`: a call between two processes. `world`: something that a person or the provider does. */
export type StepKind = 'call' | 'world';

/** A step that waits until the scheduler chooses it. */
export interface Step {
  readonly party: Party;
  readonly kind: StepKind;
  readonly label: string;
  readonly run: () => void;
}

/** A step that waits for a time. */
export interface Timer {
  readonly party: Party;
  readonly label: string;
  /** Written by `delayTimersOf`. */
  dueMs: number;
  /** Decides between timers that are due at the same time. */
  readonly order: number;
  readonly run: () => void;
}

/** The weight of each kind, when several wait. */
export interface Shares {
  readonly call: number;
  readonly world: number;
  readonly timer: number;
}

const traceTail = 120;

/** Chooses what runs next. */
export class Scheduler {
  /** Virtual milliseconds since the start. Written by `step`. */
  nowMs = 0;
  /** How many steps have run. Written by `step`. */
  steps = 0;
  /** True after faults have stopped: then running work ends before time passes. Written by the simulation. */
  calm = false;
  readonly #random: Random;
  readonly #shares: Shares;
  /** The steps that wait. Written by `park`, `cancel` and `removeAllOf`. */
  readonly #parked: Record<StepKind, Step[]> = { call: [], world: [] };
  /** The timers that wait. Written by `timer`, `cancelTimer` and `removeAllOf`. */
  #timers: Timer[] = [];
  /** How many timers were made. Written by `timer`. */
  #timersMade = 0;
  /** The last lines of the trace. Written by `note`. */
  readonly #tail: string[] = [];
  /** The hash of the trace so far. Written by `note`. */
  #hash = 0x811c9dc5;

  constructor(random: Random, shares: Shares) {
    this.#random = random;
    this.#shares = shares;
  }

  /** Adds a step. */
  park(party: Party, kind: StepKind, label: string, run: () => void): Step {
    const step = { party, kind, label, run };
    this.#parked[kind].push(step);
    return step;
  }

  /** Removes a step. */
  cancel(step: Step): void {
    const parked = this.#parked[step.kind];
    const at = parked.indexOf(step);
    if (at >= 0) parked.splice(at, 1);
  }

  /** Adds a timer. */
  timer(party: Party, delayMs: number, label: string, run: () => void): Timer {
    const timer = { party, label, dueMs: this.nowMs + Math.max(0, delayMs), order: this.#timersMade++, run };
    this.#insert(timer);
    return timer;
  }

  #insert(timer: Timer): void {
    const at = this.#timers.findLastIndex((each) => each.dueMs <= timer.dueMs);
    this.#timers.splice(at + 1, 0, timer);
  }

  /** Makes all timers of a party late by so much, because its clock stood still. */
  delayTimersOf(party: Party, ms: number): void {
    const late = this.#timers.filter((timer) => timer.party === party);
    this.#timers = this.#timers.filter((timer) => timer.party !== party);
    for (const timer of late) {
      timer.dueMs += ms;
      this.#insert(timer);
    }
  }

  /** Removes a timer. */
  cancelTimer(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  /** Removes and returns the calls that a party waited for. Call it when the party has ended. */
  removeAllOf(party: Party): readonly Step[] {
    const removed = this.#parked.call.filter((step) => step.party === party);
    for (const kind of ['call', 'world'] as const) {
      const left = this.#parked[kind].filter((step) => step.party !== party);
      this.#parked[kind].splice(0, Number.POSITIVE_INFINITY, ...left);
    }
    this.#timers = this.#timers.filter((timer) => timer.party !== party);
    return removed;
  }

  /** Returns how many steps of a kind wait. */
  waiting(kind: StepKind): number {
    return this.#parked[kind].length;
  }

  /** Runs one step, and everything that follows from it without waiting. False: nothing waits. */
  async step(): Promise<boolean> {
    const chosen = this.#choose();
    if (chosen === undefined) return false;
    this.steps += 1;
    if ('dueMs' in chosen) {
      this.nowMs = Math.max(this.nowMs, chosen.dueMs);
      this.cancelTimer(chosen);
    } else {
      // Most calls are quick, but a little time passes.
      this.nowMs += this.#random.below(12);
      this.cancel(chosen);
    }
    this.note(chosen.label);
    chosen.run();
    await drained();
    return true;
  }

  #choose(): Step | Timer | undefined {
    const call = runnable(this.#parked.call);
    const world = runnable(this.#parked.world);
    const timer = this.#timers.find(({ party }) => !party.paused);
    if (this.calm) {
      if (call.length > 0) return this.#random.pick(call);
      return world.length > 0 ? this.#random.pick(world) : timer;
    }
    const kind = this.#random.weighted({
      call: call.length > 0 ? this.#shares.call : 0,
      world: world.length > 0 ? this.#shares.world : 0,
      timer: timer ? this.#shares.timer : 0,
    });
    if (kind === 'timer') return timer;
    const steps = kind === 'call' ? call : world;
    return steps.length > 0 ? this.#random.pick(steps) : undefined;
  }

  /** Writes a line of the trace. */
  note(text: string): void {
    const line = `${this.steps} ${this.nowMs} ${text}`;
    for (let index = 0; index < line.length; index++) this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    this.#tail.push(line);
    if (this.#tail.length > traceTail) this.#tail.shift();
  }

  /** The last lines of the trace: step, virtual milliseconds, what happened. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** A hash of the whole trace. It is equal for equal runs. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }
}

function runnable(steps: readonly Step[]): readonly Step[] {
  return steps.some(({ party }) => party.paused) ? steps.filter(({ party }) => !party.paused) : steps;
}

/** Waits one turn of the event loop: then every promise has settled that needs no further step. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
