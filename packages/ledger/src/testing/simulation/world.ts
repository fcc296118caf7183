// What all parts of one simulated run share: the random numbers, the clock and the trace, and `report`, which notes a broken
// law.
import type { MemoryLog } from '../../event-store/memory.ts';
import { Coverage } from './coverage.ts';
import type { Incarnation } from './incarnation.ts';
import { NewerEvents } from './newer-events.ts';
import type { SimulationOptions } from './options.ts';
import { Random } from './random.ts';
import { ReadModelPlaces } from './read-model-places.ts';
import { type Party, Scheduler } from './scheduler.ts';

/** The wall-clock time at virtual time 0. */
const beganAtMs = Date.UTC(2026, 0, 1);

/** What a seed of the simulation found: the law that was broken, and how. */
export interface Violation {
  readonly law: string;
  readonly message: string;
}

/** The shared state of one run. */
export class World {
  readonly options: SimulationOptions;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly coverage: Coverage = new Coverage();
  readonly log: MemoryLog;
  readonly newerEvents: NewerEvents;
  readonly readModels: ReadModelPlaces;
  /** The network, the provider and people: they never crash. */
  readonly network: Party = { name: 'network', paused: false };
  /** True: nothing fails any more. Written by the simulation. */
  faultless = false;
  /** The names of the processes that are stopping cleanly. Written by the simulation. */
  readonly stopping: Set<string> = new Set();
  /** The process that crashes before anything else happens. Set by the simulated store, cleared by the simulation. */
  doomed: Incarnation | undefined;
  /** How many tasks of people and sources have not ended. Written by `some`, `later` and `#run`. */
  tasks = 0;
  #violation: Violation | undefined;

  constructor(options: SimulationOptions, log: MemoryLog) {
    this.options = options;
    this.log = log;
    this.newerEvents = new NewerEvents(log);
    this.readModels = new ReadModelPlaces(options.sharedOn);
    this.random = new Random(options.seed ^ 0x5eed);
    this.scheduler = new Scheduler(this.random.fork(), options.shares);
  }

  /** Notes a broken law. The first one ends the run. */
  report(law: string, message: string): void {
    if (this.#violation) return;
    this.#violation = { law, message };
    this.scheduler.note(`VIOLATION of ${law}: ${message}`);
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  fault(probability: number): boolean {
    return !this.faultless && this.random.chance(probability);
  }

  /** Returns the true time by the provider's clock, in whole seconds. */
  providerTime(): string {
    return new Date(Math.floor((beganAtMs + this.scheduler.nowMs) / 1_000) * 1_000).toISOString();
  }

  wallTime(skewMs: number): Date {
    return new Date(beganAtMs + this.scheduler.nowMs + skewMs);
  }

  /** Adds a task of people or the provider. The scheduler chooses when it runs. */
  some(label: string, work: () => Promise<void> | void): void {
    this.tasks += 1;
    this.scheduler.park(this.network, 'world', label, () => this.#run(label, work));
  }

  /** Adds a task that runs after a delay. */
  later(delayMs: number, label: string, work: () => Promise<void> | void): void {
    this.tasks += 1;
    this.scheduler.timer(this.network, delayMs, label, () => this.#run(label, work));
  }

  #run(label: string, work: () => Promise<void> | void): void {
    const ended = (error?: unknown): void => {
      this.tasks -= 1;
      if (error !== undefined) this.report('the simulation itself', `${label}: ${error instanceof Error ? error.stack : String(error)}`);
    };
    Promise.resolve()
      .then(work)
      .then(() => ended(), ended);
  }
}
