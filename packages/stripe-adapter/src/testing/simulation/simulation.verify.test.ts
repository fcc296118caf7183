// The adapter against the sandbox's model, and the proof that this can find faults. More of both: `npm run simulate -- --stripe`.

import { runMutants } from '@paidonce/ledger/simulation';
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { runSeeds } from './report.ts';
import { simulateStripe } from './simulation.ts';

const seeds = 80;
const timeoutMs = 300_000;

describe('the laws hold between Stripe and the ledger, over lost answers, lost events and crashes', () => {
  test(`${seeds} seeds break no law, and meet every fault and every way to pay`, { timeout: timeoutMs }, async () => {
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
  /** Those that the first seeds catch; all of them are tried by `npm run simulate -- --stripe`. */
  const quick = [
    'refunds are ignored',
    'a dispute that was won stays open',
    'the amount is checked by its total alone',
    'any scope is ours',
    'acknowledged before it is taken',
    'the cursor moves before the round reads',
    'only the first page is read',
    'the success page is believed',
  ];

  test('mutants of the source are caught', { timeout: timeoutMs }, async () => {
    const chosen = mutants.filter(({ name }) => quick.includes(name));
    expect(chosen).toHaveLength(quick.length);
    const living = (await runMutants(new URL('main.ts', import.meta.url), chosen, 200)).filter(({ caught }) => caught === undefined);
    expect(living.map(({ mutant, unmade }) => `${mutant.name}: ${unmade ?? 'lived through all seeds'}`)).toEqual([]);
  });
});
