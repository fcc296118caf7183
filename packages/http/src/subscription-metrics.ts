// The metrics of subscriptions that are read at each scrape; absent where the ledger keeps none.

import type { LookOutcome } from '@paidonce/ledger/adapter';
import type { Reading } from './ledger-reading.ts';
import type { LedgerMetric } from './metric-shape.ts';

const lookOutcomes: readonly LookOutcome[] = ['seen', 'undated', 'missing', 'failed'];

const oneOf = (value: (counts: NonNullable<Reading['subscriptions']>, now: number) => number): LedgerMetric['samples'] => {
  return ({ subscriptions, now }) => subscriptions && [{ labels: {}, value: value(subscriptions, now) }];
};

export const subscriptionMetrics: readonly LedgerMetric[] = [
  {
    name: 'paidonce_subscriptions_due',
    type: 'gauge',
    of: 'log',
    help: 'Subscriptions to look at: their access changes though nothing new is reported. Absent without subscriptions, as the three below.',
    labels: [],
    combine: 'sum',
    samples: oneOf(({ due }) => due.count),
  },
  {
    name: 'paidonce_subscriptions_overdue_seconds',
    type: 'gauge',
    of: 'log',
    help: 'For how long the oldest of these is due; 0: none is.',
    labels: [],
    combine: 'max',
    samples: oneOf(({ due }, now) => (due.oldestSince === undefined ? 0 : Math.max(0, now - Date.parse(due.oldestSince)) / 1_000)),
  },
  {
    name: 'paidonce_subscriptions_in_grace',
    type: 'gauge',
    of: 'log',
    help: 'Active subscriptions whose paid time is over.',
    labels: [],
    combine: 'sum',
    samples: oneOf(({ inGrace }) => inGrace),
  },
  {
    name: 'paidonce_subscriptions_in_dunning',
    type: 'gauge',
    of: 'log',
    help: 'Subscriptions whose renewal Stripe tries to collect.',
    labels: [],
    combine: 'sum',
    samples: oneOf(({ dunning }) => dunning.count),
  },
  {
    name: 'paidonce_subscription_looks_total',
    type: 'counter',
    of: 'process',
    help: 'Looks at subscriptions at Stripe, by what they showed. By `undated` and `missing` ones nothing ends. Absent without subscriptions.',
    labels: ['outcome'],
    combine: 'sum',
    samples: ({ looks }) =>
      looks && lookOutcomes.map((outcome) => ({ labels: { outcome }, value: looks.find((each) => each.outcome === outcome)?.count ?? 0 })),
  },
];
