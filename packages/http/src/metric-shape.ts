// What a metric of the ledger is: its name and type, and how a scrape reads it.
import type { Reading } from './ledger-reading.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** The end of the name, for the parts of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

export interface MetricShape {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** `log`: from the log, the same in every process. `process`: of this one alone. */
  readonly of: 'log' | 'process';
  readonly help: string;
  readonly labels: readonly string[];
  /** How the samples of several ledgers, or of a cluster's workers, become one. */
  readonly combine: 'sum' | 'max';
}

export interface LedgerMetric extends MetricShape {
  /** Undefined: not known now. */
  readonly samples: (reading: Reading) => readonly Sample[] | undefined;
}
