// A metric as an object that a registry of prom-client takes. Its own classes would have to be set to 0 where a number is not known, and
// only a host with metrics has them.
import type { MetricShape, Sample } from './metric-shape.ts';

const scopes = {
  log: 'From the log: the same in every process.',
  process: 'Of this process.',
} as const;

export class ReadMetric {
  name: string; // A registry of the OpenMetrics format takes the ending `_total` away.
  readonly help: string;
  readonly type: MetricShape['type'];
  /** What a cluster's registry does with the values of its workers. */
  readonly aggregator: 'sum' | 'max';
  readonly labelNames: readonly string[];
  /** What `registry.resetMetrics()` calls. */
  readonly reset: () => void;
  readonly #samples: () => Promise<readonly Sample[]>;

  /** @param samples answers the values at a scrape. @param reset forgets what was counted. Default: nothing is. */
  constructor(shape: MetricShape, samples: () => Promise<readonly Sample[]>, reset: () => void = () => undefined) {
    this.name = shape.name;
    this.help = `${shape.help} ${scopes[shape.of]}`;
    this.type = shape.type;
    this.aggregator = shape.of === 'log' ? 'max' : shape.combine;
    this.labelNames = shape.labels;
    this.reset = reset;
    this.#samples = samples;
  }

  /** What a registry asks for at a scrape. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = (await this.#samples()).map(({ labels, value, suffix }) => ({
      labels,
      value,
      ...(suffix === undefined ? {} : { metricName: name + suffix }),
    }));
    return { name, help, type, aggregator, values };
  }
}
