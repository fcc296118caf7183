// Metrics for Prometheus, in the host's own registry. Requests at our routes are counted in this process. What waits is read from the
// ledger at each scrape, and is the same in every process. Several apps of one process may share a registry: their requests are counted
// together, and what waits is the sum over their ledgers. With the last app that closes, our metrics leave the registry.
import { setTimeout } from 'node:timers/promises';
import { type Backlog, LedgerError, type PaymentLedger } from '@paidonce/ledger';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RouteMetrics } from './route-metrics.ts';

// Counters exist from the start, so that a rate is 0, not absent, until the first request comes.
const webhookOutcomes = ['recorded', 'duplicate', 'held', 'not_ours', 'ignored', 'unreadable', 'bad_signature', 'failed'];
const statusOutcomes = ['answered', 'stale', 'unknown', 'failed'];

/** Prometheus gives up a scrape after ten seconds, and loses the host's own metrics with it. */
const patienceMs = 2_000;

const webhooksName = 'paidonce_webhooks_total';
const queriesName = 'paidonce_status_queries_total';

type Counted = Exclude<keyof Backlog, 'lagMs'>;
const counted: Readonly<Record<Counted, readonly [name: string, help: string]>> = {
  openOrders: ['paidonce_open_orders', 'Orders that may still be paid.'],
  openReviews: ['paidonce_open_reviews', 'Payments that wait for a person.'],
  undelivered: ['paidonce_undelivered', 'Orders whose newest decision the shop does not have.'],
  abandoned: ['paidonce_abandoned', 'Of the undelivered, those that nobody tries any more.'],
  shadowDiffers: [
    'paidonce_shadow_differs',
    'Of the undelivered, those that the shop had differently when this process asked it, in shadow.',
  ],
};
const lag = ['paidonce_read_model_lag_seconds', 'How far these counts may be behind the log.'] as const;
const names: readonly string[] = [webhooksName, queriesName, ...Object.values(counted).map(([name]) => name), lag[0]];

/** The metrics of one registry, and the apps that use them. */
interface Shared {
  readonly webhooks: Counter;
  readonly queries: Counter;
  /** The ledger of each app that is open; one for each app, so that a ledger may stand here twice. Written by `openMetrics`. */
  readonly ledgers: PaymentLedger[];
}

const sharedOf = new WeakMap<Registry, Shared>();

/** @throws LedgerError `invalid_input`: the registry has a metric of one of our names, and it is not ours. */
export function openMetrics(registry: Registry, ledger: PaymentLedger): RouteMetrics {
  const shared = sharedOf.get(registry) ?? register(registry);
  shared.ledgers.push(ledger);
  let isOpen = true;
  return {
    webhook: (outcome) => shared.webhooks.inc({ outcome }),
    statusQuery: (outcome) => shared.queries.inc({ outcome }),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      shared.ledgers.splice(shared.ledgers.indexOf(ledger), 1);
      if (shared.ledgers.length > 0) return;
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
  const shared: Shared = {
    webhooks: counter(webhooksName, 'Webhooks of Stripe, by what became of them.', webhookOutcomes),
    queries: counter(queriesName, 'Status queries of success pages, by what was answered.', statusOutcomes),
    ledgers: [],
  };
  registerGauges(registers, shared);
  sharedOf.set(registry, shared);
  return shared;
}

function registerGauges(registers: Registry[], { ledgers }: Shared): void {
  // One read for all gauges of a scrape. If a ledger does not answer they are NaN, and the host's other metrics are served.
  let asked: Promise<Backlog | undefined> | undefined;
  const backlog = (): Promise<Backlog | undefined> => {
    asked ??= backlogOf(ledgers).finally(() => {
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
  for (const [key, [name, help]] of Object.entries(counted) as [Counted, (typeof counted)[Counted]][])
    gauge(name, help, (counts) => counts[key]);
  gauge(...lag, ({ lagMs }) => lagMs / 1_000);
}

/** The sum over the ledgers, each once; the longest lag. Undefined: one of them did not answer. */
async function backlogOf(ledgers: readonly PaymentLedger[]): Promise<Backlog | undefined> {
  const all = await Promise.all([...new Set(ledgers)].map(backlogOfOne));
  return all.reduce(
    (sum, one) =>
      sum &&
      one && {
        openOrders: sum.openOrders + one.openOrders,
        openReviews: sum.openReviews + one.openReviews,
        undelivered: sum.undelivered + one.undelivered,
        abandoned: sum.abandoned + one.abandoned,
        shadowDiffers: sum.shadowDiffers + one.shadowDiffers,
        lagMs: Math.max(sum.lagMs, one.lagMs),
      },
    { openOrders: 0, openReviews: 0, undelivered: 0, abandoned: 0, shadowDiffers: 0, lagMs: 0 },
  );
}

function backlogOfOne(ledger: PaymentLedger): Promise<Backlog | undefined> {
  const late = setTimeout(patienceMs * ledger.runtime.patience, undefined, { ref: false });
  return Promise.race([ledger.backlog(), late]).catch(() => undefined);
}
