// What our routes count. Declared apart from prom-client, which only a host with metrics has.

export interface RouteMetrics {
  webhook(outcome: string): void;
  statusQuery(outcome: string): void;
  /** The app has closed: nothing more of it is counted. */
  close(): void;
}

export const noMetrics: RouteMetrics = { webhook: () => undefined, statusQuery: () => undefined, close: () => undefined };
