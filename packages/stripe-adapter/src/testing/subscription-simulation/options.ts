// What one seed draws before it begins: what goes wrong with processes, at Stripe and on the network while members live their
// lives. Many rates are zero in many seeds, so that each fault also occurs alone.
import type { SubscriptionPolicyOptions } from '@paidonce/ledger';
import { drawOptions, Random, type SimulationOptions } from '@paidonce/ledger/simulation';
import type { FateName } from '@paidonce/sandbox/model';
import type { CallFaults, EndpointKind } from '../simulation/options.ts';
import type { Mood } from './deeds.ts';

export interface SubscriptionSimulationOptions {
  readonly seed: number;
  readonly world: SimulationOptions;
  readonly calls: CallFaults;
  /** Each is a probability for every webhook on the network. */
  readonly webhooks: { readonly lost: number; readonly answerLost: number };
  readonly endpoints: readonly EndpointKind[];
  readonly members: number;
  /** How often a member begins in two windows at once. */
  readonly secondCheckout: number;
  /** How often each fate is drawn for what is told of a subscription. */
  readonly fates: Readonly<Record<FateName, number>>;
  /** Stripe answers a list with at most this many objects on a page. */
  readonly pageLimit: number;
  /** The longest time between two sweeps. */
  readonly sweepHours: number;
  /** How often Stripe is down, for up to a week. */
  readonly outages: number;
  /** The probability that the `Date` of an answer is days ahead. */
  readonly dateJumps: number;
  /** The probability that an answer bears none, and when that is so. Days. */
  readonly dateLost: { readonly share: number; readonly from: number; readonly to: number };
  /** The probability that a member pays what he owes just after his subscription, or its invoices, were read. */
  readonly paysBetweenReads: number;
  /** The probability that somebody looks at a subscription just before its membership ends. */
  readonly looksAtTheEnd: number;
  /** The probability that a process freezes between reading who holds a slot and taking it. */
  readonly freezesAtSlot: number;
  readonly mood: Mood;
  /** How often most prices recur. */
  readonly interval: 'week' | 'month';
  readonly policy: Omit<SubscriptionPolicyOptions, 'plans'>;
}

const quiet: CallFaults = {
  tooMany: 0,
  serverError: 0,
  slow: 0,
  requestLost: 0,
  answerLost: 0,
  timeout: 0,
  gateway: 0,
  otherObject: 0,
};

export function drawSubscriptionOptions(seed: number): SubscriptionSimulationOptions {
  const random = new Random(seed ^ 0x5b5c);
  const rate = (...rates: readonly number[]): number => random.pick(rates);
  const isQuiet = random.chance(0.3);
  const neverMade = rate(0, 2, 6);
  return {
    seed,
    world: drawWorld(seed, random),
    calls: isQuiet
      ? quiet
      : {
          tooMany: rate(0, 0.03),
          serverError: rate(0, 0.03, 0.1),
          slow: rate(0, 0.1),
          requestLost: rate(0, 0.03),
          answerLost: rate(0, 0.03, 0.1),
          timeout: rate(0, 0.03),
          gateway: rate(0, 0.03),
          otherObject: rate(0, 0.03),
        },
    webhooks: { lost: rate(0, 0.1, 0.5), answerLost: rate(0, 0.1, 0.3) },
    endpoints: random.pick([['snapshot'], ['snapshot'], ['thin'], ['snapshot', 'thin'], ['old version'], []]),
    members: random.between(1, 3),
    secondCheckout: rate(0.2, 0.7),
    fates: { delivered: 6, doubled: 1, late: 1, reordered: 1, lost: rate(0, 1, 4), never_made: neverMade },
    pageLimit: random.pick([1, 3, 100]),
    sweepHours: random.pick([24, 48, 96, 240]),
    outages: isQuiet ? 0 : random.between(0, 2),
    dateJumps: rate(0, 0, 0.03, 0.2),
    dateLost: drawDateLost(random),
    paysBetweenReads: rate(0, 0.3, 0.8),
    looksAtTheEnd: rate(0, 0.5, 1),
    freezesAtSlot: rate(0, 0, 0.6),
    mood: random.weighted({ any: 5, owes: 2, rests: 1, changes: 2 }),
    interval: random.pick(['week', 'month']),
    policy: drawPolicy(random),
  };
}

/** Less than Stripe lists events for. */
const mostDaysUndated = 14;

function drawDateLost(random: Random): SubscriptionSimulationOptions['dateLost'] {
  const from = random.between(0, 40);
  return { share: random.pick([0, 0, 0.1, 1]), from, to: from + random.between(2, mostDaysUndated) };
}

function drawPolicy(random: Random): SubscriptionSimulationOptions['policy'] {
  return {
    renewalGraceHours: random.pick([24, 72]),
    dunningGraceDays: random.pick([5, 16]),
    trial: random.pick(['none', 'grant', 'grant']),
    free: random.pick(['grant', 'none']),
    canceledNow: random.pick(['end', 'end', 'run_out']),
    collectionPaused: random.pick(['run_out', 'suspend']),
  };
}

function drawWorld(seed: number, random: Random): SimulationOptions {
  const drawn = drawOptions(seed);
  const rate = (...rates: readonly number[]): number => random.pick(rates);
  const skewsMs = random.pick([[0], [0, 5 * hourMs], [0, 240 * hourMs, -7 * hourMs]]);
  return {
    ...drawn,
    processes: drawn.processes.slice(0, 3).map((process, index) => ({
      ...process,
      release: 'newer',
      // A background wakes each minute, which 55 days cannot afford.
      background: false,
      readModels: 'kept',
      wallSkewMs: skewsMs[index % skewsMs.length] ?? 0,
    })),
    newerEvents: 0,
    store: { ...drawn.store, slow: 0 },
    process: {
      ...drawn.process,
      crash: rate(0, 0.0003, 0.001),
      pause: rate(0, 0.0005),
      crashAfterAppend: rate(0, 0.02, 0.05),
      clockJump: rate(0, 0.0003),
    },
    wallJumpMs: 240 * hourMs,
    shop: { fails: rate(0, 0.1), failsAfterEffect: rate(0, 0.1), hangs: 0, writesLate: 0 },
    deliverTimeoutMs: 10_000,
    outage: false,
    shares: { call: 1, world: random.pick([0.1, 0.5]), timer: random.pick([0.005, 0.02]) },
  };
}

const hourMs = 3_600_000;
