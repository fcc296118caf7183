// The proof of subscriptions on more seeds than `npm test` plays, and the proof that it can find faults.
import { describe, expect, test } from 'vitest';
import { runMutants } from '../child-runs.ts';
import { readMutantSeeds } from '../mutant-seeds.ts';
import { mutants } from './mutants.ts';
import { runSeeds } from './run-seeds.ts';

const seeds = 400;

test(`the laws of subscriptions hold in ${seeds} seeds of noise, lives, people and replicas`, async () => {
  const { failures } = await runSeeds(1, seeds);
  const found = failures.map(({ seed, law, message }) => `${law}: ${message}\nAgain: npm run simulate -- --subscriptions --seed ${seed}`);
  expect(found).toEqual([]);
});

describe('the proof finds faults', () => {
  test('each mutant of the source is caught by the seed that is known to catch it', async () => {
    const known = readMutantSeeds(new URL('mutant-seeds.json', import.meta.url));
    expect(Object.keys(known)).toEqual(mutants.map(({ name }) => name));
    const reports = await runMutants(new URL('main.ts', import.meta.url), mutants, ({ name }) => ({ first: known[name]!, count: 1 }));
    const living = reports.filter(({ caught }) => caught === undefined);
    const again = 'lives through its seed. npm run simulate -- --subscriptions --seeds 1 --mutants looks for another one';
    expect(living.map(({ mutant, unmade }) => `${mutant.name}: ${unmade ?? again}`)).toEqual([]);
  });
});
