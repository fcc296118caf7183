// Runs a range of seeds, one after the other, in this process, and sums up what was met.
import { Coverage, type Place } from './coverage.ts';
import type { SimulationOptions } from './options.ts';
import { simulate } from './simulation.ts';
import type { Violation } from './world.ts';

export interface Failure extends Violation {
  readonly seed: number;
  /** Everything that the seed drew before it began. */
  readonly options: SimulationOptions;
  readonly traceTail: readonly string[];
}

/** Plain JSON. */
export interface SeedsReport {
  readonly seeds: number;
  readonly steps: number;
  readonly events: number;
  readonly coverage: Readonly<Record<Place, number>>;
  readonly failures: readonly Failure[];
}

/** @param untilFailure stop at the first seed that breaks a law. */
export async function runSeeds(firstSeed: number, count: number, { untilFailure = false }: { readonly untilFailure?: boolean } = {}): Promise<SeedsReport> {
  const coverage = new Coverage();
  const failures: Failure[] = [];
  let [seeds, steps, events] = [0, 0, 0];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const result = await simulate(seed);
    seeds += 1;
    steps += result.steps;
    events += result.events;
    coverage.add(result.coverage.counts());
    if (!result.violation) continue;
    failures.push({ ...result.violation, seed, options: result.options, traceTail: result.traceTail });
    if (untilFailure) break;
  }
  return { seeds, steps, events, coverage: coverage.counts(), failures };
}

export function sumOf(reports: readonly SeedsReport[]): SeedsReport {
  const coverage = new Coverage();
  for (const report of reports) coverage.add(report.coverage);
  const sum = (of: (report: SeedsReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  return {
    seeds: sum(({ seeds }) => seeds),
    steps: sum(({ steps }) => steps),
    events: sum(({ events }) => events),
    coverage: coverage.counts(),
    failures: reports.flatMap(({ failures }) => failures),
  };
}
