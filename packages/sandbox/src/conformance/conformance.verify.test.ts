import { describe, expect, test } from 'vitest';
import {
  assertConforms,
  type BootShop,
  type ConformanceOptions,
  type ConformanceReport,
  formatReport,
  orderScenarioNames,
  runConformance,
  type SandboxAccess,
  type ScenarioName,
  type ScenarioResult,
  scenarioNames,
  subscriptionScenarioNames,
} from './index.ts';
import { type Mistake, plainShop, plainShopSelling } from './plain-shop.test-support.ts';
import { scenarios } from './scenarios/all.ts';

/** `npm run torture -- --conformance` sets it: each mistake meets each scenario. */
const { TEST_WHOLE_MATRIX } = process.env;
/** A scenario that must break is given up soon. */
const quick: ConformanceOptions = {
  patienceMs: 500,
  restartPatienceMs: 500,
  races: 2,
  policy: { partialRefund: 'keeps', lostDispute: 'ends' },
};

/** A scenario that must pass has all the time that a busy machine takes: it ends when it has passed. */
const patient: ConformanceOptions = { ...quick, patienceMs: 600_000, restartPatienceMs: 600_000, callTimeoutMs: 600_000 };

function named(report: ConformanceReport, outcome: ScenarioResult['outcome']): ScenarioName[] {
  return report.results.filter((result) => result.outcome === outcome).map(({ name }) => name);
}

declare const access: SandboxAccess;

function broken(report: ConformanceReport, name: ScenarioName): Extract<ScenarioResult, { outcome: 'broke' }> {
  const result = report.results.find((one) => one.name === name);
  if (result?.outcome !== 'broke') throw new Error(`${name} ${result?.outcome ?? 'was not played'}`);
  return result;
}

describe('a careful shop', () => {
  test('that owes nothing to PaidOnce passes every scenario', async () => {
    const report = await runConformance(plainShop(), { policy: { partialRefund: 'keeps', lostDispute: 'ends' } });
    expect(formatReport(report)).toContain(
      `${orderScenarioNames.length} passed, 0 broke, ${subscriptionScenarioNames.length} skipped. Seed ${report.seed}.`,
    );
    assertConforms(report);
  });
});

describe('each mistake breaks what it breaks, and nothing else', () => {
  const rows: readonly (readonly [Mistake, readonly ScenarioName[], ...Mistake[]])[] = [
    [
      'grants-on-each-webhook',
      [
        'webhook-five-times',
        'webhook-sent-again',
        'two-events-for-one-payment',
        'webhook-late',
        'sources-race',
        'paid-twice-refunded-once',
        'restart-and-replay',
      ],
    ],
    [
      'remembers-event-ids-only',
      ['two-events-for-one-payment', 'webhook-late', 'sources-race', 'paid-twice-refunded-once', 'stripe-fails-webhook'],
    ],
    ['checks-then-grants', ['webhook-five-times', 'sources-race']],
    ['last-event-wins', ['webhooks-newest-first']],
    ['success-page-grants-too', ['success-page-reloaded', 'sources-race']],
    ['success-page-believes-the-browser', ['success-page-reloaded', 'sources-race', 'forged-redirect']],
    ['status-never-asks-stripe', ['webhook-lost-status-asked', 'webhook-late', 'stripe-fails-status']],
    ['status-ignores-payment-status', ['never-paid', 'wrong-amount', 'wrong-currency']],
    ['status-gives-up-on-failure', ['stripe-fails-status']],
    ['poll-does-nothing', ['webhook-lost-polled', 'event-never-made', 'stripe-fails-poll']],
    ['poll-reads-events-only', ['event-never-made']],
    ['poll-skips-what-failed', ['stripe-fails-poll']],
    ['poll-grants-by-itself', ['wrong-amount', 'wrong-currency']],
    ['ignores-signature', ['forged-signature', 'missing-signature', 'stale-signature']],
    ['ignores-signature-age', ['stale-signature']],
    ['takes-unsigned-webhooks', ['missing-signature']],
    ['ignores-amount', ['wrong-amount']],
    ['ignores-currency', ['wrong-currency']],
    ['fails-on-other-apps', ['foreign-payment', 'typed-reference']],
    ['believes-client-reference', ['wrong-amount', 'typed-reference'], 'ignores-amount'],
    ['ignores-payment-status', ['never-paid', 'wrong-amount', 'wrong-currency', 'slow-payment-succeeds', 'slow-payment-fails']],
    ['expiry-ends-the-order', ['first-session-expired']],
    ['ignores-refunds', ['refund-in-full', 'refund-before-payment', 'replay-after-refund']],
    ['ignores-disputes', ['dispute-lost']],
    ['any-refund-ends', ['refund-in-part']],
    ['counts-pending-refunds', ['refund-fails']],
    ['refund-ends-the-order', ['refund-in-part', 'paid-twice-refunded-once']],
    ['forgets-early-refunds', ['refund-before-payment']],
    ['paid-event-opens-again', ['refund-before-payment', 'replay-after-refund']],
    ['swallows-failures', ['stripe-fails-webhook']],
    ['acknowledges-first', ['restart']],
    ['remembers-in-memory', ['restart-and-replay']],
  ];
  /** An event that was remembered and not handled is lost where the stop falls between the two. */
  const byChance: Partial<Record<Mistake, ScenarioName>> = { 'remembers-event-ids-only': 'restart' };
  for (const [row, [mistake, breaks, ...also]] of rows.entries()) {
    test(mistake, async () => {
      const careless = await runConformance(plainShop(mistake, ...also), { ...quick, only: breaks });
      expect([...named(careless, 'broke')].sort(), formatReport(careless)).toEqual([...breaks].sort());
      // Whatever comes at once may come in any order, so this one could break anything.
      if (mistake === 'last-event-wins') return;
      const others = orderScenarioNames.filter((name) => !breaks.includes(name) && name !== byChance[mistake]);
      // Every third of them, and other ones in each row: all together would take a minute.
      const only = TEST_WHOLE_MATRIX ? others : others.filter((_, index) => (index + row) % 3 === 0);
      const careful = await runConformance(plainShop(mistake, ...also), { ...patient, only });
      expect(named(careful, 'broke'), formatReport(careful)).toEqual([]);
    });
  }

  test('and no scenario is without teeth', () => {
    const broken = new Set<ScenarioName>(['webhook-once', ...rows.flatMap(([, breaks]) => breaks)]);
    expect(orderScenarioNames.filter((name) => !broken.has(name))).toEqual([]);
  });

  test('fails-on-each-webhook: nothing at all goes on, and the report says what was answered', async () => {
    const report = await runConformance(plainShop('fails-on-each-webhook'), { ...quick, only: ['webhook-once'] });
    expect(broken(report, 'webhook-once').observed).toMatch(/^webhook [a-z_.]+ evt_\w+ to http:\S+: 500, try 1$/);
  });
});

describe('an order', () => {
  test.each([
    [99, 'usd'],
    [5_010, 'kwd'],
    [60, 'jpy'],
  ])('of %d %s is paid with less, in steps that Stripe takes', async (amountMinor, currency) => {
    const only = ['wrong-amount', 'wrong-currency', 'typed-reference'] as const;
    const careful = await runConformance(plainShopSelling({ amountMinor, currency }), { ...patient, only });
    expect(named(careful, 'passed'), formatReport(careful)).toEqual(only);
    const careless = await runConformance(plainShopSelling({ amountMinor, currency }, 'ignores-amount'), {
      ...quick,
      only: ['wrong-amount'],
    });
    expect(named(careless, 'broke'), formatReport(careless)).toEqual(['wrong-amount']);
  });

  test('at the least that Stripe takes cannot be paid with less, and the report says so', async () => {
    const only = ['wrong-amount', 'typed-reference'] as const;
    const report = await runConformance(plainShopSelling({ amountMinor: 50, currency: 'usd' }), { ...patient, only });
    expect(named(report, 'skipped')).toEqual(only);
    expect(formatReport(report)).toContain('your order costs 50 usd (minor unit), and Stripe takes nothing less.');
  });

  test('whose id stands on the payment intent alone is put to the same tests', async () => {
    const only = ['two-events-for-one-payment', 'wrong-amount', 'wrong-currency', 'paid-twice-refunded-once'] as const;
    const careless = plainShop('names-the-intent-alone', 'remembers-event-ids-only', 'ignores-amount', 'ignores-currency');
    expect(named(await runConformance(careless, { ...quick, only }), 'broke')).toEqual(only);
    const careful = await runConformance(plainShop('names-the-intent-alone'), { ...patient, only });
    expect(named(careful, 'passed'), formatReport(careful)).toEqual(only);
  });
});

describe('a run', () => {
  test('draws the same chances from the same seed', async () => {
    const race = async (seed: number): Promise<readonly string[]> => {
      const report = await runConformance(plainShop('checks-then-grants'), { ...quick, seed, races: 5, only: ['sources-race'] });
      return broken(report, 'sources-race').did.filter((step) => step.startsWith('The customer pays'));
    };
    expect(await race(7)).toEqual(await race(7));
  });

  test('plays the scenarios in the order of their names', () => {
    expect(scenarios.map(({ name }) => name)).toEqual(scenarioNames);
  });

  test('reports a function of the app that throws, in its words', async () => {
    const boot: BootShop = async (stripe) => ({
      ...(await plainShop()(stripe)),
      poll: () => Promise.reject(new Error('the cron job has no database')),
    });
    const report = await runConformance(boot, { ...quick, only: ['webhook-lost-polled'] });
    expect(broken(report, 'webhook-lost-polled')).toMatchObject({
      expected: 'poll to answer',
      observed: 'poll failed: the cron job has no database',
    });
  });

  test('reports a function of the app that never answers', async () => {
    const boot: BootShop = async (stripe) => ({ ...(await plainShop()(stripe)), poll: () => new Promise(() => undefined) });
    const report = await runConformance(boot, { ...quick, callTimeoutMs: 500, only: ['webhook-lost-polled'] });
    expect(broken(report, 'webhook-lost-polled').observed).toBe('poll failed: no answer within 500 ms');
  });

  test('stops at once where the app does not use the sandbox', async () => {
    const boot: BootShop = async (stripe) => ({
      ...(await plainShop()(stripe)),
      startOrder: async () => ({ orderId: 'order-1', sessionId: 'cs_live_elsewhere' }),
    });
    await expect(runConformance(boot)).rejects.toThrow(
      'startOrder answered the session cs_live_elsewhere for order order-1, and the sandbox has no such session. Does your app use the url (or clientConfig) and the secretKey that it was booted with?',
    );
  });

  test('stops at once where a customer who paid nothing has access', async () => {
    const boot: BootShop = async (stripe) => ({ ...(await plainShop()(stripe)), hasAccess: async () => true });
    await expect(runConformance(boot)).rejects.toThrow(
      /hasAccess says true and timesGranted 0 for order order-1\. They must say false and 0/,
    );
  });

  test('does not wait for ever for an app that does not close', async () => {
    const boot: BootShop = async (stripe) => {
      const shop = await plainShop()(stripe);
      return { ...shop, close: () => shop.close().then(() => new Promise(() => undefined)) };
    };
    const report = await runConformance(boot, { ...quick, callTimeoutMs: 500, only: ['webhook-once'] });
    expect(report).toMatchObject({ results: [{ outcome: 'passed' }], closing: 'close failed: no answer within 500 ms' });
    expect(formatReport(report)).toContain('Your app did not close at the end: close failed: no answer within 500 ms.');
    expect(() => assertConforms(report)).toThrow('Your app did not close');
  });

  test('closes the app, whatever happened', async () => {
    let closed = 0;
    const boot: BootShop = async (stripe) => {
      const shop = await plainShop()(stripe);
      return {
        ...shop,
        hasAccess: async () => true,
        close: async () => {
          closed += 1;
          await shop.close();
        },
      };
    };
    await expect(runConformance(boot)).rejects.toThrow();
    expect(closed).toBe(1);
  });

  test('does not compile with a boot function that forgets or confuses something', () => {
    const boot = plainShop();
    const wrong = [
      // @ts-expect-error: how often it was handed over cannot be left out.
      (): ReturnType<BootShop> => boot(access).then(({ timesGranted: _, ...rest }) => rest),
      // @ts-expect-error: access is yes or no.
      (): ReturnType<BootShop> => boot(access).then((shop) => ({ ...shop, hasAccess: async () => 'active' })),
      // @ts-expect-error: an order without its session cannot be paid.
      (): ReturnType<BootShop> => boot(access).then((shop) => ({ ...shop, startOrder: async () => ({ orderId: 'order-1' }) })),
      // @ts-expect-error: there is no such scenario.
      () => runConformance(boot, { only: ['webhook-twice'] }),
    ];
    expect(wrong).toHaveLength(4); // Never called.
  });

  test('names a misspelt option, scenario or policy', async () => {
    const never: BootShop = () => Promise.reject(new Error('booted'));
    await expect(runConformance(never, { sede: 1 } as ConformanceOptions)).rejects.toThrow('there is no option sede. There are seed, only');
    await expect(runConformance(never, { only: ['webhook-twice' as ScenarioName] })).rejects.toThrow(
      'there is no scenario webhook-twice. There are webhook-once,',
    );
    await expect(runConformance(never, { patienceMs: 0 })).rejects.toThrow('patienceMs is 0; it must be a whole number from 1 on');
    await expect(runConformance(never, { seed: -1 })).rejects.toThrow('seed is -1; it must be a whole number up to 4294967295');
    await expect(runConformance(never, { policy: { fullRefund: 'maybe' as 'ends' } })).rejects.toThrow(
      "policy.fullRefund is maybe; it is 'ends' or 'keeps'",
    );
    await expect(runConformance(never, { signedBy: 'stripe' as 'machine' })).rejects.toThrow("signedBy is stripe; it is 'sandbox'");
  });
});
