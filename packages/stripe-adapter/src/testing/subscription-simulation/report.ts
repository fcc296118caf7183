// The result of a range of seeds, as plain JSON: child processes pass it to their parent.
import type { Violation } from '@paidonce/ledger/simulation';
import { metInAll } from '@paidonce/ledger/simulation/tools';
import { Coverage } from './coverage.ts';
import { simulateSubscriptions } from './simulation.ts';

export interface Failure extends Violation {
  readonly seed: number;
  readonly options: object;
  readonly traceTail: readonly string[];
}

export interface SeedsReport {
  readonly seeds: number;
  readonly steps: number;
  readonly met: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

export function sumOf(reports: readonly SeedsReport[]): SeedsReport {
  return {
    seeds: reports.reduce((sum, { seeds }) => sum + seeds, 0),
    steps: reports.reduce((sum, { steps }) => sum + steps, 0),
    met: metInAll(reports),
    failures: reports.flatMap(({ failures }) => failures),
  };
}

/** Runs one seed after the other, in this process. @param untilFailure true: stops at the first seed that breaks a law. */
export async function runSeeds(
  firstSeed: number,
  count: number,
  { untilFailure = false }: { readonly untilFailure?: boolean } = {},
): Promise<SeedsReport> {
  const coverage = new Coverage();
  const failures: Failure[] = [];
  let [seeds, steps] = [0, 0];
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const result = await simulateSubscriptions(seed);
    seeds += 1;
    steps += result.steps;
    coverage.add(result.coverage);
    if (!result.violation) continue;
    failures.push({ ...result.violation, seed, options: result.options, traceTail: result.traceTail });
    if (untilFailure) break;
  }
  return { seeds, steps, met: coverage.counts(), failures };
}
