// The metrics as a host's registry has them, once the plugin is mounted on a real ledger.

import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { StripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { Registry } from 'prom-client';
import { paymentLedgerPlugin } from './plugin.ts';

export interface MetricRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly of: 'log' | 'process';
  readonly help: string;
}

const scope = / (?:(From the log: the same in every process)|Of this process)\.$/;

export async function metricRows(): Promise<readonly MetricRow[]> {
  const registry = new Registry();
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
  const payments: Partial<StripePayments> = {
    ledger,
    closing: new AbortController().signal,
    handleWebhook: async () => ({ outcome: 'ignored' }),
    pollHealth: async () => ({ tiers: [], reads: { allowed: 1, left: 1, days: [] } }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const app = Fastify();
  await app.register(paymentLedgerPlugin, { payments: payments as StripePayments, metrics: registry });
  await app.ready();
  const rows = registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames } = metric as unknown as { name: string; help: string; type: string; labelNames: string[] };
    return {
      name,
      type,
      labels: labelNames,
      of: scope.exec(help)?.[1] ? ('log' as const) : ('process' as const),
      help: help.replace(scope, ''),
    };
  });
  await app.close();
  return rows;
}
