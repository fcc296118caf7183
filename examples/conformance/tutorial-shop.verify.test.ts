import { spawnSync } from 'node:child_process';
import {
  assertConforms,
  type ConformanceReport,
  formatReport,
  orderScenarioNames,
  runConformance,
  type ScenarioName,
  type ScenarioResult,
} from '@paidonce/sandbox/conformance';
import { expect, test } from 'vitest';
import { bootTutorialShop } from './tutorial-shop.ts';

function named(report: ConformanceReport, outcome: ScenarioResult['outcome']): ScenarioName[] {
  return report.results.filter((result) => result.outcome === outcome).map(({ name }) => name);
}

test('the handler of most tutorials fails, and the report says what happened, what it costs and what to do', async () => {
  const reported: ScenarioName[] = [];
  const onResult = ({ name }: ScenarioResult) => void reported.push(name);
  const mustBreak: ScenarioName[] = [
    'webhook-five-times',
    'webhook-sent-again',
    'two-events-for-one-payment',
    'wrong-amount',
    'wrong-currency',
    'slow-payment-succeeds',
    'slow-payment-fails',
    'refund-in-full',
    'refund-before-payment',
    'replay-after-refund',
    'paid-twice-refunded-once',
  ];
  const report = await runConformance(bootTutorialShop, { patienceMs: 500, only: mustBreak, onResult });
  expect(named(report, 'broke')).toEqual(mustBreak);
  // What passes has all the time that a busy machine takes.
  const others = orderScenarioNames.filter((name) => !mustBreak.includes(name));
  const careful = await runConformance(bootTutorialShop, { patienceMs: 600_000, only: others, onResult });
  expect(reported).toEqual([...mustBreak, ...others]);
  expect(named(careful, 'broke')).toEqual([]);
  expect(named(careful, 'passed')).toEqual([
    'webhook-once',
    'webhooks-newest-first',
    'never-paid',
    'forged-signature',
    'missing-signature',
    'stale-signature',
    'foreign-payment',
    'typed-reference',
    'stripe-fails-webhook',
    'refund-fails',
  ]);

  const printed = formatReport(report);
  expect(printed).toContain('BROKE   webhook-five-times: The same webhook five times at once gives access once\n        What was done\n');
  expect(printed).toMatch(/ 1\. A new customer orders: order order-\d+, 4900 eur \(minor unit\)\.\n/);
  expect(printed).toMatch(/ 2\. The customer pays on Stripe's page; Stripe's webhooks are sent five times each, at once\.\n/);
  expect(printed).toMatch(
    /Expected {4}order order-\d+: the customer has access, handed over once\n {8}Observed {4}access, handed over 5 times\n/,
  );
  expect(printed).toContain('It matters  You give away what you sell: two licence keys, two months, two parcels, for one payment.\n');
  expect(printed).toContain('To do       Stripe promises "at least once", not "once". Decide once per order, in one database transaction');
  expect(printed).toContain(`Again: runConformance(boot, { seed: ${report.seed}, only: ['webhook-five-times', `);
});

test('what it cannot do is skipped aloud, and a test that relies on it fails', async () => {
  const only: ScenarioName[] = ['webhook-once', 'webhook-lost-polled', 'forged-redirect', 'refund-in-part'];
  const report = await runConformance(bootTutorialShop, { only });
  const printed = formatReport(report);
  expect(printed).toContain('Not judged: your app was given no `poll`: a function to ask Stripe for payments of which no webhook came.');
  expect(printed).toContain('Not judged: nothing answers at the success_url of your sessions, http://127.0.0.1:1/thanks.');
  expect(printed).toContain("Not judged: this is for you to decide: say `policy: { partialRefund: 'keeps' }`, or `'ends'`.");
  expect(() => assertConforms(report, { mayBeSkipped: ['forged-redirect', 'refund-in-part'] })).toThrow(/skipped webhook-lost-polled/);
  assertConforms(report, { mayBeSkipped: ['webhook-lost-polled', 'forged-redirect', 'refund-in-part'] });
});

test('the example prints that report, and exits 1', () => {
  const file = new URL('main.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@paidonce/source', file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/\n\d+ passed, (?:1[1-9]|2\d) broke, \d+ skipped\. Seed \d+\.\n/); // On a busy machine more break: it waits 500 ms.
  expect(status).toBe(1);
});
