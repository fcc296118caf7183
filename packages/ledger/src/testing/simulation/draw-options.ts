// Draws the options of a seed. Many rates are 0 in many seeds, so that each fault occurs alone as well as together with others.
import { defaultPolicy } from '../../order/policy.ts';
import {
  drawClocks,
  drawCorrections,
  drawImports,
  drawLateOrders,
  drawPolicies,
  drawPolicy,
  drawPutBack,
  drawReleases,
  drawSharing,
  drawSlowness,
  drawTogether,
} from './later-options.ts';
import type { ProcessOptions, SimulationOptions } from './options.ts';
import { Random } from './random.ts';

/** Draws the options of a seed. The same seed always gives the same options. */
export function drawOptions(seed: number): SimulationOptions {
  const random = new Random(seed);
  const rate = (...rates: readonly number[]): number => random.pick(rates);
  const scenario = random.weighted({ any: 17, outage: 1, lateLink: 3, slowShop: 5, mixedUp: 4 });
  const processes = drawProcesses(random);
  const policy = random.chance(0.7) ? defaultPolicy : drawPolicy(random);
  const options: SimulationOptions = {
    seed,
    processes: processes.map((process) => ({ ...process, policy })),
    policy,
    deliverTimeoutMs: random.pick([2_000, 10_000, 15_000]),
    store: { refused: rate(0, 0, 0.02, 0.1), replyLost: rate(0, 0, 0.02, 0.1), doneLate: rate(0, 0, 0.02, 0.1), slow: 0 },
    process: {
      crash: rate(0, 0, 0.003, 0.01),
      crashAfterAppend: rate(0, 0, 0.05, 0.25),
      pause: rate(0, 0, 0.003, 0.01),
      stop: rate(0, 0, 0, 0.003),
      suspend: 0,
      clockJump: 0,
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
    withdrawals: rate(0, 0, 1, 5),
    attachTries: random.between(1, 4),
    outage: scenario === 'outage',
    faultySteps: 4_000,
    ...drawPutBack(seed),
    ...drawTogether(seed),
    wallJumpMs: 3_600_000,
    sharedOn: 'memory',
    newerEvents: 0,
    imports: 0,
    corrections: 0.1,
    disputesStayOpen: 0,
  };
  return later(inScenario(scenario, options), scenario);
}

type Scenario = 'any' | 'outage' | 'lateLink' | 'slowShop' | 'mixedUp';

function inScenario(scenario: Scenario, options: SimulationOptions): SimulationOptions {
  switch (scenario) {
    case 'outage':
      return { ...options, processes: options.processes.slice(0, 2).map((process) => ({ ...process, background: true })) };
    case 'slowShop':
      return withSlowShop(options);
    case 'mixedUp':
      return withMixedUpOrders(options);
    case 'lateLink':
      return withLateLink(options);
    case 'any':
      return options;
  }
}

/** Adds what other scenarios leave as it is: only what they are about must stay. */
function later(drawn: SimulationOptions, scenario: Scenario): SimulationOptions {
  const shared = drawSharing(drawn);
  if (scenario === 'slowShop' || scenario === 'outage') return shared;
  const draws = [drawPolicies, drawReleases, drawClocks, drawSlowness, drawImports];
  const others = { any: [drawCorrections], mixedUp: [drawLateOrders], lateLink: [] };
  return [...draws, ...others[scenario]].reduce((options, draw) => draw(options), shared);
}

/** All facts are held first. Then one process, which crashes often, links them to their orders, and no source repeats them. */
function withLateLink(options: SimulationOptions): SimulationOptions {
  const [process] = options.processes;
  return {
    ...options,
    processes: [{ ...process!, delivers: true, readModels: 'kept' }],
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

/** One process delivers to a slow shop, while replies to its appends are lost. */
function withSlowShop(options: SimulationOptions): SimulationOptions {
  return {
    ...options,
    processes: options.processes
      .slice(0, 2)
      .map((process, index) => ({ ...process, delivers: index === 0, background: true, policy: defaultPolicy })),
    policy: defaultPolicy,
    store: { refused: 0, replyLost: 0.3, doneLate: 0.1, slow: 0 },
    process: { crash: 0, crashAfterAppend: 0, pause: 0, stop: 0, suspend: 0, clockJump: 0 },
    shop: { fails: 0, failsAfterEffect: 0, hangs: 0.1, writesLate: 0.8 },
    sources: { dropped: 0, doubled: 0, unnamed: 0, misnamed: 0 },
    shares: { ...options.shares, timer: 0.02 },
    deliverTimeoutMs: 15_000,
    orders: 3,
    polls: 0,
    people: 0,
  };
}

/** Payments belong to the wrong orders at first, and people correct that often. */
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

function drawProcesses(random: Random): readonly Omit<ProcessOptions, 'policy'>[] {
  const count = random.pick([1, 2, 2, 3, 4]);
  const deliverer = random.below(Math.min(count, 2)); // At least this process delivers.
  const others = random.pick([0, 0.5, 1]);
  const skewMs = random.pick([0, 600_000]);
  return Array.from({ length: count }, (_, index) => ({
    name: `p${index + 1}`,
    delivers: index === deliverer || random.chance(others),
    background: random.chance(0.8),
    readModels: random.chance(0.5) ? 'kept' : 'lost',
    release: 'newer',
    wallSkewMs: random.between(-skewMs, skewMs),
    monotonicOriginMs: random.between(0, 10_000_000),
  }));
}
