import { expect, test } from 'vitest';
import { assertConforms, type ConformanceReport, formatReport } from './report.ts';

const report: ConformanceReport = {
  seed: 7,
  results: [
    { name: 'webhook-once', promise: 'Once is once', outcome: 'passed' },
    {
      name: 'webhook-five-times',
      promise: 'Five times is once',
      outcome: 'broke',
      did: ['A customer orders.', 'The customer pays.'],
      expected: 'one',
      observed: 'five',
      matters: 'It costs you four.',
      remedy: 'Count to one.',
    },
    { name: 'restart', promise: 'Nothing is lost', outcome: 'skipped', because: 'there is no `restart`.' },
  ],
};

test('a report says what was done, expected and observed, why it matters, what to do, and how to see it again', () => {
  expect(formatReport(report)).toBe(`ok      webhook-once: Once is once
BROKE   webhook-five-times: Five times is once
        What was done
          1. A customer orders.
          2. The customer pays.
        Expected    one
        Observed    five
        It matters  It costs you four.
        To do       Count to one.
skipped restart: Nothing is lost
        Not judged: there is no \`restart\`.

1 passed, 1 broke, 1 skipped. Seed 7.
Again: runConformance(boot, { seed: 7, only: ['webhook-five-times'] })`);
});

test('a test fails on what broke, and on what was skipped without being named', () => {
  const [passed, broke, skipped] = report.results;
  const of = (...results: (typeof passed)[]): ConformanceReport => ({ seed: 7, results: results.filter((one) => one !== undefined) });
  assertConforms(of(passed));
  expect(() => assertConforms(of(passed, broke))).toThrow(/^The app breaks what customers rely on\.\nBROKE {3}webhook-five-times/);
  expect(() => assertConforms(of(passed, skipped))).toThrow(/skipped restart: Nothing is lost/);
  assertConforms(of(passed, skipped), { mayBeSkipped: ['restart'] });
  expect(() => assertConforms(of(broke), { mayBeSkipped: ['webhook-five-times'] })).toThrow(/BROKE/);
});
