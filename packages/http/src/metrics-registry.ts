// The registry of a host's prom-client, as an interface, so that our declarations need no prom-client.

/** A `Registry` of prom-client 15, as `new Registry()` or its `register`. */
export interface MetricsRegistry {
  registerMetric(metric: object): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}
