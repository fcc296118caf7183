// One seed of the simulation: several processes of the real ledger on a virtual clock and a network that fails.
// First with faults, when the laws must hold at every step; then without, when all must come to its end.
import { createMemoryLog } from '../../event-store/memory.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { Coverage } from './coverage.ts';
import { auditFinalState, auditHeld, type FinalAuditOptions, undelivered } from './final-audit.ts';
import { LogAuditor } from './log-auditor.ts';
import { drawOptions, type SimulationOptions } from './options.ts';
import { drawOrders, drawStory, type ShopOrder, type Story } from './payment-stories.ts';
import { People } from './people.ts';
import { Provider } from './provider.ts';
import { Shop } from './shop.ts';
import type { HeadWaiters } from './simulated-store.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { hasValue, Sources } from './sources.ts';
import { World, type Violation } from './world.ts';

export interface SimulationResult {
  readonly options: SimulationOptions;
  /** Absent: all laws held. */
  readonly violation?: Violation;
  readonly coverage: Coverage;
  readonly steps: number;
  readonly events: number;
  /** Equal for equal runs. */
  readonly traceHash: string;
  readonly traceTail: readonly string[];
}

/** After that many steps without an end, something goes round in circles. */
const calmSteps = 40_000;
const hourMs = 3_600_000;

export async function simulate(seed: number): Promise<SimulationResult> {
  const options = drawOptions(seed);
  const simulation = new Simulation(options);
  const { world } = simulation;
  const onUnhandled = (error: unknown): void =>
    world.report('no failure goes unnoticed', `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onUnhandled);
  try {
    await simulation.run();
  } finally {
    simulation.close();
    process.off('unhandledRejection', onUnhandled);
  }
  const { violation, coverage, scheduler, log } = world;
  return {
    options,
    ...(violation ? { violation } : {}),
    coverage,
    steps: scheduler.steps,
    events: log.rows.length,
    traceHash: scheduler.hash,
    traceTail: scheduler.tail,
  };
}

class Simulation {
  readonly world: World;
  readonly #provider = new Provider();
  readonly #shop: Shop;
  readonly #auditor: LogAuditor;
  readonly #acknowledgements: Acknowledgements;
  readonly #processes: readonly SimulatedProcess[];
  readonly #orders: readonly ShopOrder[];
  readonly #stories: readonly Story[];
  readonly #sources: Sources;
  readonly #people: People;
  readonly #final: FinalAuditOptions;
  /** Nothing is started any more. */
  #over = false;

  constructor(options: SimulationOptions) {
    const world = new World(options, createMemoryLog());
    this.world = world;
    this.#shop = new Shop(world, () => this.#auditor);
    this.#auditor = new LogAuditor(world, this.#provider, (orderId) => this.#shop.sequenceOf(orderId));
    this.#acknowledgements = new Acknowledgements(world, this.#auditor);
    const headWaiters: HeadWaiters = new Set();
    this.#processes = options.processes.map(
      (process) =>
        new SimulatedProcess({
          world,
          options: process,
          headWaiters,
          onAppended: (by) => this.#auditor.readAppended(by),
          deliver: (by, change, signal) => this.#shop.deliver(by, change, signal),
          onAbandoned: () => undefined,
        }),
    );
    this.#orders = drawOrders(world);
    let payments = 0;
    this.#stories = this.#orders.flatMap((order) =>
      Array.from({ length: world.random.between(1, options.paymentsPerOrder) }, () =>
        drawStory(world, this.#provider, this.#orders, order, ++payments),
      ),
    );
    const parts = { world, provider: this.#provider, acknowledgements: this.#acknowledgements, auditor: this.#auditor, orders: this.#orders };
    this.#sources = new Sources({ ...parts, processes: this.#processes });
    this.#people = new People({ ...parts, sources: this.#sources });
    this.#final = { ...parts, shop: this.#shop };
  }

  async run(): Promise<void> {
    if (this.world.options.outage) this.#shop.refuses = this.#orders[0]?.orderId;
    for (const process of this.#processes) process.start();
    this.#plan();
    await this.#withFaults();
    if (this.world.options.outage) await this.#outage();
    await this.#withoutFaults();
  }

  /** All that people, sources and the provider will do; the scheduler chooses when. */
  #plan(): void {
    const { random, options, coverage } = this.world;
    for (const order of this.#orders) {
      if (order.placedLate) {
        coverage.met('order placed late');
        this.world.later(random.between(1, options.placedLateMs), 'the shop is late', () => this.#people.place(order, this.#stories));
      } else this.#people.place(order, this.#stories);
    }
    for (const { payment, attaches } of this.#stories) {
      if (attaches === undefined || !random.chance(options.sources.misnamed)) continue;
      coverage.met('attach to another order');
      this.#people.attach(random.pick(this.#orders).orderId, payment, attaches);
    }
    for (const story of this.#stories) this.#sources.tell(story);
    for (let round = 0; round < options.polls; round++) {
      this.world.later(random.between(0, 30_000), 'time to poll', () => this.world.some('poll', () => void this.#sources.poll()));
    }
    this.#somebody(options.people);
    for (const process of this.#processes) if (!process.background) this.#cron(process);
  }

  /** One after the other, while other things happen. */
  #somebody(more: number): void {
    if (more === 0) return;
    this.world.some('somebody comes', () => {
      this.#oneOfThem();
      this.#somebody(more - 1);
    });
  }

  #oneOfThem(): void {
    const { random } = this.world;
    switch (random.weighted({ statusQuery: 2, repair: 1, review: 3, redeliver: 0.5, look: 1, lookUp: 2 })) {
      case 'statusQuery':
        return this.#sources.statusQuery();
      case 'repair':
        return this.#sources.repair();
      case 'review':
        return this.#people.review();
      case 'redeliver':
        return this.#people.redeliver(random.pick(this.#orders).orderId);
      case 'look':
        return this.#people.look();
      case 'lookUp':
        return this.#people.lookUp(random.pick(this.#provider.payments));
    }
  }

  /** Short-lived hosts settle now and then. */
  #cron(process: SimulatedProcess): void {
    const { scheduler, network, random } = this.world;
    scheduler.timer(network, random.between(1_000, 60_000), `cron of ${process.name}`, () => {
      if (this.world.faultless) return;
      void process.call('settle', (ledger) => ledger.settle()).then(() => this.#cron(process));
    });
  }

  async #withFaults(): Promise<void> {
    const { scheduler, options } = this.world;
    while (scheduler.steps < options.faultySteps && !this.#ended()) {
      this.#disturb();
      if (!(await scheduler.step())) return;
    }
  }

  /** Nothing but the ledger's own loops is left. */
  #ended(): boolean {
    return this.world.violation !== undefined || (this.world.tasks === 0 && this.world.scheduler.waiting('call') === 0);
  }

  #disturb(): void {
    const { random, scheduler, network, options } = this.world;
    const { crash, pause, stop } = options.process;
    const { doomed } = this.world;
    if (doomed || random.chance(crash)) {
      const process = doomed ? this.#processes.find(({ name }) => name === doomed.options.name)! : random.pick(this.#processes);
      process.crash();
      this.world.doomed = undefined;
      scheduler.timer(network, random.between(10, 20_000), `${process.name} is started again`, () => this.#startAgain(process));
    }
    if (random.chance(pause)) random.pick(this.#processes).pause();
    if (random.chance(stop)) void this.#rollOut(random.pick(this.#processes));
  }

  async #rollOut(process: SimulatedProcess): Promise<void> {
    if (this.world.stopping.has(process.name)) return;
    this.world.stopping.add(process.name);
    await process.stop();
    this.world.stopping.delete(process.name);
    this.#startAgain(process);
  }

  #startAgain(process: SimulatedProcess): void {
    if (!process.runs && !this.#over) process.start();
  }

  /** Nothing else fails any more, but the shop refuses one membership for more than 72 hours. */
  async #outage(): Promise<void> {
    this.#calm();
    const { scheduler } = this.world;
    const endMs = scheduler.nowMs + 80 * hourMs;
    const refused = this.#auditor.order(this.#shop.refuses ?? '');
    await this.#until('the outage ends', () => refused.abandoned || refused.decisions.length === refused.settled || scheduler.nowMs > endMs);
    this.#shop.refuses = undefined;
  }

  #calm(): void {
    this.world.faultless = true;
    this.world.scheduler.calm = true;
    for (const process of this.#processes) {
      process.goOn();
      this.#startAgain(process);
    }
  }

  /** Liveness: what was begun comes to its end, and the final state is the true one. */
  async #withoutFaults(): Promise<void> {
    this.#calm();
    await this.#until('who is stopping stops', () => this.world.stopping.size === 0);
    await this.#until('sources and people come to their end', () => this.world.tasks === 0);
    // First without help: nothing that was acknowledged may need to be said again.
    await this.#settled();
    this.#check(() => auditHeld(this.#final));
    this.world.some('last poll', () => this.#lastPoll());
    await this.#until('the last poll ends', () => this.world.tasks === 0);
    await this.#settled();
    this.#check(() => auditHeld(this.#final));
    this.#check(() => auditFinalState(this.#final));
    await this.#readModels();
    await this.#disposed();
  }

  #check(audit: () => void): void {
    if (!this.world.violation) audit();
  }

  async #lastPoll(): Promise<void> {
    while (!this.world.violation && (await this.#sources.poll()) !== 'finished');
  }

  async #until(what: string, reached: () => boolean): Promise<void> {
    const { scheduler } = this.world;
    const limit = scheduler.steps + calmSteps;
    while (!this.world.violation && !reached()) {
      if (scheduler.steps > limit || !(await scheduler.step())) return this.world.report('all that is begun ends', `not reached: ${what}`);
    }
  }

  /** Everything is delivered, at most the longest wait after the last failure, and then stays so. */
  async #settled(): Promise<void> {
    const { scheduler } = this.world;
    const limitMs = scheduler.nowMs + 3 * hourMs;
    for (;;) {
      await this.#settleAll();
      if (this.world.violation) return;
      for (const { orderId, abandoned } of this.#auditor.orders.values()) if (abandoned) this.#people.redeliver(orderId);
      const left = undelivered(this.#final);
      if (left.length === 0) return;
      if (scheduler.nowMs > limitMs) return this.world.report('the newest decision is delivered', left.join('; '));
      await this.#pass(60_000);
    }
  }

  async #settleAll(): Promise<void> {
    let settled = 0;
    for (const process of this.#processes) {
      void process.call('settle', (ledger) => ledger.settle()).then((answer) => {
        if (!hasValue(answer)) this.world.report('settle ends', `${process.name} does not settle, though nothing fails`);
        settled += 1;
      });
    }
    await this.#until('all have settled', () => settled === this.#processes.length && this.world.scheduler.waiting('call') === 0);
  }

  async #pass(ms: number): Promise<void> {
    const { scheduler, network } = this.world;
    let passed = false;
    scheduler.timer(network, ms, 'time passes', () => {
      passed = true;
    });
    await this.#until('time passes', () => passed && this.world.tasks === 0);
  }

  /** Each process's own read models say what the log says. */
  async #readModels(): Promise<void> {
    if (this.world.violation) return;
    const members = [...new Set(this.#orders.map(({ memberId }) => memberId))];
    let asked = 0;
    for (const process of this.#processes) {
      for (const memberId of members) {
        asked += 1;
        void process.call(`memberships ${memberId}`, async (ledger) => {
          const { items } = await ledger.memberships(memberId);
          const found = items.map(({ membershipId, status }) => `${membershipId} ${status}`).join();
          const expected = [...this.#auditor.orders.values()]
            .filter(({ placed, status }) => placed?.memberId === memberId && status !== 'none')
            .map(({ orderId, status }) => `${orderId} ${status}`)
            .sort()
            .join();
          if (found !== expected) this.world.report('read models follow the log', `${process.name}: ${memberId} has ${found}, the log says ${expected}`);
          asked -= 1;
        });
      }
    }
    await this.#until('read models are read', () => asked === 0);
  }

  async #disposed(): Promise<void> {
    this.#over = true;
    let disposed = 0;
    for (const process of this.#processes) void process.stop().then(() => (disposed += 1));
    await this.#until('all are disposed', () => disposed === this.#processes.length);
    const events = this.world.log.rows.length;
    await this.#drain();
    if (this.world.log.rows.length > events) this.world.report('disposed means done', 'events were appended after it');
  }

  async #drain(): Promise<void> {
    const { scheduler } = this.world;
    while (!this.world.violation && (await scheduler.step()));
  }

  close(): void {
    for (const process of this.#processes) process.close();
  }
}
