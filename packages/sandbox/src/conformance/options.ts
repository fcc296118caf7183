// What a run may be told, checked once: a misspelt option or scenario is named, not ignored.
import type { ScenarioResult } from './report.ts';
import { type ScenarioName, scenarioNames } from './scenario-names.ts';

/** What the shop has decided to do. Where it says nothing, what is not obvious is not judged. */
export interface ShopPolicy {
  /** After a refund of all that was paid. Default `ends`. */
  readonly fullRefund?: 'ends' | 'keeps';
  /** After a refund of a part. Default: not judged, and the scenario is skipped. */
  readonly partialRefund?: 'ends' | 'keeps';
  /** After the customer's bank has taken the money back for good. Default: not judged, and the scenario is skipped. */
  readonly lostDispute?: 'ends' | 'keeps';
}

export interface ConformanceOptions {
  /** A whole number from 0 to 4,294,967,295: the same one repeats the same chances. Default: drawn, and told in the report. */
  readonly seed?: number;
  /** Only these. Default: all. */
  readonly only?: readonly ScenarioName[];
  readonly policy?: ShopPolicy;
  /** How long the app may take until what was paid is there, in milliseconds. Default 5,000. */
  readonly patienceMs?: number;
  /** The same after a restart, where another process may have to notice first. Default 60,000. */
  readonly restartPatienceMs?: number;
  /** How long nothing must happen before the kit counts, where the app has no `settled`. Default 200. */
  readonly quietMs?: number;
  /** How long your app may take to start, in milliseconds. Default 60,000. */
  readonly bootTimeoutMs?: number;
  /** How long one call of your functions, or of your app over HTTP, may take. Default 30,000. */
  readonly callTimeoutMs?: number;
  /** Customers in each race. Default 3. */
  readonly races?: number;
  /** Told of each result as it comes. */
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
  onResult: () => undefined,
};

/** @throws Error naming what is wrong. */
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
  return settings;
}

const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(`runConformance: ${otherwise}.`);
}
