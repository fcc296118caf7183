// Metrics for Prometheus, in the host's own registry. Requests at our routes are counted in this process. What waits is
// read from the ledger at each scrape, and is the same in every process.
import { setTimeout } from 'node:timers/promises';
import type { Backlog, PaymentLedger } from '@paidonce/ledger';
import { Counter, Gauge, type Registry } from 'prom-client';

export interface RouteMetrics {
  webhook(outcome: string): void;
  statusQuery(outcome: string): void;
}

export const noMetrics: RouteMetrics = { webhook: () => undefined, statusQuery: () => undefined };

// Counters exist from the start, so that a rate is 0, not absent, until the first request comes.
const webhookOutcomes = ['recorded', 'duplicate', 'held', 'not_ours', 'ignored', 'unreadable', 'bad_signature', 'failed'];
const statusOutcomes = ['answered', 'stale', 'unknown', 'failed'];

/** Prometheus gives up a scrape after ten seconds, and loses the host's own metrics with it. */
const patienceMs = 2_000;

type Counted = Exclude<keyof Backlog, 'lagMs'>;
const gauges: Readonly<Record<Counted, string>> = {
  openOrders: 'Orders that may still be paid.',
  openReviews: 'Payments that wait for a person.',
  undelivered: 'Orders whose newest decision the shop does not have.',
  abandoned: 'Of the undelivered, those that nobody tries any more.',
};

/** @throws Error if the registry has metrics of these names already. */
export function openMetrics(registry: Registry, ledger: PaymentLedger): RouteMetrics {
  const registers = [registry];
  const counter = (name: string, help: string, outcomes: readonly string[]): Counter => {
    const made = new Counter({ name, help, labelNames: ['outcome'], registers });
    for (const outcome of outcomes) made.inc({ outcome }, 0);
    return made;
  };
  const webhooks = counter('paidonce_webhooks_total', 'Webhooks of Stripe, by what became of them.', webhookOutcomes);
  const queries = counter('paidonce_status_queries_total', 'Status queries of success pages, by what was answered.', statusOutcomes);

  // One read for all gauges of a scrape. If the ledger does not answer they are NaN, and the host's other metrics are
  // served.
  let asked: Promise<Backlog | undefined> | undefined;
  const backlog = (): Promise<Backlog | undefined> => {
    asked ??= Promise.race([ledger.backlog(), setTimeout(patienceMs * ledger.runtime.patience, undefined, { ref: false })])
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  const gauge = (name: string, help: string, of: (counts: Backlog) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const counts = await backlog();
        this.set(counts ? of(counts) : Number.NaN);
      },
    });
  };
  for (const [name, help] of Object.entries(gauges) as [Counted, string][]) {
    gauge(`paidonce_${snakeCase(name)}`, help, (counts) => counts[name]);
  }
  gauge('paidonce_read_model_lag_seconds', 'How far these counts may be behind the log.', ({ lagMs }) => lagMs / 1_000);

  return {
    webhook: (outcome) => webhooks.inc({ outcome }),
    statusQuery: (outcome) => queries.inc({ outcome }),
  };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
