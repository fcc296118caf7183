// What one seed draws before it begins. The ledger's own draws decide what goes wrong with processes and the store; these
// decide what goes wrong at Stripe and on the network. Many rates are zero in many seeds, so that each fault also occurs
// alone.
import { drawOptions, Random, type SimulationOptions } from '@paidonce/ledger/simulation';
import type { FateName } from '@paidonce/sandbox/model';
import type { SweepTier } from '../../poll/schedule.ts';

/** Each is a probability for every call of the API. */
export interface CallFaults {
  /** 429, with `Retry-After`. */
  readonly tooMany: number;
  readonly serverError: number;
  readonly slow: number;
  readonly requestLost: number;
  readonly answerLost: number;
  /** The call took effect, and its answer was lost. */
  readonly timeout: number;
  /** A gateway answers instead of Stripe. */
  readonly gateway: number;
  /** The answer is another object than was asked for. */
  readonly otherObject: number;
}

/**
 * Which sources alone must suffice in this seed. `webhooks`: nobody polls, and no webhook is lost for good. `events`: only
 * the quick tier of the poll. `proof`: only the objects and the money tiers. `reconcile`: no webhooks and no poll, and at
 * the end `reconcile --repair` runs. `all`: every source, and events may be missing.
 */
export type Reliance = 'webhooks' | 'events' | 'proof' | 'reconcile' | 'all';

export type EndpointKind = 'snapshot' | 'thin' | 'old version';

export interface StripeSimulationOptions {
  readonly seed: number;
  readonly world: SimulationOptions;
  readonly reliance: Reliance;
  readonly tiers: readonly SweepTier[];
  readonly calls: CallFaults;
  /** Each is a probability for every webhook on the network. */
  readonly webhooks: { readonly lost: number; readonly answerLost: number };
  readonly endpoints: readonly EndpointKind[];
  /** The shop is a platform, and sells some orders for a connected account. */
  readonly connect: boolean;
  /** How often each fate is drawn for a payment's, a refund's or a dispute's events. */
  readonly fates: Readonly<Record<FateName, number>>;
  /** True: processes poll by themselves. False: a cron job of the shop runs the passes. */
  readonly polls: boolean;
  readonly cronSweeps: number;
  /** Stripe answers a list with at most this many objects on a page. */
  readonly pageLimit: number;
  /** How often one part of the API is down for some minutes. */
  readonly outages: number;
  /** Each is a probability for every order. */
  readonly secondCheckout: number;
  readonly undone: number;
  readonly notOurs: number;
  /** Orders that a second ledger sells on the same account, under our scope and our order numbers. */
  readonly othersOrders: number;
}

const allTiers: readonly SweepTier[] = ['events', 'objects', 'money'];
const tiersOf: Readonly<Record<Reliance, readonly SweepTier[]>> = {
  webhooks: [],
  events: ['events'],
  proof: ['objects', 'money'],
  reconcile: [],
  all: allTiers,
};

export function drawStripeOptions(seed: number): StripeSimulationOptions {
  const random = new Random(seed ^ 0x57a1);
  const rate = (...rates: readonly number[]): number => random.pick(rates);
  const reliance = random.weighted({ webhooks: 3, events: 4, proof: 4, reconcile: 2, all: 3 });
  const isQuiet = random.chance(0.2);
  const polls = reliance === 'all' && random.chance(0.6);
  return {
    seed,
    world: drawWorld(seed, random, reliance),
    reliance,
    tiers: tiersOf[reliance],
    calls: isQuiet
      ? { tooMany: 0, serverError: 0, slow: 0, requestLost: 0, answerLost: 0, timeout: 0, gateway: 0, otherObject: 0 }
      : {
          tooMany: rate(0, 0.05, 0.2),
          serverError: rate(0, 0.05, 0.15),
          slow: rate(0, 0.1),
          requestLost: rate(0, 0.05),
          answerLost: rate(0, 0.05, 0.15),
          timeout: rate(0, 0.05),
          ...drawNoAnswers(seed),
        },
    webhooks: { lost: rate(0, 0.1, 0.3), answerLost: rate(0, 0.1, 0.3) },
    endpoints: drawEndpoints(random, reliance),
    connect: random.chance(0.3),
    fates: drawFates(random, reliance),
    polls,
    cronSweeps: tiersOf[reliance].length === 0 || polls ? 0 : random.between(0, 8),
    pageLimit: random.pick([1, 3, 100]),
    outages: isQuiet ? 0 : random.between(0, 3),
    secondCheckout: rate(0, 0.3, 0.8),
    undone: rate(0.2, 0.5, 0.8),
    notOurs: random.between(0, 3),
    othersOrders: random.pick([0, 0, 1, 2]),
  };
}

/** Drawn apart, so that the other draws of a seed stay as they were. */
function drawNoAnswers(seed: number): Pick<CallFaults, 'gateway' | 'otherObject'> {
  const random = new Random(seed ^ 0x9a7e);
  return { gateway: random.pick([0, 0.05, 0.15]), otherObject: random.pick([0, 0.05]) };
}

function drawWorld(seed: number, random: Random, reliance: Reliance): SimulationOptions {
  const drawn = drawOptions(seed);
  // Policies that differ, and releases, are the ledger's own simulation's: here one model judges all orders.
  const policy = { ...drawn.policy, paidAgain: 'restore' } as const;
  // Signatures count for five minutes: a process whose clock is further off accepts no webhook.
  const mostSkewMs = reliance === 'webhooks' ? 240_000 : 540_000;
  return {
    ...drawn,
    processes: drawn.processes.slice(0, 3).map((process) => ({
      ...process,
      policy,
      release: 'newer',
      wallSkewMs: Math.max(-mostSkewMs, Math.min(mostSkewMs, process.wallSkewMs)),
    })),
    policy,
    newerEvents: 0,
    wallJumpMs: mostSkewMs,
    deliverTimeoutMs: 10_000,
    outage: false,
    orders: random.between(1, 3),
    shares: { call: 1, world: random.pick([0.05, 0.2]), timer: random.pick([0.01, 0.03, 0.06]) },
    faultySteps: 8_000,
  };
}

function drawEndpoints(random: Random, reliance: Reliance): readonly EndpointKind[] {
  const some: readonly (readonly EndpointKind[])[] = [
    ['snapshot'],
    ['thin'],
    ['snapshot', 'thin'],
    ['old version'],
    ['snapshot', 'snapshot'],
  ];
  if (reliance === 'reconcile') return [];
  return reliance !== 'webhooks' && random.chance(0.15) ? [] : random.pick(some);
}

function drawFates(random: Random, reliance: Reliance): Readonly<Record<FateName, number>> {
  const comes = { delivered: 2, doubled: 1, late: 1, reordered: 1 };
  switch (reliance) {
    case 'webhooks':
      return { ...comes, lost: 0, never_made: 0 };
    case 'events':
      return { ...comes, lost: random.pick([2, 20]), never_made: 0 };
    default:
      return { ...comes, lost: random.pick([1, 5]), never_made: random.pick([1, 20]) };
  }
}
