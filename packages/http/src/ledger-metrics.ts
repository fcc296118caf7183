// The metrics that are read at each scrape: their names, and which numbers of the console they are. Those of the log are the same in
// every process, so a query takes the `max` over processes; those of this process are summed. A number that is not known is absent.
import type { AlertKind, Latency, Queue, Source } from '@paidonce/ledger';
import { bucketSeconds, type ObservationOutcome } from '@paidonce/ledger/adapter';
import { alertKinds } from './alert-path.ts';
import type { Reading } from './ledger-reading.ts';
import type { LedgerMetric, Sample } from './metric-shape.ts';
import { subscriptionMetrics } from './subscription-metrics.ts';

const sources: readonly Source[] = ['webhook', 'poll', 'status_query', 'manual'];
const outcomes: readonly ObservationOutcome[] = [
  'granted',
  'suspended',
  'restored',
  'revoked',
  'extended',
  'plan_changed',
  'adjusted',
  'ended',
  'review',
  'recorded',
  'duplicate',
  'held',
  'stale',
  'belongs_to',
  'failed',
];
const queues: readonly Queue[] = ['reviews', 'undelivered', 'awaiting', 'held', 'suspended', 'unreadable'];

const one = (value: number | undefined): readonly Sample[] | undefined => (value === undefined ? undefined : [{ labels: {}, value }]);

export const ledgerMetrics: readonly LedgerMetric[] = [
  {
    name: 'paidonce_observations_total',
    type: 'counter',
    of: 'process',
    help: 'What sources reported about payments, by what became of it.',
    labels: ['source', 'outcome'],
    combine: 'sum',
    samples: ({ counts }) =>
      sources.flatMap((source) =>
        outcomes.map((outcome) => {
          const counted = counts.observations.find((each) => each.source === source && each.outcome === outcome);
          return { labels: { source, outcome }, value: counted?.count ?? 0 };
        }),
      ),
  },
  {
    name: 'paidonce_alerts_total',
    type: 'counter',
    of: 'process',
    help: 'Alerts that were sent to onAlert.',
    labels: ['kind'],
    combine: 'sum',
    samples: ({ counts }) =>
      alertKinds.map((kind: AlertKind) => ({
        labels: { kind },
        value: counts.alerts.find((each) => each.kind === kind)?.count ?? 0,
      })),
  },
  {
    name: 'paidonce_read_model_lag_seconds',
    type: 'gauge',
    of: 'process',
    help: 'How far the read models, from which the metrics of the log are, may be behind it. Absent while they have never caught up.',
    labels: [],
    combine: 'max',
    samples: ({ lagMs }) => one(lagMs === undefined ? undefined : lagMs / 1_000),
  },
  {
    name: 'paidonce_grants_total',
    type: 'counter',
    of: 'log',
    help: 'Memberships granted, by the source that led to it. Without imported ones.',
    labels: ['source'],
    combine: 'sum',
    samples: ({ totals }) => totals && sources.map((source) => ({ labels: { source }, value: totals.grants[source] })),
  },
  {
    name: 'paidonce_rescued_total',
    type: 'counter',
    of: 'log',
    help: 'Grants that no webhook had reported two minutes later. Counted three minutes after the grant.',
    labels: ['source'],
    combine: 'sum',
    samples: ({ totals }) =>
      totals && (['poll', 'status_query'] as const).map((source) => ({ labels: { source }, value: totals.rescued[source] })),
  },
  {
    name: 'paidonce_paid_to_granted_seconds',
    type: 'histogram',
    of: 'log',
    help: 'Time from the payment to the grant.',
    labels: [],
    combine: 'sum',
    samples: ({ totals }) => totals && histogram(totals.latency.paid_to_granted),
  },
  {
    name: 'paidonce_granted_to_saved_seconds',
    type: 'histogram',
    of: 'log',
    help: 'Time from the grant until the shop had it.',
    labels: [],
    combine: 'sum',
    samples: ({ totals }) => totals && histogram(totals.latency.granted_to_saved),
  },
  {
    name: 'paidonce_waiting',
    type: 'gauge',
    of: 'log',
    help: 'How many wait in a queue of the console.',
    labels: ['queue'],
    combine: 'sum',
    samples: (reading) => reading.queues && queues.map((queue) => ({ labels: { queue }, value: reading.queues?.[queue].count ?? 0 })),
  },
  {
    name: 'paidonce_oldest_waiting_seconds',
    type: 'gauge',
    of: 'log',
    help: 'How long the oldest has waited in a queue; 0: nothing waits. Of the undelivered, without abandoned ones.',
    labels: ['queue'],
    combine: 'max',
    samples: oldestWaiting,
  },
  ...subscriptionMetrics,
  {
    name: 'paidonce_abandoned',
    type: 'gauge',
    of: 'log',
    help: 'Of the undelivered decisions, those that nobody tries any more.',
    labels: [],
    combine: 'sum',
    samples: ({ backlog }) => one(backlog?.abandoned),
  },
  {
    name: 'paidonce_shadow_differs',
    type: 'gauge',
    of: 'process',
    help: 'Of the undelivered decisions, those that the shop had differently when this process asked it, in shadow.',
    labels: [],
    combine: 'sum',
    samples: ({ backlog }) => one(backlog?.shadowDiffers),
  },
  {
    name: 'paidonce_webhooks_missed',
    type: 'gauge',
    of: 'log',
    help: 'Orders paid in the last 24 hours that a webhook should have reported and did not. Of the 20 accounts with the newest webhooks.',
    labels: ['account', 'livemode'],
    combine: 'max',
    samples: ({ accounts }) => accounts?.map((each) => ({ labels: accountOf(each), value: each.missed })),
  },
  {
    name: 'paidonce_last_webhook_timestamp_seconds',
    type: 'gauge',
    of: 'log',
    help: 'When the last webhook came that reported something about a payment. Absent: none came. Of the same accounts.',
    labels: ['account', 'livemode'],
    combine: 'max',
    samples: ({ accounts }) =>
      accounts?.flatMap((each) =>
        each.lastWebhookAt === undefined ? [] : [{ labels: accountOf(each), value: Date.parse(each.lastWebhookAt) / 1_000 }],
      ),
  },
  {
    name: 'paidonce_poll_late_seconds',
    type: 'gauge',
    of: 'log',
    help: 'How long the next round of a tier of the poll should have run by now, in the account where it is latest; 0: on time.',
    labels: ['tier'],
    combine: 'max',
    samples: ({ poll }) =>
      poll &&
      [...Map.groupBy(poll.tiers, ({ tier }) => tier)].map(([tier, all]) => ({
        labels: { tier },
        value: Math.max(...all.map(({ lateMs }) => lateMs)) / 1_000,
      })),
  },
  {
    name: 'paidonce_reads_allowed',
    type: 'gauge',
    of: 'log',
    help: 'Reads of Stripe in 30 days that all accounts together may use.',
    labels: [],
    combine: 'sum',
    samples: ({ poll }) => one(poll?.reads.allowed),
  },
  {
    name: 'paidonce_reads_left',
    type: 'gauge',
    of: 'log',
    help: 'How many of these reads are left; negative: more were made. Absent with more than 20 accounts.',
    labels: [],
    combine: 'sum',
    samples: ({ poll }) => one(poll?.reads.left),
  },
];

function accountOf({ account, livemode }: { readonly account: string; readonly livemode: boolean }): Sample['labels'] {
  return { account, livemode: String(livemode) };
}

/** Prometheus counts in each bucket what took at most so long. */
function histogram({ buckets, count, totalMs }: Pick<Latency, 'buckets' | 'count'> & { readonly totalMs: number }): readonly Sample[] {
  let upTo = 0;
  const counted = bucketSeconds.map((seconds, bucket): Sample => {
    upTo += buckets[bucket] ?? 0;
    return { suffix: '_bucket', labels: { le: String(seconds) }, value: upTo };
  });
  return [
    ...counted,
    { suffix: '_bucket', labels: { le: '+Inf' }, value: count },
    { suffix: '_sum', labels: {}, value: totalMs / 1_000 },
    { suffix: '_count', labels: {}, value: count },
  ];
}

/** An abandoned decision would hide what waits behind it, for ever. A queue whose oldest has no time is left out. */
function oldestWaiting({ now, queues: waiting, totals, subscriptions }: Reading): readonly Sample[] | undefined {
  if (waiting === undefined || totals === undefined) return undefined;
  return queues.flatMap((queue) => {
    const pending = [totals.pendingSince, subscriptions?.pendingSince].filter((each) => each !== undefined).sort()[0];
    const since = queue === 'undelivered' ? pending : waiting[queue].oldestSince;
    const value = since === undefined ? 0 : Math.max(0, now - Date.parse(since)) / 1_000;
    return Number.isNaN(value) ? [] : [{ labels: { queue }, value }];
  });
}
