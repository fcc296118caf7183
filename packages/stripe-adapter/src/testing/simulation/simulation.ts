// One seed: the adapter's real code in several processes of the real ledger, against the sandbox's model, on one virtual
// clock. First with faults, while the laws must hold at every step; then without, until all work has ended.
import { createHash } from 'node:crypto';
import { createMemoryLog } from '@paidonce/ledger/memory';
import { type HeadWaiters, type Incarnation, SimulatedProcess, type Violation, World } from '@paidonce/ledger/simulation';
import type { Mismatch } from '../../operations/compare-payment.ts';
import { Auditor } from './auditor.ts';
import { Coverage } from './coverage.ts';
import { drawStripeOptions, type StripeSimulationOptions } from './options.ts';
import { OtherLedger } from './other-ledger.ts';
import { Payments } from './payments.ts';
import { hasValue, People } from './people.ts';
import { Registry } from './registry.ts';
import { Shop } from './shop.ts';
import { openSimulatedStripe, type SimulatedStripe } from './simulated-stripe.ts';
import { stripeAtHand, type TransportParts } from './transport.ts';

export interface StripeSimulationResult {
  readonly options: StripeSimulationOptions;
  /** Absent: all laws held. */
  readonly violation?: Violation;
  readonly coverage: Coverage;
  readonly steps: number;
  readonly events: number;
  /** Calls of the API, in all processes. */
  readonly calls: number;
  /** A hash of the steps and of the log that they left: equal for equal runs. */
  readonly hash: string;
  readonly traceTail: readonly string[];
}

/** More steps than this mean that something loops. */
const mostSteps = 60_000;
const minuteMs = 60_000;
/** By then all debits, vouchers and refunds are through, and a failed delivery was tried again. */
const restMs = 6 * 60 * minuteMs;

export async function simulateStripe(seed: number): Promise<StripeSimulationResult> {
  const simulation = new Simulation(drawStripeOptions(seed));
  const { world } = simulation;
  const onUnhandled = (error: unknown): void =>
    world.report('no failure goes unnoticed', `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onUnhandled);
  try {
    await simulation.run();
  } finally {
    process.off('unhandledRejection', onUnhandled);
    await simulation.close();
  }
  const { violation, scheduler, log } = world;
  const { coverage, options, stripe } = simulation;
  const logHash = createHash('sha256').update(JSON.stringify(log.rows)).digest('hex');
  return {
    options,
    ...(violation ? { violation } : {}),
    coverage,
    steps: scheduler.steps,
    events: log.rows.length,
    calls: stripe.core.calls.count(),
    hash: `${scheduler.hash} ${logHash}`,
    traceTail: scheduler.tail,
  };
}

class Simulation {
  readonly options: StripeSimulationOptions;
  readonly world: World;
  readonly coverage = new Coverage();
  readonly stripe: SimulatedStripe;
  readonly #auditor: Auditor;
  readonly #shop: Shop;
  readonly #people: People;
  readonly #registry: Registry;
  readonly #other: OtherLedger;
  readonly #processes: readonly SimulatedProcess[];
  readonly #payments = new Payments();
  readonly #transport: TransportParts;
  #over = false;

  constructor(options: StripeSimulationOptions) {
    this.options = options;
    this.world = new World(options.world, createMemoryLog());
    const { world, coverage } = this;
    const payments = this.#payments;
    const registry = new Registry((id) => this.stripe.core.accounts.holding(id));
    const auditor = new Auditor(world, options, registry);
    this.#auditor = auditor;
    this.#shop = new Shop(world);
    this.stripe = openSimulatedStripe({
      world,
      options,
      coverage,
      processes: () => this.#processes,
      paymentsOf: (by) => payments.of(by),
      onAcknowledged: (body, outcome) => auditor.acknowledged(body, outcome),
    });
    const down = new Map<string, number>();
    const { calls: faults, pageLimit } = options;
    const transport: TransportParts = { world, core: this.stripe.core, coverage, faults, pageLimit, down };
    this.#transport = transport;
    const headWaiters: HeadWaiters = new Set();
    this.#processes = options.world.processes.map(
      (process) =>
        new SimulatedProcess({
          world,
          options: process,
          headWaiters,
          onAppended: () => auditor.readAppended(),
          deliver: (by: Incarnation, change, signal) => this.#shop.deliver(by, change, signal),
          onAbandoned: (orderId) => world.report('deliveries are not given up', orderId),
          foresees: (kind) => {
            if (kind !== 'other_ledger' || options.othersOrders === 0) return false;
            coverage.met('alert: another ledger');
            return true;
          },
          opens: (ledger, by) => payments.open(ledger, by, transport, options),
        }),
    );
    const atHand = stripeAtHand(this.stripe.core);
    this.#registry = registry;
    this.#other = new OtherLedger(world, atHand);
    this.#people = new People({
      world,
      options,
      coverage,
      stripe: this.stripe,
      atHand,
      processes: this.#processes,
      payments,
      registry,
      auditor,
      other: this.#other,
      down,
    });
  }

  async run(): Promise<void> {
    const { world } = this;
    for (const process of this.#processes) process.start();
    this.stripe.start();
    await this.#people.plan();
    for (const process of this.#processes) if (!process.background) this.#cron(process);
    while (world.scheduler.steps < world.options.faultySteps && !world.violation && world.tasks > 0) {
      this.#disturb();
      if (!(await world.scheduler.step())) break;
    }
    this.#calm();
    await this.#converge();
    this.#over = true;
    await this.#dispose();
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.stripe.core.close();
    this.world.readModels.close();
  }

  #disturb(): void {
    const { random, options, doomed } = this.world;
    const { crash, pause } = options.process;
    const victim = this.#processes.find(({ name }) => name === doomed?.options.name);
    if (victim) this.#crash(victim);
    if (random.chance(crash / 2)) this.#crash(random.pick(this.#processes));
    if (random.chance(pause / 2)) random.pick(this.#processes).pause();
  }

  #crash(process: SimulatedProcess): void {
    const { world } = this;
    world.doomed = undefined;
    process.crash();
    world.scheduler.timer(world.network, world.random.between(10, 20_000), `${process.name} is started again`, () =>
      this.#startAgain(process),
    );
  }

  #startAgain(process: SimulatedProcess): void {
    if (!process.runs && !this.#over) process.start();
  }

  /** Short-lived hosts settle now and then. */
  #cron(process: SimulatedProcess): void {
    const { world } = this;
    world.scheduler.timer(world.network, world.random.between(minuteMs, 20 * minuteMs), `cron of ${process.name}`, () => {
      if (world.faultless) return;
      void process.call('settle', (ledger) => ledger.settle()).then(() => this.#cron(process));
    });
  }

  /** Ends the faults. */
  #calm(): void {
    const { world } = this;
    world.faultless = true;
    world.doomed = undefined;
    world.scheduler.calm = true;
    for (const process of this.#processes) {
      process.goOn();
      this.#startAgain(process);
    }
  }

  async #converge(): Promise<void> {
    const { world, options } = this;
    await this.#until('people come to their end', () => world.tasks === 0);
    await this.#pass(restMs);
    // The sources that the seed relies on must suffice: the others are silent now.
    for (let pass = 0; pass < 2 && options.tiers.length > 0 && !world.violation; pass++) {
      world.some('last sweep', async () => {
        if (!(await this.#people.sweep())) world.report('all that is begun ends', 'a sweep fails, though nothing else does');
      });
      await this.#until('the last sweep ends', () => world.tasks === 0);
    }
    if (options.reliance === 'reconcile') await this.#reconcile(true);
    await this.#settle();
    await this.#pass(restMs);
    await this.#settle();
    if (!world.violation) this.#auditor.atTheEnd(this.#shop);
    if (!world.violation) this.#auditor.reconciled(await this.#reconcile(false));
    if (options.othersOrders > 0 && !world.violation) await this.#auditOther();
  }

  async #auditOther(): Promise<void> {
    this.world.some('the other ledger', () => this.#other.audit((sessionId) => this.#registry.isPaidSession(sessionId)));
    await this.#until('the other ledger is looked at', () => this.world.tasks === 0);
  }

  async #reconcile(repair: boolean): Promise<readonly Mismatch[]> {
    let found: readonly Mismatch[] = [];
    this.world.some('reconcile', async () => {
      const answer = await this.#processes[0]?.call('reconcile', (ledger, by) =>
        this.#payments.reconcile(by, this.#transport, ledger, repair),
      );
      if (answer !== undefined && hasValue(answer)) found = answer.value.mismatches;
      else this.world.report('all that is begun ends', `reconcile fails, though nothing else does: ${JSON.stringify(answer)}`);
    });
    await this.#until('it is reconciled', () => this.world.tasks === 0);
    return found;
  }

  async #settle(): Promise<void> {
    let left = this.#processes.length;
    for (const process of this.#processes) {
      void process
        .call('settle', (ledger) => ledger.settle())
        .then((answer) => {
          if (!hasValue(answer)) this.world.report('settle ends', `${process.name} does not settle, though nothing fails`);
          left -= 1;
        });
    }
    await this.#until('all have settled', () => left === 0);
  }

  async #pass(ms: number): Promise<void> {
    const { scheduler, network } = this.world;
    let passed = false;
    scheduler.timer(network, ms, 'time passes', () => {
      passed = true;
    });
    await this.#until('time passes', () => passed);
  }

  async #until(what: string, reached: () => boolean): Promise<void> {
    const { world } = this;
    const limit = world.scheduler.steps + mostSteps;
    while (!world.violation && !reached()) {
      if (world.scheduler.steps < limit && (await world.scheduler.step())) continue;
      world.report('all that is begun ends', `not reached: ${what}`);
    }
  }

  async #dispose(): Promise<void> {
    let left = this.#processes.length;
    for (const process of this.#processes) void process.stop().then(() => (left -= 1));
    await this.#until('all are disposed', () => left === 0);
  }
}
