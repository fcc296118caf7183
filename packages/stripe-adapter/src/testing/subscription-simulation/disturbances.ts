// What goes wrong with the processes themselves, at any step: they die, freeze, and their wall clocks jump.
import type { SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { Coverage } from './coverage.ts';
import type { SubscriptionSimulationOptions } from './options.ts';

export interface DisturbancesParts {
  readonly world: World;
  readonly options: Pick<SubscriptionSimulationOptions, 'freezesAtSlot'>;
  readonly coverage: Coverage;
  readonly processes: readonly SimulatedProcess[];
  /** Called when a process freezes that has just read a member's slot. */
  readonly onFrozenAtSlot: (memberId: string) => void;
}

export class Disturbances {
  readonly #parts: DisturbancesParts;
  readonly #world: World;
  /** The reads of slots that were not frozen. */
  readonly #seen = new WeakSet<object>();
  /** True: nothing is started again. */
  over = false;

  constructor(parts: DisturbancesParts) {
    this.#parts = parts;
    this.#world = parts.world;
  }

  /** Called before each step. */
  disturb(): void {
    const { random, options, doomed } = this.#world;
    const { processes } = this.#parts;
    const { crash, pause, clockJump } = options.process;
    const victim = processes.find(({ name }) => name === doomed?.options.name);
    if (victim) this.#crash(victim);
    if (random.chance(crash)) this.#crash(random.pick(processes));
    if (random.chance(pause)) random.pick(processes).pause();
    if (random.chance(clockJump)) random.pick(processes).jumpClock();
    this.#freezeAtSlot();
  }

  /** Ends the faults. */
  calm(): void {
    for (const process of this.#parts.processes) {
      process.goOn();
      this.#startAgain(process);
    }
  }

  /** Between reading who holds a slot and taking it: then the others go on, and have their pages by the time that it wakes. */
  #freezeAtSlot(): void {
    const { processes, options, coverage, onFrozenAtSlot } = this.#parts;
    if (options.freezesAtSlot === 0) return;
    for (const process of processes) {
      const reads = [...(process.incarnation?.underWay ?? [])].filter(
        (step) => step.label.includes(' read slot-') && !this.#seen.has(step),
      );
      for (const read of reads) this.#seen.add(read);
      const isAlone = processes.every(({ incarnation }) => incarnation?.party.paused !== true);
      if (reads.length === 0 || !isAlone || !this.#world.fault(options.freezesAtSlot)) continue;
      coverage.met('freezes at the slot');
      process.pause();
      onFrozenAtSlot(/ read slot-(\w+)/.exec(reads[0]?.label ?? '')?.[1] ?? '');
    }
  }

  #crash(process: SimulatedProcess): void {
    const { scheduler, network, random } = this.#world;
    this.#world.doomed = undefined;
    this.#parts.coverage.met('crash');
    process.crash();
    scheduler.timer(network, random.between(10, 20_000), `${process.name} is started again`, () => this.#startAgain(process));
  }

  #startAgain(process: SimulatedProcess): void {
    if (!process.runs && !this.over) process.start();
  }
}
