// Rebuilds all read models from the log and compares them, row by row, with the live ones.
import type { Position } from '../event-store/event-store.ts';
import type { MembershipStatus } from '../order/order.ts';
import { openLiveReadModels } from './live-read-models.ts';
import type { LogReader } from './log-reader.ts';
import type { Difference } from './replay-streams.ts';
import { runScanJobs, type ScanPoolOptions, streamParts } from './scan-pool.ts';
import { withSqliteLog } from './sqlite-copy.ts';

export interface ReplayOptions extends ScanPoolOptions {
  /** The live file. It is compared as far as it has applied the log. Absent: they are rebuilt, and counted. */
  readonly readModels?: string;
  /** Without live ones: up to here. */
  readonly asOf?: Position;
}

export interface Replayed {
  readonly events: number;
  readonly orders: number;
  readonly memberships: Readonly<Record<MembershipStatus, number>>;
  readonly openReviews: number;
  readonly pendingDeliveries: number;
  /** Whether there were live ones to compare with, and how far they had applied the log. */
  readonly compared: boolean;
  readonly cursor?: Position;
  /** Some of them; `differing` counts all. */
  readonly differences: readonly Difference[];
  readonly differing: number;
}

export function replayLog(reader: LogReader, { readModels, asOf, ...pool }: ReplayOptions = {}): Promise<Replayed> {
  return withSqliteLog(reader, asOf, async ({ log, upTo }) => {
    const ranges = streamParts(log);
    const jobs = ranges.map((range) => ({ kind: 'replay', part: { range, upTo, newest: '' }, readModels }) as const);
    const parts = await runScanJobs(log, jobs, pool);
    const [strays = []] = readModels === undefined ? [] : await runScanJobs(log, [{ kind: 'strays', readModels }] as const, pool);
    const sum = (count: 'events' | 'orders' | 'openReviews' | 'pendingDeliveries' | 'differing'): number =>
      parts.reduce((total, part) => total + part[count], 0);
    const withStatus = (status: MembershipStatus): number => parts.reduce((total, { memberships }) => total + memberships[status], 0);
    return {
      events: sum('events'),
      orders: sum('orders'),
      memberships: {
        none: withStatus('none'),
        active: withStatus('active'),
        suspended: withStatus('suspended'),
        revoked: withStatus('revoked'),
      },
      openReviews: sum('openReviews'),
      pendingDeliveries: sum('pendingDeliveries'),
      compared: readModels !== undefined,
      ...cursorOf(readModels),
      differences: [...parts.flatMap((part) => part.differences), ...strays],
      differing: sum('differing') + strays.length,
    };
  });
}

function cursorOf(readModels: string | undefined): { readonly cursor?: Position } {
  if (readModels === undefined) return {};
  const live = openLiveReadModels(readModels);
  live.close();
  return live.cursor === undefined ? {} : { cursor: live.cursor };
}
