// The counters by the hour: adds what a page of the log counted, and sums it up by local days, by stages and by accounts.
import type { AccountHealth, Latency, Statistics } from '../console-reads.ts';
import type { Source } from '../observation.ts';
import { bucketSeconds, type HourCounts, hourColumns, hourMs, latencyColumns, type Stage, waitColumns } from './hour-counts.ts';
import { latencyOf } from './latency.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** Hours `from` to `to`, both included: whole hours since 1970, UTC. `account` null: all. */
export interface HourSpan {
  readonly from: number;
  readonly to: number;
  readonly account: string | null;
}

export interface HourRows {
  /** Call it once for each page, in the transaction that moves the cursor. */
  add(counts: HourCounts): void;
  /** One day for each local day of the span. */
  days(span: HourSpan, utcOffsetHours: number): Statistics['days'];
  latency(span: HourSpan, stage: Stage): Latency;
  /** The longest wait that ended or lasted in each hour of the span. Key: the hour. */
  waits(span: HourSpan): ReadonlyMap<number, number>;
  /** Since when the oldest decision is tried that the shop does not have. Undefined: none is. */
  pendingSince(account: string | null): string | undefined;
  /** The accounts and modes in which orders were placed, in the 24 hours up to `hour`. */
  accountHealth(hour: number): readonly AccountHealth[];
}

const dayHours = 24;

export function openHourRows({ db }: ReadModelFile): HourRows {
  const addHour = db.prepare(`
    insert into hours values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set
      grants = grants + excluded.grants, rescued = rescued + excluded.rescued, webhooks = webhooks + excluded.webhooks,
      missed = missed + excluded.missed, last_webhook_at = max(last_webhook_at, excluded.last_webhook_at)`);
  const addLatency = db.prepare('insert into latencies values (?, ?, ?, ?, ?, ?) on conflict do update set count = count + excluded.count');
  const addWait = db.prepare(
    'insert into waits values (?, ?, ?, ?) on conflict do update set longest_ms = max(longest_ms, excluded.longest_ms)',
  );
  const ofSpan = 'hour between :from and :to and (:account is null or account = :account)';
  // node:sqlite binds a number as a real, and a real divides without a remainder: each hour would be a day of its own.
  const days = db.prepare(`
    select (hour + cast(:offset as integer)) / ${dayHours} as day, source, sum(grants) as grants, sum(rescued) as rescued
    from hours where ${ofSpan} group by day, source`);
  const latency = db.prepare(`select bucket, sum(count) as count from latencies where ${ofSpan} and stage = :stage group by bucket`);
  const waits = db.prepare(`select hour, max(longest_ms) as longest from waits where ${ofSpan} group by hour`);
  const pending = db.prepare('select min(pending_since) as since from orders where pending = 1');
  const pendingOf = db.prepare('select min(pending_since) as since from orders where pending = 1 and account = ?');

  return {
    add: ({ hours, latencies, waits }) => {
      for (const row of hours.values()) addHour.run(...hourColumns(row));
      for (const row of latencies.values()) addLatency.run(...latencyColumns(row));
      for (const row of waits.values()) addWait.run(...waitColumns(row));
    },
    days: ({ from, to, account }, utcOffsetHours) => {
      const rows = Map.groupBy(days.all({ from, to, account, offset: utcOffsetHours }), (row) => Number(row['day']));
      const all: Statistics['days'][number][] = [];
      const [first, last] = [from, to].map((hour) => Math.floor((hour + utcOffsetHours) / dayHours)) as [number, number];
      for (let day = first; day <= last; day += 1) all.push(dayOf(day, rows.get(day) ?? []));
      return all;
    },
    latency: (span, stage) => {
      const buckets = Array.from({ length: bucketSeconds.length + 1 }, () => 0);
      for (const row of latency.all({ ...span, stage })) buckets[Number(row['bucket'])] = Number(row['count']);
      return latencyOf(buckets);
    },
    waits: (span) => new Map(waits.all({ ...span }).map((row) => [Number(row['hour']), Number(row['longest'])])),
    pendingSince: (account) => {
      const row = account === null ? pending.get() : pendingOf.get(account);
      return (row?.['since'] as string | null) ?? undefined;
    },
    accountHealth: openAccountHealth(db),
  };
}

function dayOf(day: number, rows: readonly Readonly<Record<string, unknown>>[]): Statistics['days'][number] {
  const of = (column: 'grants' | 'rescued', source: Source): number => Number(rows.find((row) => row['source'] === source)?.[column] ?? 0);
  return {
    day: new Date(day * dayHours * hourMs).toISOString().slice(0, 10),
    grants: {
      webhook: of('grants', 'webhook'),
      poll: of('grants', 'poll'),
      status_query: of('grants', 'status_query'),
      manual: of('grants', 'manual'),
    },
    rescued: { poll: of('rescued', 'poll'), status_query: of('rescued', 'status_query') },
  };
}

function openAccountHealth(db: ReadModelFile['db']): HourRows['accountHealth'] {
  const accounts = db.prepare('select account, livemode from accounts order by account, livemode');
  const perHour = db.prepare(`
    select hour, sum(webhooks) as webhooks, sum(missed) as missed from hours
    where hour between ? and ? and account = ? and livemode = ? group by hour`);
  const latency = db.prepare(`
    select bucket, sum(count) as count from latencies
    where hour between ? and ? and account = ? and livemode = ? and stage = 'webhook' group by bucket`);
  const last = db.prepare(
    'select last_webhook_at as at from hours where account = ? and livemode = ? and webhooks > 0 order by hour desc limit 1',
  );

  return (hour) => {
    const from = hour - dayHours + 1;
    return accounts.all().map((row) => {
      const [account, livemode] = [String(row['account']), Number(row['livemode'])];
      const counted = new Map(perHour.all(from, hour, account, livemode).map((each) => [Number(each['hour']), each]));
      const hours = Array.from({ length: dayHours }, (_, index) => {
        const each = counted.get(from + index);
        return {
          from: new Date((from + index) * hourMs).toISOString(),
          webhooks: Number(each?.['webhooks'] ?? 0),
          missed: Number(each?.['missed'] ?? 0),
        };
      });
      const buckets = Array.from({ length: bucketSeconds.length + 1 }, () => 0);
      for (const each of latency.all(from, hour, account, livemode)) buckets[Number(each['bucket'])] = Number(each['count']);
      const lastWebhookAt = last.get(account, livemode)?.['at'];
      return {
        account,
        livemode: livemode === 1,
        ...(typeof lastWebhookAt === 'string' ? { lastWebhookAt } : {}),
        latency: latencyOf(buckets),
        missed: hours.reduce((sum, { missed }) => sum + missed, 0),
        hours,
      };
    });
  };
}
