// What a seed draws with numbers of its own, one generator for each subject: so the rest of the seed is what it is without it.
// In most seeds each of them stays as it is.
import type { Policy } from '../../order/policy.ts';
import type { SimulationOptions } from './options.ts';
import { Random } from './random.ts';

export function drawPutBack(seed: number): Pick<SimulationOptions, 'putBack' | 'backedUpAtStep' | 'shopAnswers'> {
  const random = new Random(seed ^ 0xbac0);
  const drawn = random.weighted({ log: 2, shop: 1, nothing: 5 });
  return { putBack: drawn === 'nothing' ? undefined : drawn, backedUpAtStep: random.between(20, 700), shopAnswers: random.chance(0.5) };
}

/** Half of the seeds have an engine that appends to several streams in one commit, and half have one that cannot. */
export function drawTogether(seed: number): Pick<SimulationOptions, 'appendsTogether'> {
  return { appendsTogether: new Random(seed ^ 0x70a1).chance(0.5) };
}

/** Lets two or more processes share the file of their read models. */
export function drawSharing(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0x54a6);
  if (options.processes.length < 2 || !random.chance(0.4)) return options;
  const processes = options.processes.map((process, index) => ({
    ...process,
    readModels: index < 2 || random.chance(0.7) ? ('shared' as const) : process.readModels,
  }));
  return { ...options, processes, sharedOn: random.pick(['memory', 'memory', 'disk']) };
}

/** Lets processes have different policies, as in the middle of a roll-out, or after a mistake. */
export function drawPolicies(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0x9011);
  const policy: Policy = random.chance(0.3) ? { ...options.policy, paidAgain: 'review' } : options.policy;
  const isMixed = random.chance(0.25);
  const processes = options.processes.map((process, index) => ({
    ...process,
    policy: isMixed && index > 0 ? { ...drawPolicy(random), paidAgain: random.pick(['restore', 'review'] as const) } : policy,
  }));
  return { ...options, policy, processes };
}

/** Lets some processes be of an older release, until the upgrade. One that is newer delivers, so that all of the work can end. */
export function drawReleases(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0x4e14);
  const { processes } = options;
  if (processes.length < 2 || !random.chance(0.3)) return options;
  const newer = random.pick(processes.filter(({ delivers }) => delivers));
  return {
    ...options,
    processes: processes.map((process) => ({ ...process, release: process === newer || random.chance(0.3) ? 'newer' : 'older' })),
    newerEvents: random.pick([0.05, 0.3]),
  };
}

/** Lets wall clocks jump, and machines be suspended. */
export function drawClocks(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0xc10c);
  const process = { ...options.process, suspend: random.pick([0, 0, 0, 0.003]), clockJump: random.pick([0, 0, 0, 0.01]) };
  return { ...options, process };
}

/** Lets the store be slower than the deadlines of those who wait for it. */
export function drawSlowness(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0x510e);
  return { ...options, store: { ...options.store, slow: random.pick([0, 0, 0, 0.02, 0.2]) } };
}

export function drawImports(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0x1390);
  const imports = random.pick([0, 0, 0, 0.5, 1]);
  const isMistaken = imports > 0 && random.chance(0.5);
  return { ...options, imports, sources: isMistaken ? { ...options.sources, dropped: 0.7, misnamed: 0.5 } : options.sources };
}

/** Where payments are mixed up, some orders are placed late: a payment may be under dispute before it gives access, and moves. */
export function drawLateOrders(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0x1a7e0);
  return random.chance(0.5) ? { ...options, placedLate: 0.8, placedLateMs: 5_000, disputesStayOpen: 0.8, paymentsPerOrder: 1 } : options;
}

/** One order with several payments, about which the provider corrects itself, while people rule on them. */
export function drawCorrections(options: SimulationOptions): SimulationOptions {
  const random = new Random(options.seed ^ 0xc033);
  if (!random.chance(0.25)) return options;
  return { ...options, corrections: 0.8, orders: 1, paymentsPerOrder: 3, people: 40, moves: 0, withdrawals: 0 };
}

export function drawPolicy(random: Random): Policy {
  const fullRefund = random.pick(['revoke', 'keep'] as const);
  const partialRefund = random.pick(['revoke', 'keep'] as const);
  return {
    fullRefund,
    partialRefund: fullRefund === 'keep' ? 'keep' : partialRefund, // The policy refuses the fourth combination.
    openDispute: random.pick(['suspend', 'keep']),
    lostDispute: random.pick(['revoke', 'keep']),
    returnedDebit: random.pick(['revoke', 'suspend']),
    paidAgain: 'restore', // `drawPolicies` draws it.
    rules: 2,
  };
}
