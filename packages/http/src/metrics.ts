// Metrics for Prometheus, in the host's own registry. Requests at our routes are counted in this process; everything else is read at each
// scrape, as `ledger-metrics.ts` lists it. Several apps of one process may share a registry: their requests are counted together, and
// what is read is combined over their ledgers. With the last app that closes, our metrics leave the registry.
import { LedgerError, type PaymentLedger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { Counter, type Metric, type Registry } from 'prom-client';
import { ledgerMetrics } from './ledger-metrics.ts';
import { ledgerReader, type Reading } from './ledger-reading.ts';
import type { MetricsRegistry } from './metrics-registry.ts';
import { ReadMetric } from './read-metric.ts';
import type { RouteMetrics } from './route-metrics.ts';

// Counters exist from the start, so that a rate is 0, not absent, until the first request comes.
const webhookOutcomes = ['recorded', 'duplicate', 'held', 'not_ours', 'ignored', 'unreadable', 'bad_signature', 'failed'];
const statusOutcomes = ['answered', 'stale', 'unknown', 'failed'];

const webhooksName = 'paidonce_webhooks_total';
const queriesName = 'paidonce_status_queries_total';
const names: readonly string[] = [webhooksName, queriesName, ...ledgerMetrics.map(({ name }) => name)];

/** An app that is open. */
interface App {
  readonly ledger: PaymentLedger;
  readonly read: () => Promise<Reading>;
}

/** The metrics of one registry, and the apps that use them. */
interface Shared {
  readonly webhooks: Counter;
  readonly queries: Counter;
  /** One for each app, so that a ledger may stand here twice. Written by `openMetrics`. */
  readonly apps: App[];
}

const sharedOf = new WeakMap<Registry, Shared>();

/** @throws LedgerError `invalid_input`: the registry has a metric of one of our names, and it is not ours. */
export function openMetrics(ofHost: MetricsRegistry, ledger: PaymentLedger, payments: StripePayments): RouteMetrics {
  const registry = ofHost as Registry;
  const shared = sharedOf.get(registry) ?? register(registry);
  const app = { ledger, read: ledgerReader(ledger, payments) };
  shared.apps.push(app);
  let isOpen = true;
  return {
    webhook: (outcome) => shared.webhooks.inc({ outcome }),
    statusQuery: (outcome) => shared.queries.inc({ outcome }),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      shared.apps.splice(shared.apps.indexOf(app), 1);
      if (shared.apps.length > 0) return;
      for (const name of names) registry.removeSingleMetric(name);
      sharedOf.delete(registry);
    },
  };
}

function register(registry: Registry): Shared {
  const taken = names.filter((name) => registry.getSingleMetric(name) !== undefined);
  if (taken.length > 0) {
    throw new LedgerError(
      'invalid_input',
      `paymentLedgerPlugin: the registry has ${taken.join(', ')} already, and not from here. Pass a registry of its own, or let one copy of @paidonce/http register them`,
    );
  }
  const registers = [registry];
  const counter = (name: string, help: string, outcomes: readonly string[]): Counter => {
    const made = new Counter({ name, help, labelNames: ['outcome'], registers });
    for (const outcome of outcomes) made.inc({ outcome }, 0);
    return made;
  };
  const apps: App[] = [];
  const shared: Shared = {
    webhooks: counter(webhooksName, 'Webhooks of Stripe, by what became of them. Of this process.', webhookOutcomes),
    queries: counter(queriesName, 'Status queries of success pages, by what was answered. Of this process.', statusOutcomes),
    apps,
  };
  const read = oncePerScrape(() => Promise.all([...new Map(apps.map((app) => [app.ledger, app])).values()].map((app) => app.read())));
  for (const metric of ledgerMetrics) registry.registerMetric(new ReadMetric(metric, read) as unknown as Metric);
  sharedOf.set(registry, shared);
  return shared;
}

/** A registry asks all metrics of a scrape at once: they share one reading. */
function oncePerScrape<T>(read: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= read().finally(() => {
      asked = undefined;
    });
    return asked;
  };
}
