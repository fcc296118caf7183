// One seed: the adapter's real code in several processes of the real ledger, over lives of subscriptions in the sandbox's model, on
// one virtual clock. For 55 days with faults; then without, until all work has ended and everything was looked at once more.
import { createHash } from 'node:crypto';
import type { AlertKind, SubscriptionChange } from '@paidonce/ledger';
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { createMemoryLog } from '@paidonce/ledger/memory';
import {
  type HeadWaiters,
  type Incarnation,
  SimulatedProcess,
  type Violation,
  World,
  withSubscriptionDefaults,
} from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';
import { Payments } from '../simulation/payments.ts';
import { Shop } from '../simulation/shop.ts';
import { openSimulatedStripe, type SimulatedStripe } from '../simulation/simulated-stripe.ts';
import { stripeAtHand, type TransportParts } from '../simulation/transport.ts';
import { Auditor } from './auditor.ts';
import { betweenReads } from './between-reads.ts';
import { Clubs, makeCatalog } from './clubs.ts';
import { Coverage } from './coverage.ts';
import { Disturbances } from './disturbances.ts';
import { livesMs, Members } from './members.ts';
import { drawSubscriptionOptions, type SubscriptionSimulationOptions } from './options.ts';

export interface SubscriptionSimulationResult {
  readonly options: SubscriptionSimulationOptions;
  /** Absent: all laws held. */
  readonly violation?: Violation;
  readonly coverage: Readonly<Record<string, number>>;
  readonly steps: number;
  /** A hash of the steps and of the log that they left: equal for equal runs. */
  readonly hash: string;
  readonly traceTail: readonly string[];
}

/** More steps than this mean that something loops. */
const mostSteps = 400_000;
const dayMs = 24 * 3_600_000;
/** By then delayed webhooks have come, and a failed delivery was tried again. */
const restMs = 2 * dayMs;

const foreseen: readonly AlertKind[] = ['renewal_missed', 'expiry_blind', 'clock_doubtful', 'paid_after_end', 'double_subscription'];

export async function simulateSubscriptions(seed: number): Promise<SubscriptionSimulationResult> {
  const options = drawSubscriptionOptions(seed);
  const world = new World(options.world, createMemoryLog());
  const onUnhandled = (error: unknown): void =>
    world.report('no failure goes unnoticed', `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onUnhandled);
  const simulation = new Simulation(options, world);
  try {
    await simulation.run();
  } finally {
    process.off('unhandledRejection', onUnhandled);
    await simulation.close();
  }
  const { violation, scheduler, log } = world;
  const logHash = createHash('sha256').update(JSON.stringify(log.rows)).digest('hex');
  return {
    options,
    ...(violation ? { violation } : {}),
    coverage: simulation.coverage.counts(),
    steps: scheduler.steps,
    hash: `${scheduler.hash} ${logHash}`,
    traceTail: scheduler.tail,
  };
}

class Simulation {
  readonly coverage = new Coverage();
  readonly #world: World;
  readonly #options: SubscriptionSimulationOptions;
  readonly #stripe: SimulatedStripe;
  readonly #atHand: Stripe;
  readonly #payments = new Payments();
  readonly #shop: Shop<SubscriptionChange>;
  readonly #down = new Map<string, number>();
  #processes: readonly SimulatedProcess[] = [];
  #disturbances: Disturbances | undefined;

  constructor(options: SubscriptionSimulationOptions, world: World) {
    this.#world = world;
    this.#options = options;
    this.#shop = new Shop(world);
    this.#stripe = openSimulatedStripe({
      world,
      options: { ...options, reliance: 'all', connect: false },
      coverage: this.coverage,
      processes: () => this.#processes,
      paymentsOf: (by) => this.#payments.of(by),
      onAcknowledged: () => undefined,
    });
    this.#atHand = stripeAtHand(this.#stripe.core);
  }

  async run(): Promise<void> {
    const world = this.#world;
    const catalog = await makeCatalog(this.#atHand, this.#options.interval);
    const clubs = new Clubs(this.#options.members, catalog, () => this.#stripe.core);
    const policy = withSubscriptionDefaults({ ...this.#options.policy, plans: catalog.prices });
    const open: { members?: Members } = {};
    const auditor = new Auditor({
      world,
      clubs,
      policy,
      stripe: this.#atHand,
      onDecided: (id, validUntil) => open.members?.lookAtTheEnd(id, validUntil),
    });
    const parts = { world, coverage: this.coverage, options: this.#options, stripe: this.#stripe, atHand: this.#atHand, clubs, auditor };
    const payOpen = (id: string): boolean => open.members?.payOpen(id) === true;
    this.#processes = this.#openProcesses(policy, auditor, (path) => betweenReads({ ...parts, payOpen }, path));
    const members = new Members({ ...parts, processes: this.#processes, payments: this.#payments, down: this.#down });
    open.members = members;
    const disturbances = new Disturbances({
      ...parts,
      processes: this.#processes,
      onFrozenAtSlot: (memberId) => members.beginBeside(memberId),
    });
    this.#disturbances = disturbances;
    for (const process of this.#processes) process.start();
    this.#stripe.start();
    members.plan();
    let lived = false;
    world.scheduler.timer(world.network, livesMs, 'faults end', () => {
      lived = true;
    });
    await this.#until('the members have lived', auditor, () => lived, true);
    world.faultless = true;
    world.doomed = undefined;
    world.scheduler.calm = true;
    this.#down.clear();
    disturbances.calm();
    await this.#converge(members, clubs, auditor);
    disturbances.over = true;
    await this.#dispose(auditor);
  }

  async close(): Promise<void> {
    if (this.#disturbances) this.#disturbances.over = true;
    await this.#stripe.core.close();
    this.#world.readModels.close();
  }

  #openProcesses(policy: SubscriptionPolicy, auditor: Auditor, onRead: (path: string) => number): readonly SimulatedProcess[] {
    const world = this.#world;
    const { calls: faults, pageLimit, seed } = this.#options;
    const transport: TransportParts = {
      world,
      core: this.#stripe.core,
      coverage: this.coverage,
      faults,
      pageLimit,
      down: this.#down,
      dateOf: (date) => this.#dateOf(date),
      onAnswered: (method, path) => (method === 'GET' ? onRead(path) : 0),
    };
    const headWaiters: HeadWaiters = new Set();
    const { type: _, ...asked } = policy;
    return this.#options.world.processes.map(
      (process) =>
        new SimulatedProcess({
          world,
          options: process,
          headWaiters,
          onAppended: () => auditor.readAppended(),
          deliver: () => Promise.reject(new Error('nobody orders')),
          onAbandoned: (id) => world.report('deliveries are not given up', id),
          foresees: (kind) => {
            if (foreseen.includes(kind)) this.coverage.met(`alert: ${kind}`);
            return foreseen.includes(kind);
          },
          subscriptions: (by: Incarnation) => ({
            policy: asked,
            ...(process.delivers ? { deliver: (change, signal) => this.#shop.deliver(by, change, signal) } : {}),
          }),
          opens: (ledger, by) => this.#payments.open(ledger, by, transport, { polls: false, seed }),
        }),
    );
  }

  #dateOf(date: string): string | undefined {
    const { dateJumps, dateLost } = this.#options;
    const day = this.#world.scheduler.nowMs / dayMs;
    if (dateLost.from <= day && day < dateLost.to && this.#world.fault(dateLost.share)) {
      this.coverage.met('answer without a Date');
      return undefined;
    }
    if (!this.#world.fault(dateJumps)) return date;
    this.coverage.met('Date ahead');
    return new Date(Date.parse(date) + this.#world.random.between(dayMs, 60 * dayMs)).toUTCString();
  }

  async #converge(members: Members, clubs: Clubs, auditor: Auditor): Promise<void> {
    const world = this.#world;
    await this.#until('people come to their end', auditor, () => world.tasks === 0);
    // From now on each knows what was left to deliver, and by the next time its owner has been silent for long enough.
    await this.#settle(auditor);
    await this.#pass(restMs, auditor);
    await this.#work('the last sweeps', auditor, async () => {
      for (let pass = 0; pass < 2; pass++) {
        if (!(await members.sweep())) world.report('all that is begun ends', 'a sweep fails, though nothing else does');
      }
      for (const id of clubs.started.keys()) {
        if (!(await members.look(id))) world.report('all that is begun ends', `a look at ${id} fails, though nothing else does`);
      }
    });
    await this.#settle(auditor);
    for (const id of clubs.started.keys()) if (!world.violation) await auditor.atTheEnd(id, this.#shop.rowOf(id));
    for (const member of clubs.members) auditor.oneLiving(clubs.of(member), member.memberId);
  }

  async #settle(auditor: Auditor): Promise<void> {
    let left = this.#processes.length;
    for (const process of this.#processes) void process.call('settle', (ledger) => ledger.settle()).then(() => (left -= 1));
    await this.#until('all have settled', auditor, () => left === 0);
  }

  async #work(what: string, auditor: Auditor, work: () => Promise<void>): Promise<void> {
    this.#world.some(what, work);
    await this.#until(what, auditor, () => this.#world.tasks === 0);
  }

  async #pass(ms: number, auditor: Auditor): Promise<void> {
    let passed = false;
    this.#world.scheduler.timer(this.#world.network, ms, 'time passes', () => {
      passed = true;
    });
    await this.#until('time passes', auditor, () => passed);
  }

  async #until(what: string, auditor: Auditor, reached: () => boolean, isFaulty = false): Promise<void> {
    const world = this.#world;
    const limit = world.scheduler.steps + mostSteps;
    while (!world.violation && !reached()) {
      if (isFaulty) this.#disturbances?.disturb();
      const goesOn = world.scheduler.steps < limit && (await world.scheduler.step());
      if (!goesOn) world.report('all that is begun ends', `not reached: ${what}`);
      await auditor.checkLosses();
    }
  }

  async #dispose(auditor: Auditor): Promise<void> {
    let left = this.#processes.length;
    for (const process of this.#processes) void process.stop().then(() => (left -= 1));
    await this.#until('all are disposed', auditor, () => left === 0);
  }
}
