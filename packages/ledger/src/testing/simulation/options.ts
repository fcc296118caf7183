// What one seed draws before it begins: how many processes and orders there are, and how often what goes wrong.
// Many rates are zero in many seeds, so that each fault is met alone as well as in company.
import { defaultPolicy, type Policy } from '../../order/policy.ts';
import { Random } from './random.ts';
import type { Shares } from './scheduler.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly delivers: boolean;
  /** false: a short-lived host, which calls `settle` from its cron. */
  readonly background: boolean;
  /** Its read models, and the cursors in them, outlive a crash. */
  readonly keepsReadModels: boolean;
  /** Its wall clock is wrong by so much. */
  readonly wallSkewMs: number;
  readonly monotonicOriginMs: number;
}

export interface StoreFaults {
  /** A probability for every call: nothing is done, and the caller is told so. */
  readonly refused: number;
  /** For every append: it is done, and the caller is told that nobody knows. */
  readonly replyLost: number;
  /** For every append: the caller is told that nobody knows, and later it is done. */
  readonly doneLate: number;
}

/** Each a probability for every step. */
export interface ProcessFaults {
  readonly crash: number;
  /** For every append: its process crashes before it learns of it. */
  readonly crashAfterAppend: number;
  /** Frozen for a while, clocks running. */
  readonly pause: number;
  /** Stopped in order, as in a roll-out. */
  readonly stop: number;
}

/** Each a probability for every call of `deliver`. */
export interface ShopFaults {
  readonly fails: number;
  readonly failsAfterEffect: number;
  /** Does nothing until it is aborted. */
  readonly hangs: number;
  /** Ignores the abort, and writes later. */
  readonly writesLate: number;
}

export interface SourceFaults {
  /** A webhook that the provider never makes. */
  readonly dropped: number;
  readonly doubled: number;
  /** Objects whose metadata names no order. */
  readonly unnamed: number;
  /** Objects whose metadata names another order. */
  readonly misnamed: number;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly processes: readonly ProcessOptions[];
  readonly policy: Policy;
  readonly deliverTimeoutMs: number;
  readonly store: StoreFaults;
  readonly process: ProcessFaults;
  readonly shop: ShopFaults;
  readonly sources: SourceFaults;
  readonly shares: Shares;
  /** A probability for every call of the store: it is one step with its reply, not two. */
  readonly replyAtOnce: number;
  readonly orders: number;
  readonly paymentsPerOrder: number;
  /** Orders that are placed only while their payments are under way, up to so much later. */
  readonly placedLate: number;
  readonly placedLateMs: number;
  readonly polls: number;
  readonly people: number;
  /** How many of them move a payment to another order; the others together weigh 10. */
  readonly moves: number;
  /** Times that the shop tries to attach a checkout, at most. */
  readonly attachTries: number;
  /** The shop refuses one order for more than 72 hours. */
  readonly outage: boolean;
  /** Steps until faults stop, at the latest. */
  readonly faultySteps: number;
}

export function drawOptions(seed: number): SimulationOptions {
  const random = new Random(seed);
  const rate = (...rates: readonly number[]): number => random.pick(rates);
  const scenario = random.weighted({ any: 17, outage: 1, lateLink: 3, slowShop: 5, mixedUp: 4 });
  const options: SimulationOptions = {
    seed,
    processes: drawProcesses(random),
    policy: random.chance(0.7) ? defaultPolicy : drawPolicy(random),
    deliverTimeoutMs: random.pick([2_000, 10_000, 15_000]),
    store: { refused: rate(0, 0, 0.02, 0.1), replyLost: rate(0, 0, 0.02, 0.1), doneLate: rate(0, 0, 0.02, 0.1) },
    process: {
      crash: rate(0, 0, 0.003, 0.01),
      crashAfterAppend: rate(0, 0, 0.05, 0.25),
      pause: rate(0, 0, 0.003, 0.01),
      stop: rate(0, 0, 0, 0.003),
    },
    shop: { fails: rate(0, 0.1, 0.3), failsAfterEffect: rate(0, 0.1, 0.3), hangs: rate(0, 0, 0.3), writesLate: rate(0, 0.2, 0.5) },
    sources: { dropped: rate(0, 0.1, 0.5), doubled: rate(0, 0.2), unnamed: rate(0, 0.3, 0.9), misnamed: rate(0, 0, 0.1, 0.3) },
    shares: { call: 1, world: rate(0.02, 0.1, 0.3), timer: rate(0.02, 0.08, 0.2) },
    replyAtOnce: rate(0, 0.5, 0.9),
    orders: random.pick([1, 1, 2, 3]),
    paymentsPerOrder: random.between(1, 3),
    placedLate: rate(0, 0.2, 0.6),
    placedLateMs: 60_000,
    polls: random.between(0, 4),
    people: random.between(0, 12),
    moves: rate(0, 0, 2, 10),
    attachTries: random.between(1, 4),
    outage: scenario === 'outage',
    faultySteps: 4_000,
  };
  if (scenario === 'outage')
    return { ...options, processes: options.processes.slice(0, 2).map((process) => ({ ...process, background: true })) };
  if (scenario === 'slowShop') return withSlowShop(options);
  if (scenario === 'mixedUp') return withMixedUpOrders(options);
  return scenario === 'lateLink' ? withLateLink(options) : options;
}

/** All facts are held; then one process, which crashes again and again, learns whose they are, and nobody says it twice. */
function withLateLink(options: SimulationOptions): SimulationOptions {
  const [process] = options.processes;
  return {
    ...options,
    processes: [{ ...process!, delivers: true, keepsReadModels: true }],
    process: { ...options.process, crashAfterAppend: 0.5 },
    sources: { dropped: 0, doubled: 0, unnamed: 1, misnamed: 0 },
    orders: 2,
    paymentsPerOrder: 3,
    placedLate: 1,
    placedLateMs: 7_200_000,
    polls: 0,
    people: 0,
    attachTries: 1,
  };
}

/** One process delivers, to a shop that takes its time, while replies to its appends are lost. */
function withSlowShop(options: SimulationOptions): SimulationOptions {
  return {
    ...options,
    processes: options.processes.slice(0, 2).map((process, index) => ({ ...process, delivers: index === 0, background: true })),
    policy: defaultPolicy,
    store: { refused: 0, replyLost: 0.3, doneLate: 0.1 },
    process: { crash: 0, crashAfterAppend: 0, pause: 0, stop: 0 },
    shop: { fails: 0, failsAfterEffect: 0, hangs: 0.1, writesLate: 0.8 },
    sources: { dropped: 0, doubled: 0, unnamed: 0, misnamed: 0 },
    shares: { ...options.shares, timer: 0.02 },
    deliverTimeoutMs: 15_000,
    orders: 3,
    polls: 0,
    people: 0,
  };
}

/** Payments are attributed to the wrong orders, and people correct that again and again. */
function withMixedUpOrders(options: SimulationOptions): SimulationOptions {
  return {
    ...options,
    process: { ...options.process, crashAfterAppend: Math.min(options.process.crashAfterAppend, 0.05) },
    sources: { ...options.sources, unnamed: 0.2, misnamed: 0.5 },
    shares: { call: 1, world: 0.3, timer: 0.02 },
    replyAtOnce: 0,
    orders: 3,
    paymentsPerOrder: 2,
    placedLate: 0,
    people: 30,
    moves: 30,
  };
}

function drawProcesses(random: Random): readonly ProcessOptions[] {
  const count = random.pick([1, 2, 2, 3, 4]);
  const deliverer = random.below(Math.min(count, 2)); // At least one delivers.
  const others = random.pick([0, 0.5, 1]);
  const skewMs = random.pick([0, 600_000]);
  return Array.from({ length: count }, (_, index) => ({
    name: `p${index + 1}`,
    delivers: index === deliverer || random.chance(others),
    background: random.chance(0.8),
    keepsReadModels: random.chance(0.5),
    wallSkewMs: random.between(-skewMs, skewMs),
    monotonicOriginMs: random.between(0, 10_000_000),
  }));
}

function drawPolicy(random: Random): Policy {
  const fullRefund = random.pick(['revoke', 'keep'] as const);
  const partialRefund = random.pick(['revoke', 'keep'] as const);
  return {
    fullRefund,
    partialRefund: fullRefund === 'keep' ? 'keep' : partialRefund, // The fourth pair is refused.
    openDispute: random.pick(['suspend', 'keep']),
    lostDispute: random.pick(['revoke', 'keep']),
    returnedDebit: random.pick(['revoke', 'suspend']),
    paidAgain: 'restore', // With `review` access depends on the order of arrival, and no model can foresee it.
  };
}
