// The result of a range of seeds, as plain JSON: child processes pass it to their parent.
import type { Violation } from '@paidonce/ledger/simulation';
import { Coverage, type Place } from './coverage.ts';
import type { StripeSimulationOptions } from './options.ts';
import { simulateStripe } from './simulation.ts';

/** A seed that broke a law, with all that is needed to find out why. */
export interface Failure extends Violation {
  readonly seed: number;
  readonly options: StripeSimulationOptions;
  readonly traceTail: readonly string[];
}

export interface SeedsReport {
  readonly seeds: number;
  readonly steps: number;
  /** Events in the logs. */
  readonly events: number;
  /** Calls of Stripe's API. */
  readonly calls: number;
  readonly coverage: Readonly<Record<Place, number>>;
  readonly failures: readonly Failure[];
}

export interface RunOptions {
  /** Stop at the first seed that breaks a law. Default false. */
  readonly untilFailure?: boolean;
}

export function sumOf(reports: readonly SeedsReport[]): SeedsReport {
  const coverage = new Coverage();
  for (const report of reports) coverage.add(report.coverage);
  const sum = (of: (report: SeedsReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  return {
    seeds: sum(({ seeds }) => seeds),
    steps: sum(({ steps }) => steps),
    events: sum(({ events }) => events),
    calls: sum(({ calls }) => calls),
    coverage: coverage.counts(),
    failures: reports.flatMap(({ failures }) => failures),
  };
}

/** Runs one seed after the other, in this process. */
export async function runSeeds(firstSeed: number, count: number, { untilFailure = false }: RunOptions = {}): Promise<SeedsReport> {
  const coverage = new Coverage();
  const failures: Failure[] = [];
  let [seeds, steps, events, calls] = [0, 0, 0, 0];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const result = await simulateStripe(seed);
    seeds += 1;
    steps += result.steps;
    events += result.events;
    calls += result.calls;
    coverage.add(result.coverage.counts());
    if (!result.violation) continue;
    failures.push({ ...result.violation, seed, options: result.options, traceTail: result.traceTail });
    if (untilFailure) break;
  }
  return { seeds, steps, events, calls, coverage: coverage.counts(), failures };
}
