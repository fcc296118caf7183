// Metrics for Prometheus, in the host's own registry. Requests at our routes are counted in this process; everything else is read at each
// scrape, as `ledger-metrics.ts` lists it. Plugins and handlers of one process may share a registry: their requests are counted together,
// and what is read is combined over their ledgers. With the last `payments` that is disposed, our metrics leave the registry.
import { LedgerError, type PaymentLedger } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { ledgerMetrics } from './ledger-metrics.ts';
import { ledgerReader, type Reading } from './ledger-reading.ts';
import type { LedgerMetric, Sample } from './metric-shape.ts';
import { demand } from './option-check.ts';
import { ReadMetric } from './read-metric.ts';

/** A `Registry` of prom-client 15, as `new Registry()` or its `register`. An interface, so that neither code nor types of ours need prom-client. */
export interface MetricsRegistry {
  registerMetric(metric: object): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** What our routes count. */
export interface RouteMetrics {
  webhook(outcome: string): void;
  statusQuery(outcome: string): void;
}

export interface MetricsParts {
  readonly payments: StripePayments;
  readonly ledger: PaymentLedger;
  /** Absent: the host wants no metrics. */
  readonly metrics?: MetricsRegistry | undefined;
}

// Rows exist from the start, so that a rate is 0, not absent, until the first request comes.
const webhookOutcomes = ['recorded', 'duplicate', 'held', 'not_ours', 'ignored', 'unreadable', 'bad_signature', 'failed'];
const statusOutcomes = ['answered', 'stale', 'unknown', 'failed'];

const webhooksName = 'paidonce_webhooks_total';
const queriesName = 'paidonce_status_queries_total';
const names: readonly string[] = [webhooksName, queriesName, ...ledgerMetrics.map(({ name }) => name)];

/** A plugin, or a set of handlers, whose `payments` are open. */
interface Mount {
  readonly ledger: PaymentLedger;
  readonly read: () => Promise<Reading>;
}

/** The metrics of one registry, and the mounts that use them. */
interface Shared {
  readonly counted: RouteMetrics;
  /** A ledger may stand here twice. Written by `openMetrics`. */
  readonly mounts: Mount[];
}

const sharedOf = new WeakMap<MetricsRegistry, Shared>();
const noMetrics: RouteMetrics = { webhook: () => undefined, statusQuery: () => undefined };

/**
 * @param edge the function that the host called.
 * @throws LedgerError `invalid_input`: it is no registry, or has a metric of one of our names that is not ours.
 */
export function openMetrics(edge: string, { payments, ledger, metrics: registry }: MetricsParts): RouteMetrics {
  if (registry === undefined) return noMetrics;
  demand(typeof registry?.registerMetric === 'function', edge, 'metrics must be a Registry of prom-client');
  if (payments.closing.aborted) return noMetrics; // Nothing would take them out again.
  const shared = sharedOf.get(registry) ?? register(edge, registry);
  const mount = { ledger, read: ledgerReader(ledger, payments) };
  shared.mounts.push(mount);
  const leave = (): void => {
    shared.mounts.splice(shared.mounts.indexOf(mount), 1);
    if (shared.mounts.length > 0) return;
    for (const name of names) registry.removeSingleMetric(name);
    sharedOf.delete(registry);
  };
  payments.closing.addEventListener('abort', leave, { once: true });
  return shared.counted;
}

function register(edge: string, registry: MetricsRegistry): Shared {
  const taken = names.filter((name) => registry.getSingleMetric(name) !== undefined);
  if (taken.length > 0) {
    throw new LedgerError(
      'invalid_input',
      `${edge}: the registry has ${taken.join(', ')} already, and not from here. Pass a registry of its own, or let one copy of @paidonce/http register them`,
    );
  }
  const mounts: Mount[] = [];
  const counted: RouteMetrics = {
    webhook: counter(registry, webhooksName, 'Webhooks of Stripe, by what became of them.', webhookOutcomes),
    statusQuery: counter(registry, queriesName, 'Status queries of success pages, by what was answered.', statusOutcomes),
  };
  const read = oncePerScrape(() =>
    Promise.all([...new Map(mounts.map((mount) => [mount.ledger, mount])).values()].map((each) => each.read())),
  );
  for (const metric of ledgerMetrics) registry.registerMetric(new ReadMetric(metric, async () => combined(metric, await read())));
  const shared = { counted, mounts };
  sharedOf.set(registry, shared);
  return shared;
}

/** @returns counts one request. */
function counter(registry: MetricsRegistry, name: string, help: string, outcomes: readonly string[]): (outcome: string) => void {
  const counts = new Map<string, number>();
  const reset = (): void => {
    for (const outcome of outcomes) counts.set(outcome, 0);
  };
  reset();
  const samples = async (): Promise<readonly Sample[]> => [...counts].map(([outcome, value]) => ({ labels: { outcome }, value }));
  const metric = { name, help, type: 'counter', of: 'process', labels: ['outcome'], combine: 'sum' } as const;
  registry.registerMetric(new ReadMetric(metric, samples, reset));
  return (outcome) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
}

/** One ledger that does not know makes the whole unknown: a sum without it would be wrong. */
function combined({ samples, combine }: LedgerMetric, readings: readonly Reading[]): readonly Sample[] {
  const all = new Map<string, Sample>();
  for (const reading of readings) {
    const ofOne = samples(reading);
    if (ofOne === undefined) return [];
    for (const sample of ofOne) {
      const key = JSON.stringify([sample.suffix, sample.labels]);
      const before = all.get(key)?.value;
      const value = before === undefined ? sample.value : combine === 'sum' ? before + sample.value : Math.max(before, sample.value);
      all.set(key, { ...sample, value });
    }
  }
  return [...all.values()];
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
