// The adapter against the sandbox's model, and the proof that this can find faults. More of both: `npm run simulate -- --stripe`.

import { readMutantSeeds, runMutants } from '@paidonce/ledger/simulation';
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { runSeeds } from './report.ts';
import { simulateStripe } from './simulation.ts';

const seeds = 160;

describe('the laws hold between Stripe and the ledger, over lost answers, lost events and crashes', () => {
  test(`${seeds} seeds break no law, and meet every fault and every way to pay`, async () => {
    const { failures, coverage } = await runSeeds(1, seeds);
    const found = failures.map(({ seed, law, message }) => `${law}: ${message}\nAll of it: npm run simulate -- --stripe --seed ${seed}`);
    const neverMet = Object.entries(coverage).flatMap(([place, count]) => (count === 0 ? [place] : []));
    expect({ found, neverMet }).toEqual({ found: [], neverMet: [] });
  });

  test('a seed that is run again does the same, step by step, and leaves the same log', async () => {
    for (const seed of [1, 7, 9]) expect((await simulateStripe(seed)).hash).toBe((await simulateStripe(seed)).hash);
    expect((await simulateStripe(1)).hash).not.toBe((await simulateStripe(2)).hash);
  });
});

describe('the simulation finds faults', () => {
  test('each mutant of the source is caught by the seed that is known to catch it', async () => {
    const known = readMutantSeeds(new URL('mutant-seeds.json', import.meta.url));
    expect(Object.keys(known)).toEqual(mutants.map(({ name }) => name));
    const reports = await runMutants(new URL('main.ts', import.meta.url), mutants, ({ name }) => ({ first: known[name]!, count: 1 }));
    const living = reports.filter(({ caught }) => caught === undefined);
    const again = 'lives through its seed. npm run simulate -- --stripe --seeds 1 --mutants looks for another one';
    expect(living.map(({ mutant, unmade }) => `${mutant.name}: ${unmade ?? again}`)).toEqual([]);
  });
});
