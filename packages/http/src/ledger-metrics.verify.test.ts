// The metrics that are read of a ledger: given what happened in it, what a scrape says.
import { createPaymentLedger, type Observation, type PaymentLedgerOptions, type Source } from '@paidonce/ledger';
import { createMemoryLog, openMemoryEventStore } from '@paidonce/ledger/memory';
import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mounted, standIns } from './mounted.test-support.ts';

const account = { account: 'acct_1', livemode: true };

/** A shop with metrics. Its clock begins at 2026-01-01T00:00Z, and nothing happens between two calls. */
async function shop(options: Partial<PaymentLedgerOptions> = {}) {
  let passedMs = 0; // Written by `later`.
  const runtime = { now: () => new Date(Date.parse('2026-01-01T00:00:00Z') + passedMs), monotonicNowMs: () => passedMs };
  const later = (ms: number): void => {
    passedMs += ms;
  };
  const refused = new Set<string>();
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore({ log: createMemoryLog() }),
    background: false,
    runtime,
    deliver: async ({ membershipId }) => {
      if (refused.has(membershipId)) throw new Error('locked');
    },
    ...options,
  });
  const metrics = new Registry();
  const app = await mounted({ metrics, ledger });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  const observe = (source: Exclude<Source, 'manual'>, id: string, more: Partial<Observation> = {}) =>
    ledger.observePayment({
      source,
      payment: { provider: 'stripe', id, ...account },
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 900, currency: 'usd' } },
      asOf: runtime.now().toISOString(),
      evidence: { objectId: id, eventId: `evt_${runtime.now().getTime()}` },
      ...more,
    } as Observation);
  return {
    ledger,
    later,
    refused,
    app,
    metrics,
    place: (orderId: string) =>
      ledger.placeOrder({ orderId, memberId: `m-${orderId}`, plan: 'pro', amountMinor: 900, currency: 'usd', ...account }),
    observe,
    pay: (source: Exclude<Source, 'manual'>, orderId: string) => observe(source, `pi_${orderId}`, { orderId }),
    /** The lines of the metrics whose names match, without those that are 0. */
    scrape: async (names: RegExp): Promise<readonly string[]> =>
      (await metrics.metrics()).split('\n').filter((line) => names.test(line) && !line.startsWith('#') && !line.endsWith(' 0')),
  };
}

test('grants and rescues by source are the sum of the days that the console shows', async () => {
  const { ledger, place, pay, later, scrape } = await shop();
  for (const [index, source] of (['webhook', 'poll', 'webhook', 'status_query'] as const).entries()) {
    await place(`o-${index}`);
    await pay(source, `o-${index}`);
    later(20 * 3_600_000);
  }
  expect(await scrape(/_(?:grants|rescued)_total/)).toEqual([
    'paidonce_grants_total{source="webhook"} 2',
    'paidonce_grants_total{source="poll"} 1',
    'paidonce_grants_total{source="status_query"} 1',
    'paidonce_rescued_total{source="poll"} 1',
    'paidonce_rescued_total{source="status_query"} 1',
  ]);
  const { days } = await ledger.console.statistics({ from: '2026-01-01T00:00:00Z', to: '2026-01-05T00:00:00Z' });
  expect(days.reduce((sum, day) => sum + day.grants.webhook, 0)).toBe(2);
  expect(days.reduce((sum, day) => sum + day.rescued.poll + day.rescued.status_query, 0)).toBe(2);
});

test('observations are counted by source and outcome in this process, a repetition too', async () => {
  const { place, pay, observe, scrape } = await shop();
  await place('o-1');
  await pay('webhook', 'o-1');
  await pay('webhook', 'o-1');
  await pay('poll', 'o-1');
  await observe('poll', 'pi_unknown');
  expect(await scrape(/_observations_total/)).toEqual([
    'paidonce_observations_total{source="webhook",outcome="granted"} 1',
    'paidonce_observations_total{source="webhook",outcome="duplicate"} 1',
    'paidonce_observations_total{source="poll",outcome="recorded"} 1',
    'paidonce_observations_total{source="poll",outcome="held"} 1',
  ]);
});

test('an observation that throws is counted as failed', async () => {
  const store = openMemoryEventStore({ log: createMemoryLog() });
  const { observe, scrape } = await shop({
    eventStore: {
      ...store,
      readStream: () => Promise.reject(new Error('told to')),
      readLog: (of) => store.readLog(of),
      close: () => store.close(),
      append: (...of) => store.append(...of),
    },
  });
  await expect(observe('webhook', 'pi_1')).rejects.toThrow('told to');
  expect(await scrape(/_observations_total/)).toEqual(['paidonce_observations_total{source="webhook",outcome="failed"} 1']);
});

test('alerts are counted by kind in this process', async () => {
  const { ledger, scrape } = await shop();
  ledger.forAdapters.alert({ kind: 'poll_failing', message: 'three times' });
  expect(await scrape(/_alerts_total/)).toEqual(['paidonce_alerts_total{kind="poll_failing"} 1']);
});

test('a histogram counts in each bucket what took at most so long', async () => {
  const { ledger, place, observe, scrape } = await shop();
  for (const [index, paidAt] of ['2025-12-31T23:59:58.000Z', '2025-12-31T23:59:30.000Z', '2025-12-29T00:00:00.000Z'].entries()) {
    await place(`o-${index}`);
    await observe('webhook', `pi_${index}`, { orderId: `o-${index}`, asOf: paidAt });
  }
  await ledger.settle();
  expect(await scrape(/_paid_to_granted_seconds/)).toEqual([
    'paidonce_paid_to_granted_seconds_bucket{le="5"} 1',
    'paidonce_paid_to_granted_seconds_bucket{le="15"} 1',
    'paidonce_paid_to_granted_seconds_bucket{le="60"} 2',
    'paidonce_paid_to_granted_seconds_bucket{le="300"} 2',
    'paidonce_paid_to_granted_seconds_bucket{le="900"} 2',
    'paidonce_paid_to_granted_seconds_bucket{le="3600"} 2',
    'paidonce_paid_to_granted_seconds_bucket{le="21600"} 2',
    'paidonce_paid_to_granted_seconds_bucket{le="86400"} 2',
    'paidonce_paid_to_granted_seconds_bucket{le="+Inf"} 3',
    `paidonce_paid_to_granted_seconds_sum ${2 + 30 + 3 * 86_400}`,
    'paidonce_paid_to_granted_seconds_count 3',
  ]);
  expect(await scrape(/_granted_to_saved_seconds_count/)).toEqual(['paidonce_granted_to_saved_seconds_count 3']);
});

test('the oldest of each queue ages, until it waits no more', async () => {
  const { ledger, place, pay, observe, refused, later, scrape } = await shop();
  refused.add('o-1');
  await place('o-1');
  await pay('webhook', 'o-1');
  await observe('webhook', 'pi_unknown');
  later(90_000);
  expect(await scrape(/_oldest_waiting/)).toEqual([
    'paidonce_oldest_waiting_seconds{queue="undelivered"} 90',
    'paidonce_oldest_waiting_seconds{queue="held"} 90',
  ]);
  refused.clear();
  await ledger.redeliver('o-1', { actor: 'support-7', reason: 'repaired' });
  expect(await scrape(/_oldest_waiting/)).toEqual(['paidonce_oldest_waiting_seconds{queue="held"} 90']);
});

test('webhooks that were missed, and when the last one came, by account', async () => {
  const { place, pay, later, scrape } = await shop();
  await place('o-1');
  await pay('webhook', 'o-1');
  await place('o-2');
  await pay('poll', 'o-2');
  later(200_000);
  expect(await scrape(/_(?:webhooks_missed|last_webhook)/)).toEqual([
    'paidonce_webhooks_missed{account="acct_1",livemode="true"} 1',
    `paidonce_last_webhook_timestamp_seconds{account="acct_1",livemode="true"} ${Date.parse('2026-01-01T00:00:00Z') / 1_000}`,
  ]);
});

describe('the poll', () => {
  test('how late each tier is in the account where it is latest, and what is left of the reads', async () => {
    const metrics = new Registry();
    const { payments } = standIns();
    const tier = { account: 'acct_1', livemode: true, isNeeded: true };
    let asked = 0;
    Object.assign(payments, {
      pollHealth: async () => {
        asked += 1;
        return {
          tiers: [
            { ...tier, tier: 'events', lateMs: 0 },
            { ...tier, tier: 'money', lateMs: 2_000 },
            { ...tier, tier: 'money', lateMs: 9_000, account: 'acct_2' },
          ],
          reads: { allowed: 5_000, left: -20, days: [] },
        };
      },
    });
    await mounted({ metrics, payments });
    const lines = async () => (await metrics.metrics()).split('\n').filter((line) => /^paidonce_(?:poll|reads)/.test(line));
    expect(await lines()).toEqual([
      'paidonce_poll_late_seconds{tier="events"} 0',
      'paidonce_poll_late_seconds{tier="money"} 9',
      'paidonce_reads_allowed 5000',
      'paidonce_reads_left -20',
    ]);
    await lines();
    expect(asked).toBe(1); // It takes some reads for each account, and changes slowly.
  });

  test('reads left are absent where they are not known', async () => {
    const metrics = new Registry();
    const { payments } = standIns();
    Object.assign(payments, { pollHealth: async () => ({ tiers: [], reads: { allowed: 5_000, days: [] } }) });
    await mounted({ metrics, payments });
    expect(await metrics.metrics()).not.toMatch(/^paidonce_reads_left /m);
  });
});

test('while the read models have never caught up nothing of the log is there, and what this process counted is', async () => {
  const metrics = new Registry();
  const { ledger } = standIns();
  const { totals, queues } = ledger.console;
  let lagMs = Number.POSITIVE_INFINITY;
  Object.assign(ledger.console, {
    totals: async () => ({ ...(await totals()), lagMs }),
    queues: async () => ({ ...(await queues()), lagMs }),
  });
  await mounted({ metrics, ledger });
  const shown = async () => new Set((await metrics.metrics()).match(/^paidonce_[a-z_]+/gm));
  expect(await shown()).toEqual(
    new Set(['paidonce_webhooks_total', 'paidonce_status_queries_total', 'paidonce_observations_total', 'paidonce_alerts_total']),
  );
  lagMs = 1_500;
  expect(await shown()).toContain('paidonce_grants_total');
  expect(await metrics.metrics()).toContain('paidonce_read_model_lag_seconds 1.5');
});

test('in the OpenMetrics format too', async () => {
  const metrics = new Registry();
  metrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  await mounted({ metrics });
  const text = await metrics.metrics();
  expect(text).toContain('# TYPE paidonce_grants counter\npaidonce_grants_total{source="webhook"} 0');
  expect(await metrics.metrics()).toBe(text); // The names are the same at the next scrape.
});
