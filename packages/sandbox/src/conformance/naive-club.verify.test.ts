import { expect, test } from 'vitest';
import { assertConforms, formatReport, runConformance, type ScenarioName, subscriptionScenarioNames } from './index.ts';
import { type NaiveRule, naiveClub } from './naive-club.test-support.ts';

const breaks: Readonly<Record<NaiveRule, readonly ScenarioName[]>> = {
  'active-means-in': [],
  'extend-on-each-invoice-event': [],
  'until-the-latest-paid-end': [],
};

test.each(Object.entries(breaks) as readonly (readonly [NaiveRule, readonly ScenarioName[]])[])(
  '%s breaks what customers rely on',
  async (rule, expected) => {
    const policy = { trial: 'none', lostDispute: 'ends' } as const;
    const report = await runConformance(naiveClub(rule), { patienceMs: 100, policy });
    console.log(formatReport(report));
    const broke = report.results.filter(({ outcome }) => outcome === 'broke').map(({ name }) => name);
    expect(broke.length).toBeGreaterThanOrEqual(8);
    expect(broke).toEqual(expected);
  },
);
