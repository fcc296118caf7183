import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { type BootClub, formatReport, runConformance, type ScenarioName, subscriptionScenarioNames } from './index.ts';
import { type NaiveRule, naiveClub } from './naive-club.test-support.ts';

const breaks: Readonly<Record<NaiveRule, readonly ScenarioName[]>> = {
  'active-means-in': [
    'events-of-one-second-reversed',
    'old-event-a-day-late',
    'trial-gives-nothing',
    'card-declined-then-paid',
    'paused-collection-is-not-free',
    'upgrade-unpaid-gives-nothing',
    'seats-as-paid',
    'refund-of-this-month',
    'chargeback-of-one-month',
    'changed-his-mind-at-checkout',
    'second-subscription',
  ],
  'extend-on-each-invoice-event': [
    'renewal-once',
    'old-event-a-day-late',
    'trial-gives-nothing',
    'trial-ends-unpaid',
    'trial-ended-early',
    'zero-invoice-after-an-hour',
    'setup-fee-is-no-month',
    'card-declined-then-paid',
    'paid-after-the-end',
    'net-terms',
    'upgrade-unpaid-gives-nothing',
    'upgrade-paid',
    'prorations-do-not-lengthen',
    'seats-as-paid',
    'addon-is-no-membership',
    'refund-of-this-month',
    'chargeback-of-one-month',
    'changed-his-mind-at-checkout',
    'second-subscription',
  ],
  'until-the-latest-paid-end': [
    'renewal-lost',
    'server-clock-wrong',
    'trial-gives-nothing',
    'trial-ended-early',
    'card-declined-then-paid',
    'net-terms',
    'upgrade-unpaid-gives-nothing',
    'yearly-to-monthly',
    'eleven-lines',
    'seats-as-paid',
    'addon-is-no-membership',
    'refund-of-this-month',
    'chargeback-of-one-month',
    'changed-his-mind-at-checkout',
    'second-subscription',
  ],
  'a-bad-word-ends-it': [
    'renewal-before-checkout',
    'trial-gives-nothing',
    'card-declined-then-paid',
    'paid-by-bank-transfer',
    'net-terms',
    'paused-and-resumed',
    'cancel-keeps-the-paid-month',
    'cancel-undone',
    'upgrade-unpaid-gives-nothing',
    'eleven-lines',
    'seats-as-paid',
    'refund-of-an-old-month',
    'refund-of-a-month-fails',
    'chargeback-of-one-month',
    'credit-note-to-balance',
    'changed-his-mind-at-checkout',
    'second-subscription',
    'resubscribed',
  ],
  'a-payment-is-a-month': [
    'renewal-before-checkout',
    'old-event-a-day-late',
    'webhooks-down-over-renewal-day',
    'restart-at-expiry',
    'coupon-month-free',
    'paid-by-bank-transfer',
    'paid-after-the-end',
    'net-terms',
    'upgrade-unpaid-gives-nothing',
    'upgrade-paid',
    'yearly-to-monthly',
    'seats-as-paid',
    'refund-of-this-month',
    'chargeback-of-one-month',
    'changed-his-mind-at-checkout',
    'second-subscription',
  ],
  'in-until-told': [
    'renewal-once',
    'old-event-a-day-late',
    'trial-gives-nothing',
    'trial-ends-unpaid',
    'trial-ended-early',
    'zero-invoice-after-an-hour',
    'setup-fee-is-no-month',
    'card-declined-for-good',
    'paid-after-the-end',
    'paused-collection-is-not-free',
    'cancel-keeps-the-paid-month',
    'cancel-now',
    'upgrade-unpaid-gives-nothing',
    'upgrade-paid',
    'yearly-to-monthly',
    'prorations-do-not-lengthen',
    'seats-as-paid',
    'addon-is-no-membership',
    'refund-of-this-month',
    'chargeback-of-one-month',
    'changed-his-mind-at-checkout',
    'second-subscription',
    'resubscribed',
  ],
};

test.each(Object.entries(breaks) as readonly (readonly [NaiveRule, readonly ScenarioName[]])[])(
  '%s breaks what customers rely on',
  async (rule, expected) => {
    const policy = { trial: 'none', lostDispute: 'ends' } as const;
    // All work is done when a webhook is answered, so nothing needs to be waited for.
    const report = await runConformance(naiveClub(rule), { patienceMs: 100, policy });
    const broke = report.results.filter(({ outcome }) => outcome === 'broke').map(({ name }) => name);
    expect(broke.length).toBeGreaterThanOrEqual(8);
    expect(broke, formatReport(report)).toEqual(expected);
  },
);

test('no story of a subscription is without teeth', () => {
  const broken = new Set(Object.values(breaks).flat());
  expect(subscriptionScenarioNames.filter((name) => !broken.has(name))).toEqual([]);
});

/** A club that keeps renewals, behind a server that answers 400 to what it does not take. */
function clubThatTakes(takes: (event: Stripe.Event, signature: string) => boolean): BootClub {
  return async (access) => {
    const club = await naiveClub('until-the-latest-paid-end')(access);
    const server = createServer(async (request, response) => {
      const body = await text(request);
      const signature = String(request.headers['stripe-signature']);
      const post = { method: 'POST', headers: { 'stripe-signature': signature }, body };
      response.writeHead(takes(JSON.parse(body), signature) ? (await fetch(club.webhookUrl, post)).status : 400).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const close = async (): Promise<void> => {
      server.close();
      await club.close();
    };
    return { ...club, webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
  };
}

test('an endpoint that Stripe disables is named with its answer, and the next story has an endpoint again', async () => {
  const club = clubThatTakes(({ type }) => type === 'invoice.paid');
  const { results } = await runConformance(club, { patienceMs: 100, only: ['renewal-once', 'renewal-before-checkout'] });
  expect(results).toMatchObject([
    {
      outcome: 'broke',
      observed: expect.stringMatching(/has disabled your endpoint.*: 400/),
      remedy: expect.stringContaining('Answer 200'),
    },
    { outcome: 'passed' },
  ]);
});

test('signatures are of the machine where an app compares them with its own clock, on both sides', async () => {
  const club = clubThatTakes((_, signature) => Math.abs(Date.now() / 1_000 - Number(/t=(\d+)/.exec(signature)?.[1])) < 3_600);
  const play = (signedBy: 'machine' | 'sandbox') => runConformance(club, { patienceMs: 100, only: ['renewal-once'], signedBy });
  expect((await play('machine')).results).toMatchObject([{ outcome: 'passed' }]);
  expect((await play('sandbox')).results).toMatchObject([{ outcome: 'broke' }]);
});
