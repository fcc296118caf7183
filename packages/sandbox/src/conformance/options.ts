// The options of a run, checked once: a misspelt option or scenario is named, not ignored.
import type { ScenarioResult } from './report.ts';
import { type ScenarioName, scenarioNames } from './scenario-names.ts';

/** What the shop has decided about access. What it leaves open is not checked, unless the answer is the same for every shop. */
export interface ShopPolicy {
  /** Access after a refund of all that was paid. Default `ends`. */
  readonly fullRefund?: 'ends' | 'keeps';
  /** Access after a partial refund. Default: not checked, and the scenario is skipped. */
  readonly partialRefund?: 'ends' | 'keeps';
  /** Access after the customer's bank has taken the money back for good. Default: not checked, and the scenario is skipped. */
  readonly lostDispute?: 'ends' | 'keeps';
  /** Access during a trial of a subscription. Default: not checked, and the scenario is skipped. */
  readonly trial?: 'none' | 'access';
}

/** Options of `runConformance`. Numbers are whole. An unknown option or a bad value is refused. */
export interface ConformanceOptions {
  /** From 0 to 4,294,967,295: the same seed repeats the same choices. Default: drawn at random, and stated in the report. */
  readonly seed?: number;
  /** Only these scenarios. Default: all. */
  readonly only?: readonly ScenarioName[];
  /** Default: the defaults of {@link ShopPolicy}. */
  readonly policy?: ShopPolicy;
  /** How long the app may take to give access after a payment, in milliseconds. Default 5,000. */
  readonly patienceMs?: number;
  /** The same after a restart, when another process may have to notice first, in milliseconds. Default 60,000. */
  readonly restartPatienceMs?: number;
  /** How long the kit waits for the app to settle, if the app has no `settled`, in milliseconds. Default 200. */
  readonly quietMs?: number;
  /** How long your app may take to start, in milliseconds. Default 60,000. */
  readonly bootTimeoutMs?: number;
  /** How long one call of your functions, or of your app over HTTP, may take, in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number;
  /** Customers in each race. Default 3. */
  readonly races?: number;
  /**
   * Whose time stands in the signatures of webhooks. `sandbox`: that of the run, which scenarios of subscriptions move by months; for an
   * app that takes its time from `clock`. `machine`: for an app whose check takes the machine's, and refuses what is of the future too,
   * as the packages of Stripe for some languages do. Default `sandbox`.
   */
  readonly signedBy?: 'sandbox' | 'machine';
  /** Called with each result as it comes. Default: not called. */
  readonly onResult?: (result: ScenarioResult) => void;
}

export type Settings = Required<Omit<ConformanceOptions, 'only' | 'onResult' | 'policy'>> & {
  readonly only: readonly ScenarioName[];
  readonly policy: ShopPolicy;
  readonly onResult: (result: ScenarioResult) => void;
};

const highestSeed = 2 ** 32 - 1;

const defaults: Omit<Settings, 'seed'> = {
  only: scenarioNames,
  policy: {},
  patienceMs: 5_000,
  restartPatienceMs: 60_000,
  quietMs: 200,
  bootTimeoutMs: 60_000,
  callTimeoutMs: 30_000,
  races: 3,
  signedBy: 'sandbox',
  onResult: () => undefined,
};

/** @throws Error that names what is wrong. */
export function readOptions(options: ConformanceOptions): Settings {
  const known = ['seed', ...Object.keys(defaults)];
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  demand(unknown.length === 0, `there is no option ${unknown.join(', ')}. There are ${known.join(', ')}`);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ConformanceOptions;
  const settings: Settings = { ...defaults, seed: Math.floor(Math.random() * highestSeed), ...given };
  const unknownNames = settings.only.filter((name) => !scenarioNames.includes(name));
  demand(unknownNames.length === 0, `there is no scenario ${unknownNames.join(', ')}. There are ${scenarioNames.join(', ')}`);
  demand(
    isWhole(settings.seed, 0) && settings.seed <= highestSeed,
    `seed is ${settings.seed}; it must be a whole number up to ${highestSeed}`,
  );
  for (const name of ['patienceMs', 'restartPatienceMs', 'quietMs', 'bootTimeoutMs', 'callTimeoutMs', 'races'] as const) {
    demand(isWhole(settings[name], 1), `${name} is ${settings[name]}; it must be a whole number from 1 on`);
  }
  for (const name of ['fullRefund', 'partialRefund', 'lostDispute'] as const) {
    const value = settings.policy[name];
    demand(value === undefined || value === 'ends' || value === 'keeps', `policy.${name} is ${value}; it is 'ends' or 'keeps'`);
  }
  const { signedBy } = settings;
  demand(signedBy === 'sandbox' || signedBy === 'machine', `signedBy is ${signedBy}; it is 'sandbox' or 'machine'`);
  const { trial } = settings.policy;
  demand(trial === undefined || trial === 'none' || trial === 'access', `policy.trial is ${trial}; it is 'none' or 'access'`);
  return settings;
}

const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`runConformance: ${otherwise}.`);
}
