// Percentiles of a latency that was counted in buckets, and the longest waits of a span in slots.
import type { Latency, Statistics } from '../console-reads.ts';
import { bucketSeconds, hourMs } from './hour-counts.ts';

/** Percentiles lie within their bucket in proportion to its count; in the last one, which has no end, at its beginning. */
export function latencyOf(buckets: readonly number[]): Latency {
  const count = buckets.reduce((sum, each) => sum + each, 0);
  if (count <= 0) return { buckets, count: 0 };
  return {
    buckets,
    count,
    p50Ms: percentile(buckets, count * 0.5),
    p95Ms: percentile(buckets, count * 0.95),
    p99Ms: percentile(buckets, count * 0.99),
  };
}

function percentile(buckets: readonly number[], rank: number): number {
  let before = 0;
  for (const [bucket, count] of buckets.entries()) {
    const from = (bucketSeconds[bucket - 1] ?? 0) * 1_000;
    const to = (bucketSeconds[bucket] ?? bucketSeconds.at(-1) ?? 0) * 1_000;
    if (count > 0 && before + count >= rank) return Math.round(from + ((to - from) * (rank - before)) / count);
    before += count;
  }
  return (bucketSeconds.at(-1) ?? 0) * 1_000;
}

const slots = 84;

/**
 * The longest wait in each of 84 slots. Waits are kept by the hour: a slot that is shorter than an hour shows the hour's.
 * @param waits by whole hours since 1970: of decisions that wait no more. @param pendingSince of the oldest that still waits.
 * @param nowMs to here it has waited.
 */
export function longestWaits(
  span: { readonly fromMs: number; readonly toMs: number },
  waits: ReadonlyMap<number, number>,
  pendingSince: string | undefined,
  nowMs: number,
): Statistics['oldest'] {
  const slotMs = (span.toMs - span.fromMs) / slots;
  const since = pendingSince === undefined ? Number.POSITIVE_INFINITY : Date.parse(pendingSince);
  return Array.from({ length: slots }, (_, slot) => {
    const [from, to] = [span.fromMs + slot * slotMs, span.fromMs + (slot + 1) * slotMs];
    let ageMs = from < nowMs ? Math.max(0, Math.min(to, nowMs) - since) : 0;
    for (let hour = Math.floor(from / hourMs); hour * hourMs < to; hour += 1) ageMs = Math.max(ageMs, waits.get(hour) ?? 0);
    return { from: new Date(Math.round(from)).toISOString(), ageMs: Math.round(ageMs) };
  });
}
