// The metrics of subscriptions as a scrape has them, from a real ledger.
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { expect, onTestFinished, test } from 'vitest';
import { fakeConsole } from './admin/fake-console.test-support.ts';
import { liveSubscriptions, tellShop } from './admin/subscriptions.test-support.ts';
import { ledgerMetrics } from './ledger-metrics.ts';
import { ledgerReader } from './ledger-reading.ts';

async function scraped(ledger: StripePayments['ledger'], payments: StripePayments) {
  const reading = await ledgerReader(ledger, payments)();
  return (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
    ledgerMetrics
      .find((metric) => metric.name === name)
      ?.samples(reading)
      ?.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))?.value;
}

test('what is due, for how long, in grace and in dunning; queues count both kinds; extensions are told by source', async () => {
  const world = liveSubscriptions();
  onTestFinished(() => world.ledger[Symbol.asyncDispose]());
  await tellShop(world);
  for (const outcome of ['seen', 'failed', 'seen'] as const) world.ledger.forAdapters.subscriptions.countLook(outcome);
  const value = await scraped(world.ledger, fakeConsole().payments);
  expect(value('paidonce_subscriptions_due')).toBe(1);
  // Paid for 30 days from 35 days ago, with 72 hours of grace: due for two days.
  expect(value('paidonce_subscriptions_overdue_seconds')).toBe(2 * 86_400);
  expect(value('paidonce_subscriptions_in_dunning')).toBe(1);
  expect(value('paidonce_subscriptions_in_grace')).toBe(2); // The one that is due, and the one in dunning.
  const looks = ['seen', 'undated', 'missing', 'failed'].map((outcome) => value('paidonce_subscription_looks_total', { outcome }));
  expect(looks).toEqual([2, 0, 0, 1]);
  expect(value('paidonce_waiting', { queue: 'reviews' })).toBe(1);
  expect(value('paidonce_waiting', { queue: 'undelivered' })).toBe(1);
  expect(value('paidonce_observations_total', { source: 'webhook', outcome: 'ended' })).toBe(1);
  expect(value('paidonce_observations_total', { source: 'webhook', outcome: 'extended' })).toBe(0);
});

test('a ledger without subscriptions has none of them', async () => {
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
  const value = await scraped(ledger, fakeConsole().payments);
  expect(value('paidonce_subscriptions_due')).toBeUndefined();
  expect(value('paidonce_subscription_looks_total')).toBeUndefined();
  expect(value('paidonce_waiting', { queue: 'reviews' })).toBe(0);
});
