// Subscriptions of the adapter against the sandbox's Billing, and the proof that this can find faults. More of both:
// `npm run simulate -- --subscriptions`.
import { readMutantSeeds, runMutants } from '@paidonce/ledger/simulation';
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { runSeeds } from './report.ts';
import { simulateSubscriptions } from './simulation.ts';

const seeds = 8;
/** What these seeds must meet: a fault that none of them has proves nothing. */
const places = [
  'page paid',
  'page is closed',
  'begins in two windows',
  'begins with a trial',
  'begins at half the price',
  'begins with a free period',
  'begins with a year',
  'begins with a setup fee',
  'declines',
  'pays with a good card',
  'pays what is old',
  'changes plan',
  'changes seats',
  'cancels now',
  'pauses',
  'paid between two reads',
  'look at the end',
  'look compared with the law',
  'freezes at the slot',
  'Date ahead',
  'answer without a Date',
  'crash',
  'sweep whose process died',
  'webhook lost on the way',
  'webhook refused: bad signature',
  'alert: renewal_missed',
  'alert: clock_doubtful',
];

describe('the laws of subscriptions hold between Stripe and the shop, over lost events, wrong clocks and crashes', () => {
  test(`${seeds} seeds break no law, and meet every fault`, async () => {
    const { failures, met } = await runSeeds(1, seeds);
    const found = failures.map(
      ({ seed, law, message }) => `${law}: ${message}\nAll of it: npm run simulate -- --subscription-adapter --seed ${seed}`,
    );
    expect({ found, neverMet: places.filter((place) => !met[place]) }).toEqual({ found: [], neverMet: [] });
  });

  test('a seed that is run again does the same, step by step, and leaves the same log', async () => {
    expect((await simulateSubscriptions(4)).hash).toBe((await simulateSubscriptions(4)).hash);
  });
});

test('each mutant of the source is caught by the seed that is known to catch it', async () => {
  const known = readMutantSeeds(new URL('mutant-seeds.json', import.meta.url));
  expect(Object.keys(known)).toEqual(mutants.map(({ name }) => name));
  const reports = await runMutants(new URL('main.ts', import.meta.url), mutants, ({ name }) => ({ first: known[name]!, count: 1 }));
  const living = reports.filter(({ caught }) => caught === undefined);
  const again = 'lives through its seed. npm run simulate -- --subscription-adapter --seeds 1 --mutants looks for another one';
  expect(living.map(({ mutant, unmade }) => `${mutant.name}: ${unmade ?? again}`)).toEqual([]);
});
