// The laws of subscriptions on the pure core: random facts and lives of members, compared after every append with the law written
// a second time and with an auditor that only adds up money and days.
import { expect, test } from 'vitest';
import { meetsEveryCase, runs } from '../testing/runs.ts';
import { runSeeds } from '../testing/simulation/subscription-laws/run-seeds.ts';

const { numRuns } = runs(40);

test(`the laws of subscriptions hold in ${numRuns} seeds of noise and of lives`, async () => {
  const { failures, met } = await runSeeds(1, numRuns);
  expect(failures).toEqual([]);
  if (!meetsEveryCase) return;
  const decisions = ['Granted', 'Extended', 'Suspended', 'Restored', 'Ended', 'Revoked'].map((word) => `Subscription${word}`);
  const people = ['grant of paid_after_end', 'grant of unknown_price', 'revoke of paid_after_end', 'another policy decides otherwise'];
  const cases = ['plan_changed', 'adjusted', 'he paid for this day', 'three replicas', ...decisions, ...people];
  expect(Object.keys(met)).toEqual(expect.arrayContaining(cases));
});
