// What every part of one simulated run shares: the seed's draws, the clock and the trace, and whom to tell
// that a law is broken.
import type { MemoryLog } from '../../event-store/memory.ts';
import { Coverage } from './coverage.ts';
import type { Incarnation } from './incarnation.ts';
import type { SimulationOptions } from './options.ts';
import { Random } from './random.ts';
import { type Party, Scheduler } from './scheduler.ts';

/** Virtual time 0. */
const beganAtMs = Date.UTC(2026, 0, 1);

/** What a seed of the simulation found: the law that was broken, and how. */
export interface Violation {
  readonly law: string;
  readonly message: string;
}

export class World {
  readonly options: SimulationOptions;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly coverage: Coverage = new Coverage();
  readonly log: MemoryLog;
  /** The wires, the provider and people: they never crash. */
  readonly network: Party = { name: 'network', paused: false };
  /** Nothing fails any more. */
  faultless = false;
  /** Processes that are stopping in order. */
  readonly stopping: Set<string> = new Set();
  /** The process that crashes before anything else happens. */
  doomed: Incarnation | undefined;
  /** Tasks of people and sources that have not come to their end. */
  tasks = 0;
  #violation: Violation | undefined;

  constructor(options: SimulationOptions, log: MemoryLog) {
    this.options = options;
    this.log = log;
    this.random = new Random(options.seed ^ 0x5eed);
    this.scheduler = new Scheduler(this.random.fork(), options.shares);
  }

  /** The first broken law ends the run. */
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

  /** The true time, by the provider's clock: whole seconds, as the provider tells them. */
  providerTime(): string {
    return new Date(Math.floor((beganAtMs + this.scheduler.nowMs) / 1_000) * 1_000).toISOString();
  }

  wallTime(skewMs: number): Date {
    return new Date(beganAtMs + this.scheduler.nowMs + skewMs);
  }

  /** Something that people or the provider do some time: the scheduler says when. */
  some(label: string, work: () => Promise<void> | void): void {
    this.tasks += 1;
    this.scheduler.park(this.network, 'world', label, () => this.#run(label, work));
  }

  /** The same, not before a while has passed. */
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
