// Runs a range of seeds, one after the other, in this process, and adds up which places they reached.
import { Coverage } from './coverage.ts';
import type { Failure, SeedsReport } from './report.ts';
import { simulate } from './simulation.ts';

export interface RunOptions {
  /** True: stop at the first seed that breaks a law. Default: false. */
  readonly untilFailure?: boolean;
}

export async function runSeeds(firstSeed: number, count: number, { untilFailure = false }: RunOptions = {}): Promise<SeedsReport> {
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
