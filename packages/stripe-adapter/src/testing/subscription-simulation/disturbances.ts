// What goes wrong with the processes themselves, at any step: they die, freeze, and their wall clocks jump.
import type { SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { Coverage } from './coverage.ts';
import type { SubscriptionSimulationOptions } from './options.ts';

export interface DisturbancesParts {
  readonly world: World;
  readonly options: Pick<SubscriptionSimulationOptions, 'freezesAtSlot'>;
  readonly coverage: Coverage;
  readonly processes: readonly SimulatedProcess[];
}

export class Disturbances {
  readonly #parts: DisturbancesParts;
  readonly #world: World;
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

  /** Between reading who holds a slot and taking it. */
  #freezeAtSlot(): void {
    const { processes, options, coverage } = this.#parts;
    if (options.freezesAtSlot === 0) return;
    for (const process of processes) {
      const { incarnation } = process;
      if (incarnation === undefined || incarnation.party.paused) continue;
      if (![...incarnation.underWay].some(({ label }) => label.includes(' read slot-'))) continue;
      if (!this.#world.fault(options.freezesAtSlot)) continue;
      coverage.met('freezes at the slot');
      process.pause();
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
