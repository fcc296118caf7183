// Runs the simulation on the real code, and proves that it can find faults. For more seeds: `npm run simulate`.
import { describe, expect, test } from 'vitest';
import { runMutants } from './child-runs.ts';
import { readMutantSeeds } from './mutant-seeds.ts';
import { mutants } from './mutants.ts';
import { runSeeds } from './run-seeds.ts';
import { simulate } from './simulation.ts';

const seeds = 320;

describe('the laws hold over several processes, crashes and lost replies', () => {
  test(`${seeds} seeds break no law, and meet every fault and every state`, async () => {
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
  test('each mutant of the source is caught by the seed that is known to catch it', async () => {
    const known = readMutantSeeds(new URL('mutant-seeds.json', import.meta.url));
    expect(Object.keys(known)).toEqual(mutants.map(({ name }) => name));
    const reports = await runMutants(new URL('main.ts', import.meta.url), mutants, ({ name }) => ({ first: known[name]!, count: 1 }));
    const living = reports.filter(({ caught }) => caught === undefined);
    const again = 'lives through its seed. npm run simulate -- --seeds 1 --mutants looks for another one';
    expect(living.map(({ mutant, unmade }) => `${mutant.name}: ${unmade ?? again}`)).toEqual([]);
  });
});
