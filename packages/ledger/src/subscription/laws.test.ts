// The laws of subscriptions on the pure core: random facts and lives of members, compared after every append with the law written
// a second time and with an auditor that only adds up money and days.
import { beforeAll, describe, expect, test } from 'vitest';
import { runs } from '../testing/runs.ts';
import { type ProofReport, runSeeds } from '../testing/simulation/subscription-laws/run-seeds.ts';
import { laws } from './checks.test-support.ts';

const { numRuns } = runs(40);

describe(`the laws of subscriptions, in ${numRuns} seeds of noise and of lives`, () => {
  let report: ProofReport;
  beforeAll(async () => {
    report = await runSeeds(1, numRuns);
  });

  test.each(laws)('%s', (law) => {
    expect(report.failures.filter((failure) => failure.law === law)).toEqual([]);
  });

  test('no decision is refused when it is folded', () => {
    expect(report.failures.filter(({ law }) => !laws.some((each) => each === law))).toEqual([]);
  });

  test('every decision was met, with people and replicas', () => {
    const decisions = ['Granted', 'Extended', 'Suspended', 'Restored', 'Ended', 'Revoked'].map((word) => `Subscription${word}`);
    const people = ['grant of paid_after_end', 'grant of unknown_price', 'revoke of paid_after_end', 'another policy decides otherwise'];
    const met = ['plan_changed', 'adjusted', 'he paid for this day', 'three replicas', ...decisions, ...people];
    expect(Object.keys(report.met)).toEqual(expect.arrayContaining(met));
  });
});
