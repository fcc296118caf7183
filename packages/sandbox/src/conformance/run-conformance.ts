// Plays the scenarios on an app, one after the other, each with customers of its own, and reports the result of each.

import { defined } from '../defined.ts';
import { BrokenPromise } from './broken-promise.ts';
import { type ConformanceOptions, readOptions, type Settings } from './options.ts';
import { randomOf } from './random.ts';
import type { ConformanceReport, ScenarioResult } from './report.ts';
import type { Scenario } from './scenario.ts';
import { isOfSubscriptions } from './scenario-names.ts';
import { scenarios } from './scenarios/all.ts';
import type { BootClub, BootShop, PlacedOrder } from './shop-under-test.ts';
import { without } from './skips.ts';
import { Stage } from './stage.ts';
import { openWorld, type World } from './world.ts';

/**
 * Starts a sandbox of Stripe, starts your app on it, and does to it what the internet does: webhooks come doubled, late,
 * never, in the wrong order and all at once, and some are forged. Takes some seconds. What your app gets wrong is in the
 * report, not thrown.
 *
 * @throws Error if the app does not start or does not use the sandbox, or if an option is unknown or bad.
 */
export function runConformance<Order extends PlacedOrder>(boot: BootShop<Order>, options?: ConformanceOptions): Promise<ConformanceReport>;
/** The same of an app that sells subscriptions alone. */
export function runConformance(boot: BootClub, options?: ConformanceOptions): Promise<ConformanceReport>;
export async function runConformance(boot: unknown, options: ConformanceOptions = {}): Promise<ConformanceReport> {
  const settings = readOptions(options);
  // Each function is only ever passed the order that its own `startOrder` returned.
  const world = await openWorld(boot as BootShop | BootClub, settings);
  const results: ScenarioResult[] = [];
  let closing: string | undefined;
  try {
    for (const scenario of scenarios.filter(({ name }) => settings.only.includes(name))) {
      const result = await playScenario(scenario, world, settings);
      results.push(result);
      settings.onResult(result);
    }
  } finally {
    closing = await world[Symbol.asyncDispose]().then(() => undefined, textOf);
  }
  return { seed: settings.seed, results, ...defined({ closing }) };
}

async function playScenario(scenario: Scenario, world: World, settings: Settings): Promise<ScenarioResult> {
  const { name, promise, matters, remedy } = scenario;
  const stage = new Stage(world, settings, randomOf(settings.seed, name));
  const notSold = without(isOfSubscriptions(name) ? 'subscriptions' : 'startOrder')(stage);
  if (notSold !== undefined) return { name, promise, outcome: 'skipped', because: notSold, notSold: true };
  const because = scenario.skip?.(stage);
  if (because !== undefined) return { name, promise, outcome: 'skipped', because };
  const broken = await brokenIn(scenario, stage);
  world.sandbox.clearFaults();
  world.skewMs = 0;
  const cause = (await world.isEndpointDisabled()) ? disabledBy(stage) : broken;
  await endUnheard(world, stage.opened);
  // Enabled again, so that the next story begins with an endpoint.
  world.moveWebhooksTo(world.webhookUrl());
  if (cause === undefined) return { name, promise, outcome: 'passed' };
  return { name, promise, outcome: 'broke', did: stage.steps, matters, remedy, ...cause };
}

/** Undefined: the promise was kept. */
async function brokenIn(scenario: Scenario, stage: Stage): Promise<Broken | undefined> {
  try {
    await scenario.play(stage);
    return undefined;
  } catch (error) {
    return brokenBy(error);
  }
}

type Broken = Pick<BrokenPromise, 'expected' | 'observed'> & { readonly remedy?: string };

/** Whatever else was seen: it follows from this. */
function disabledBy(stage: Stage): Broken {
  return {
    expected: 'each webhook to be answered with a status of 200 to 299',
    observed: `Stripe has disabled your endpoint, which answered nothing else for three days: ${stage.lastRefusal()}`,
    remedy: 'Answer 200 to every event, also to types that you do not use.',
  };
}

/** So that the renewals of earlier stories do not fill the later ones. */
async function endUnheard({ sandbox, stripe }: World, opened: readonly string[]): Promise<void> {
  for (const id of opened) {
    sandbox.setFate(id, 'never_made');
    const { status } = await stripe.subscriptions.retrieve(id);
    if (status !== 'canceled' && status !== 'incomplete_expired') await stripe.subscriptions.cancel(id);
  }
}

/** The sandbox refuses what no customer could do, e.g. pay an expired session: then the app broke. A bug of the kit is thrown. */
function brokenBy(error: unknown): Broken {
  if (error instanceof BrokenPromise) return { expected: error.expected, observed: error.observed };
  if (error instanceof TypeError || error instanceof ReferenceError) throw error;
  return { expected: 'the story to go on', observed: textOf(error) };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
