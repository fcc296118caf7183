// The result of a range of seeds, as plain JSON: child processes send it to their parent.
import { Coverage, type Place } from './coverage.ts';
import type { SimulationOptions } from './options.ts';
import type { Violation } from './world.ts';

/** A seed that broke a law, with everything that shows why. */
export interface Failure extends Violation {
  readonly seed: number;
  /** Everything that the seed drew before it began. */
  readonly options: SimulationOptions;
  readonly traceTail: readonly string[];
}

export interface SeedsReport {
  readonly seeds: number;
  readonly steps: number;
  /** How many events the logs have. */
  readonly events: number;
  readonly coverage: Readonly<Record<Place, number>>;
  readonly failures: readonly Failure[];
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
