// Runs the simulation on the real code, and proves that it can find faults. For more seeds: `npm run simulate`.
import { describe, expect, test } from 'vitest';
import { runMutants } from './child-runs.ts';
import { mutants } from './mutants.ts';
import { runSeeds } from './run-seeds.ts';
import { simulate } from './simulation.ts';

const seeds = 200;
/** One of the first 30 seeds catches most mutants. */
const seedsForMutants = 1_000;
const timeoutMs = 300_000;

describe('the laws hold over several processes, crashes and lost replies', () => {
  test(`${seeds} seeds break no law, and meet every fault and every state`, { timeout: timeoutMs }, async () => {
    const { failures, coverage } = await runSeeds(1, seeds);
    const found = failures.map(({ seed, law, message }) => `${law}: ${message}\nAll of it: npm run simulate -- --seed ${seed}`);
    const neverMet = Object.entries(coverage).flatMap(([place, count]) => (count === 0 ? [place] : []));
    expect({ found, neverMet }).toEqual({ found: [], neverMet: [] });
  });

  test('a seed that is run again does the same, step by step, and leaves the same log', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const [first, second] = [await simulate(seed), await simulate(seed)];
      expect(second.traceHash).toBe(first.traceHash);
      expect(second.logHash).toBe(first.logHash);
      expect(second.steps).toBe(first.steps);
    }
  });

  test('another seed does otherwise', async () => {
    expect((await simulate(1)).traceHash).not.toBe((await simulate(2)).traceHash);
  });
});

describe('the simulation finds faults', () => {
  test('each mutant of the source is caught', { timeout: timeoutMs }, async () => {
    const reports = await runMutants(new URL('main.ts', import.meta.url), mutants, seedsForMutants);
    const living = reports.filter(({ caught }) => caught === undefined);
    expect(living.map(({ mutant, unmade }) => `${mutant.name}: ${unmade ?? 'lived through all seeds'}`)).toEqual([]);
  });
});
