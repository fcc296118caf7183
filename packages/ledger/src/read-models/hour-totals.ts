// What was counted since the log began, for the counters of a monitoring system. The sum of the counters by the hour, so that it is
// the same as a console shows; the hours that do not change any more are summed up once in a process.
import type { Totals } from '../console-reads.ts';
import type { Source } from '../observation.ts';
import { bucketSeconds, hourMs, hourOf } from './hour-counts.ts';
import { webhookGraceMs } from './order-progress.ts';
import type { ReadModelFile } from './read-model-file.ts';

/**
 * @param upTo to here the rows have read the log, ISO 8601 UTC.
 * @param isWhole false: the rows have not caught up with the log yet, so that hours which are long over still change.
 */
export type TotalsUpTo = (upTo: string, isWhole: boolean) => Omit<Totals, 'lagMs'>;

/** Events come into an hour after its end where clocks differ, and a webhook takes a rescue back in the hour of the grant. */
const hoursThatChange = 48;
/** How much the clocks of processes may differ, for a rescue not to be counted and taken back. */
const clockSkewMs = 60_000;

/** Sums up to an hour, by their names. */
interface Sums {
  readonly grants: Map<string, number>;
  readonly rescued: Map<string, number>;
  /** Key: stage and bucket. */
  readonly counts: Map<string, number>;
  /** Key: stage. */
  readonly totalMs: Map<string, number>;
}

export function openTotals(db: ReadModelFile['db']): TotalsUpTo {
  const hours = db.prepare(
    'select source, sum(grants) as grants, sum(rescued) as rescued from hours where hour >= ? and hour < ? group by source',
  );
  const latencies = db.prepare(
    "select stage, bucket, sum(count) as count, sum(total_ms) as ms from latencies where hour >= ? and hour < ? and stage <> 'webhook' group by stage, bucket",
  );
  const young = db.prepare(
    "select json_extract(state, '$.grantedBy') as source, count(*) as count from orders where rescued = 1 and granted_at > ? group by source",
  );
  const pending = db.prepare('select min(pending_since) as since from orders where pending = 1');

  /** The hours before `before`, which do not change any more. Written by the function below, which moves it on. */
  let old: { readonly before: number; readonly sums: Sums } = { before: firstHour, sums: emptySums() };

  function add(sums: Sums, from: number, before: number): Sums {
    const added = (map: Map<string, number>, name: string, value: unknown) => map.set(name, (map.get(name) ?? 0) + Number(value));
    for (const row of hours.all(from, before)) {
      added(sums.grants, String(row['source']), row['grants']);
      added(sums.rescued, String(row['source']), row['rescued']);
    }
    for (const row of latencies.all(from, before)) {
      added(sums.counts, `${row['stage']} ${row['bucket']}`, row['count']);
      added(sums.totalMs, String(row['stage']), row['ms']);
    }
    return sums;
  }

  return (upTo, isWhole) => {
    const before = hourOf(upTo) - hoursThatChange;
    if (isWhole && before > old.before) old = { before, sums: add(old.sums, old.before, before) };
    const { grants, rescued, counts, totalMs } = add(copyOf(old.sums), old.before, lastHour);
    const settledAt = new Date(Date.parse(upTo) - webhookGraceMs - clockSkewMs).toISOString();
    for (const row of young.all(settledAt)) {
      const source = String(row['source']);
      rescued.set(source, (rescued.get(source) ?? 0) - Number(row['count']));
    }
    const of = (map: Map<string, number>, source: Source): number => map.get(source) ?? 0;
    const latency = (stage: keyof Totals['latency']): Totals['latency'][typeof stage] => {
      const buckets = Array.from({ length: bucketSeconds.length + 1 }, (_, bucket) => counts.get(`${stage} ${bucket}`) ?? 0);
      return { buckets, count: buckets.reduce((sum, each) => sum + each, 0), totalMs: totalMs.get(stage) ?? 0 };
    };
    const since = pending.get()?.['since'];
    return {
      grants: {
        webhook: of(grants, 'webhook'),
        poll: of(grants, 'poll'),
        status_query: of(grants, 'status_query'),
        manual: of(grants, 'manual'),
      },
      rescued: { poll: of(rescued, 'poll'), status_query: of(rescued, 'status_query') },
      latency: { paid_to_granted: latency('paid_to_granted'), granted_to_saved: latency('granted_to_saved') },
      ...(typeof since === 'string' ? { pendingSince: since } : {}),
    };
  };
}

/** Before and after every hour that an event can have. */
const firstHour = 0;
const lastHour = Math.floor(8.64e15 / hourMs);

function emptySums(): Sums {
  return { grants: new Map(), rescued: new Map(), counts: new Map(), totalMs: new Map() };
}
function copyOf({ grants, rescued, counts, totalMs }: Sums): Sums {
  return { grants: new Map(grants), rescued: new Map(rescued), counts: new Map(counts), totalMs: new Map(totalMs) };
}
