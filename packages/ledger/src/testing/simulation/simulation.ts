// Runs one seed of the simulation: several processes of the real ledger on a virtual clock and a network that fails. First
// with faults, when the laws must hold at every step; then without faults, when all work must end.
import { createHash } from 'node:crypto';
import type { MemoryLog } from '../../event-store/memory.ts';
import { backUpMemoryLog } from '../back-up-memory-log.ts';
import { converge, dispose } from './convergence.ts';
import type { Coverage } from './coverage.ts';
import { drawOptions } from './draw-options.ts';
import type { SimulationOptions } from './options.ts';
import { plan } from './plan.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { type Stage, setStage } from './stage.ts';
import { until } from './until.ts';
import type { Violation } from './world.ts';

export interface SimulationResult {
  readonly options: SimulationOptions;
  /** The law that was broken. Absent: none. */
  readonly violation?: Violation;
  readonly coverage: Coverage;
  readonly steps: number;
  readonly events: number;
  /** A hash of all steps. It is equal for equal runs. */
  readonly traceHash: string;
  /** A hash of the final log. It is equal for equal runs. */
  readonly logHash: string;
  readonly traceTail: readonly string[];
}

const outageMs = 80 * 3_600_000;

/** @param look receives the final log, for tests that read what the simulation wrote. */
export async function simulate(seed: number, look?: (log: MemoryLog) => void): Promise<SimulationResult> {
  const options = drawOptions(seed);
  const simulation = new Simulation(setStage(options));
  const { world } = simulation.stage;
  const onUnhandled = (error: unknown): void =>
    world.report('no failure goes unnoticed', `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onUnhandled);
  try {
    await simulation.run();
  } finally {
    process.off('unhandledRejection', onUnhandled);
    world.readModels.close();
  }
  const { violation, coverage, scheduler, log } = world;
  look?.(log);
  return {
    options,
    ...(violation ? { violation } : {}),
    coverage,
    steps: scheduler.steps,
    events: log.rows.length,
    traceHash: scheduler.hash,
    logHash: createHash('sha256').update(JSON.stringify(log.rows)).digest('hex'),
    traceTail: scheduler.tail,
  };
}

class Simulation {
  readonly stage: Stage;
  /** True: no process is started again. */
  #over = false;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  async run(): Promise<void> {
    const { world, processes, shop, orders } = this.stage;
    if (world.options.outage) shop.refuses = orders[0]?.orderId;
    for (const process of processes) process.start();
    plan(this.stage);
    await this.#withFaults();
    this.#calm();
    if (world.options.outage) await this.#outage();
    await converge(this.stage);
    this.#over = true;
    await dispose(this.stage);
  }

  async #withFaults(): Promise<void> {
    const { world } = this.stage;
    while (world.scheduler.steps < world.options.faultySteps && !this.#ended()) {
      this.#backUp();
      this.#disturb();
      if (!(await world.scheduler.step())) return;
    }
  }

  #backUp(): void {
    const { world, shop } = this.stage;
    const { putBack, backedUpAtStep } = world.options;
    if (putBack === undefined || world.scheduler.steps < backedUpAtStep) return;
    this.stage.backup ??= putBack === 'log' ? backUpMemoryLog(world.log) : shop.backUp();
  }

  /** True if only the ledgers' own loops are left, or a law is broken. */
  #ended(): boolean {
    const { violation, tasks, scheduler } = this.stage.world;
    return violation !== undefined || (tasks === 0 && scheduler.waiting('call') === 0);
  }

  #disturb(): void {
    const { world, processes } = this.stage;
    const { random, options, doomed } = world;
    const { crash, pause, stop, clockJump, suspend } = options.process;
    if (doomed) this.#crash(processes.find(({ name }) => name === doomed.options.name)!);
    if (random.chance(crash)) this.#crash(random.pick(processes));
    if (random.chance(pause)) random.pick(processes).pause();
    if (random.chance(clockJump)) random.pick(processes).jumpClock();
    if (random.chance(suspend)) this.#suspend();
    if (random.chance(stop)) void this.#rollOut(random.pick(processes));
  }

  /** Suspends a machine: all processes run on it, or one. */
  #suspend(): void {
    const { world, processes } = this.stage;
    const { random } = world;
    const ms = random.between(1_000, 7_200_000);
    const delays = random.chance(0.5);
    for (const process of random.chance(0.5) ? processes : [random.pick(processes)]) process.suspend(ms, delays);
  }

  #crash(process: SimulatedProcess): void {
    const { world } = this.stage;
    world.doomed = undefined;
    process.crash();
    const downMs = world.random.between(10, 20_000);
    world.scheduler.timer(world.network, downMs, `${process.name} is started again`, () => this.#startAgain(process));
  }

  async #rollOut(process: SimulatedProcess): Promise<void> {
    const { stopping } = this.stage.world;
    if (stopping.has(process.name)) return;
    stopping.add(process.name);
    await process.stop();
    stopping.delete(process.name);
    process.upgrade();
    this.#startAgain(process);
  }

  #startAgain(process: SimulatedProcess): void {
    if (!process.runs && !this.#over) process.start();
  }

  /** Stops all faults. */
  #calm(): void {
    const { world, processes } = this.stage;
    world.faultless = true;
    world.doomed = undefined;
    world.scheduler.calm = true;
    for (const process of processes) {
      process.goOn();
      this.#startAgain(process);
    }
  }

  /** Lets the shop refuse one membership for more than 72 hours. Nothing else fails. */
  async #outage(): Promise<void> {
    const { world, shop, auditor } = this.stage;
    const endMs = world.scheduler.nowMs + outageMs;
    const refused = auditor.log.order(shop.refuses ?? '');
    const over = (): boolean => refused.abandoned || refused.decisions.length === refused.settled || world.scheduler.nowMs > endMs;
    await until(this.stage, 'the outage ends', over);
    shop.refuses = undefined;
  }
}
