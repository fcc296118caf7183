// What is counted by the hour: grants and webhooks of each account, how long two stages took, and how long decisions waited for
// the shop. Counts are of events, so what a part of the log adds can be added to what was counted before it, in any order.
import { isPaid, type Source } from '../observation.ts';
import type { OrderState } from '../order/order.ts';
import type { FoldedEvent, OrderProgress } from './order-progress.ts';
import { isImport } from './order-progress.ts';

/** `webhook`: from what it states to its arrival. */
export type Stage = 'paid_to_granted' | 'granted_to_saved' | 'webhook';
/** The upper bounds of the buckets of a latency, in seconds; one more bucket holds what took longer. */
export const bucketSeconds: readonly number[] = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400];

/** Where something is counted. `hour`: whole hours since 1970, UTC. */
export interface HourKey {
  readonly hour: number;
  readonly account: string;
  readonly livemode: boolean;
}
export interface HourRow extends HourKey {
  readonly source: Source;
  grants: number;
  rescued: number;
  webhooks: number;
  missed: number;
  /** When the newest webhook of the hour came, ISO 8601 UTC; empty: none came. */
  lastWebhookAt: string;
}
export interface LatencyRow extends HourKey {
  readonly stage: Stage;
  readonly bucket: number;
  count: number;
  /** All of them together. A time before the beginning, by clocks that differ, is no time. */
  totalMs: number;
}
/** The longest that a decision had waited in this hour, once it waits no more. */
export interface WaitRow extends HourKey {
  longestMs: number;
}

/** The columns of the rows, in the order of their tables. */
export function hourColumns(row: HourRow): (string | number)[] {
  const { hour, account, livemode, source, grants, rescued, webhooks, missed, lastWebhookAt } = row;
  return [hour, account, Number(livemode), source, grants, rescued, webhooks, missed, lastWebhookAt];
}
export function latencyColumns({ hour, account, livemode, stage, bucket, count, totalMs }: LatencyRow): (string | number)[] {
  return [hour, account, Number(livemode), stage, bucket, count, totalMs];
}
export function waitColumns({ hour, account, livemode, longestMs }: WaitRow): (string | number)[] {
  return [hour, account, Number(livemode), longestMs];
}

export const hourMs = 3_600_000;
/** A wait is noted in so many hours, and no more: 400 days. */
const mostHours = 9_600;

/** What a part of the log adds to the counters. Counts may be negative: what was rescued is taken back by a webhook. */
export class HourCounts {
  readonly hours: Map<string, HourRow> = new Map();
  readonly latencies: Map<string, LatencyRow> = new Map();
  readonly waits: Map<string, WaitRow> = new Map();

  hour(key: HourKey, source: Source): HourRow {
    const name = `${nameOf(key)} ${source}`;
    let row = this.hours.get(name);
    if (row === undefined) {
      row = { ...key, source, grants: 0, rescued: 0, webhooks: 0, missed: 0, lastWebhookAt: '' };
      this.hours.set(name, row);
    }
    return row;
  }

  took(key: HourKey, stage: Stage, ms: number): void {
    const row = this.latency(key, stage, bucketOf(ms));
    row.count += 1;
    row.totalMs += Math.max(0, ms);
  }

  latency(key: HourKey, stage: Stage, bucket: number): LatencyRow {
    const name = `${nameOf(key)} ${stage} ${bucket}`;
    let row = this.latencies.get(name);
    if (row === undefined) {
      row = { ...key, stage, bucket, count: 0, totalMs: 0 };
      this.latencies.set(name, row);
    }
    return row;
  }

  waited(key: HourKey, longestMs: number): void {
    const name = nameOf(key);
    const row = this.waits.get(name);
    if (row === undefined) this.waits.set(name, { ...key, longestMs });
    else row.longestMs = Math.max(row.longestMs, longestMs);
  }
}

function nameOf({ hour, account, livemode }: HourKey): string {
  return `${hour} ${account} ${livemode}`;
}

function bucketOf(ms: number): number {
  const bucket = bucketSeconds.findIndex((seconds) => ms <= seconds * 1_000);
  return bucket === -1 ? bucketSeconds.length : bucket;
}

/** The whole hours since 1970 until a time in ISO 8601. */
export function hourOf(at: string): number {
  return Math.floor(Date.parse(at) / hourMs);
}

/** `paidAt`: when the payment was paid that the grant rests on. */
interface CountedEvent extends FoldedEvent {
  readonly was: OrderProgress;
  readonly is: OrderProgress;
  readonly paidAt: string | null;
}

/** Counts one event of an order. Without the time of the event, nothing is counted. */
export function countEvent(counts: HourCounts, counted: CountedEvent): void {
  const { read, after, was, is, paidAt } = counted;
  if (read.type === 'PaymentObserved' && read.data.source === 'webhook') {
    const { payment, observedAt, asOf } = read.data;
    const key = { hour: hourOf(observedAt), account: payment.account, livemode: payment.livemode };
    const row = counts.hour(key, 'webhook');
    row.webhooks += 1;
    if (observedAt > row.lastWebhookAt) row.lastWebhookAt = observedAt;
    counts.took(key, 'webhook', Date.parse(observedAt) - Date.parse(asOf));
    if (isPaid(read.data.fact) && was.rescued && !is.rescued) countRescued(counts, after, was.grantedAt, paidAt, -1);
  }
  if (after.placed === undefined || is.newestAt === null) return;
  const isGrant = read.type === 'MembershipGranted' && !isImport(counted.event);
  if (!isGrant && was.pendingSince === is.pendingSince && was.grantUnsaved === is.grantUnsaved) return;
  const key = { hour: hourOf(is.newestAt), account: after.placed.account, livemode: after.placed.livemode };
  if (isGrant) {
    counts.hour(key, read.data.source).grants += 1;
    counts.took(key, 'paid_to_granted', Date.parse(is.newestAt) - Date.parse(read.data.paidAt));
    if (is.rescued) countRescued(counts, after, is.grantedAt, paidAt, 1);
  }
  const isFound = read.type === 'MembershipDelivered' && read.data.found === true; // Nothing was delivered: the shop had it.
  if (was.grantUnsaved && !is.grantUnsaved && was.grantedAt !== null && !isFound)
    counts.took(key, 'granted_to_saved', Date.parse(is.newestAt) - Date.parse(was.grantedAt));
  if (was.pendingSince !== null && was.pendingSince !== is.pendingSince) countWait(counts, key, was.pendingSince, is.newestAt);
}

/** A rescued grant counts in the hour of the grant, and as missed in the hour of the payment. */
function countRescued(counts: HourCounts, order: OrderState, grantedAt: string | null, paidAt: string | null, times: 1 | -1): void {
  const { placed, grantedBy } = order;
  if (placed === undefined || grantedBy === undefined || grantedAt === null || paidAt === null) return;
  const { account, livemode } = placed;
  counts.hour({ hour: hourOf(grantedAt), account, livemode }, grantedBy).rescued += times;
  counts.hour({ hour: hourOf(paidAt), account, livemode }, grantedBy).missed += times;
}

/** In each hour of the wait: how long it had lasted at the end of the hour, or in the end. */
function countWait(counts: HourCounts, { account, livemode }: HourKey, since: string, until: string): void {
  const [from, to] = [Date.parse(since), Date.parse(until)];
  if (!(to > from)) return;
  const last = Math.floor(to / hourMs);
  for (let hour = Math.max(Math.floor(from / hourMs), last - mostHours); hour <= last; hour += 1)
    counts.waited({ hour, account, livemode }, Math.min(to, (hour + 1) * hourMs) - from);
}
