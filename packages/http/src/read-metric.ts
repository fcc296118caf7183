// A metric that is read at each scrape, as an object that a registry of prom-client takes: its own classes count in this process, and
// would have to be set to 0 where a number is not known.
import type { LedgerMetric, Sample } from './ledger-metrics.ts';
import type { Reading } from './ledger-reading.ts';

const scopes = {
  log: 'From the log: the same in every process.',
  process: 'Of this process.',
} as const;

export class ReadMetric {
  name: string; // A registry of the OpenMetrics format takes the ending `_total` away.
  readonly help: string;
  readonly type: LedgerMetric['type'];
  /** What a cluster's registry does with the values of its workers. */
  readonly aggregator: 'sum' | 'max';
  readonly labelNames: readonly string[];
  readonly #metric: LedgerMetric;
  readonly #read: () => Promise<readonly Reading[]>;

  /** @param read answers one reading for each ledger. */
  constructor(metric: LedgerMetric, read: () => Promise<readonly Reading[]>) {
    this.name = metric.name;
    this.help = `${metric.help} ${scopes[metric.of]}`;
    this.type = metric.type;
    this.aggregator = metric.of === 'log' ? 'max' : metric.combine;
    this.labelNames = metric.labels;
    this.#metric = metric;
    this.#read = read;
  }

  /** What a registry asks for at a scrape. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = combined(this.#metric, await this.#read()).map(({ labels, value, suffix }) => ({
      labels,
      value,
      ...(suffix === undefined ? {} : { metricName: name + suffix }),
    }));
    return { name, help, type, aggregator, values };
  }

  /** For `registry.resetMetrics()`: nothing is kept here. */
  reset(): void {}
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
