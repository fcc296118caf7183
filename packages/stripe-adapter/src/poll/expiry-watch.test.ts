// A ledger whose read models are behind the log until it is asked to catch up: the member has renewed.
import type { PaymentLedger } from '@paidonce/ledger';
import { expect, test } from 'vitest';
import { dayMs } from '../club.test-support.ts';
import { ExpiryWatch } from './expiry-watch.ts';

const nowMs = Date.parse('2026-06-01T00:00:00Z');

/** @param dueAfter when the only membership is due, once the rows have caught up. @returns the kinds of the alerts. */
async function alertsOf(dueAfter: { days: number }): Promise<string[]> {
  const alerts: string[] = [];
  let oldestDueAt = new Date(nowMs - 30 * dayMs).toISOString();
  const due = { account: 'acct_1', livemode: false, firstPlacedAt: '2026-04-01T00:00:00.000Z', living: 1, due: 1, openInvoices: 0 };
  const ledger = {
    forAdapters: {
      catchUp: async () => {
        oldestDueAt = new Date(nowMs + dueAfter.days * dayMs).toISOString();
      },
      subscriptions: { policy: {} },
      accountOrders: async () => [],
      accountSubscriptions: async () => [{ ...due, oldestDueAt }],
      sweepProgress: async () => ({}),
      alert: ({ kind }: { kind: string }) => alerts.push(kind),
    },
  } as unknown as PaymentLedger;
  const log = { warn: (fields: { err?: unknown }) => expect(fields).toEqual({}) } as never;
  const runtime = { now: () => new Date(nowMs), monotonicNowMs: () => 0 } as never;
  await new ExpiryWatch({ ledger, runtime, log, stripeNow: () => undefined }).check();
  return alerts;
}

test('rows from before a renewal alert nobody: they catch up first', async () => {
  expect(await alertsOf({ days: 5 })).toEqual([]);
});

test('a membership that is due for four days, by rows that have caught up, alerts a person', async () => {
  expect(await alertsOf({ days: -4 })).toEqual(['expiry_blind']);
});
