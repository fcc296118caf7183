// The laws of subscriptions on the pure core: random facts and lives of members, compared after every append with the law written
// a second time and with an auditor that only adds up money and days.
import { afterAll, describe, expect, test } from 'vitest';
import { runs } from '../testing/runs.ts';
import { runSeeds } from '../testing/simulation/subscription-laws/run-seeds.ts';

const { numRuns } = runs(60);
const met = new Set<string>();
afterAll(() => {
  const decisions = ['Granted', 'Extended', 'Suspended', 'Restored', 'Ended', 'Revoked'].map((word) => `Subscription${word}`);
  const people = ['grant of paid_after_end', 'grant of unknown_price', 'revoke of paid_after_end'];
  expect([...met]).toEqual(
    expect.arrayContaining([...decisions, 'plan_changed', 'adjusted', 'he paid for this day', 'three replicas', ...people]),
  );
});

describe('the laws of subscriptions', () => {
  test(`hold in ${numRuns} seeds`, async () => {
    const report = await runSeeds(1, numRuns);
    for (const what of Object.keys(report.met)) met.add(what);
    const again = 'Again: npm run simulate -- --subscriptions --seed';
    expect(report.failures.map(({ seed, law, message }) => `${law}: ${message}\n${again} ${seed}`)).toEqual([]);
  });
});
