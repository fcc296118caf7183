// Rebuilds all read models from the log and compares them, row by row, with the live ones.
import { defined } from '../../defined.ts';
import type { Position } from '../../event-store/event-store.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { LogReader } from '../log/log-reader.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import { runScanJobs, type ScanPoolOptions, streamParts } from '../scan/scan-pool.ts';
import { type LiveAccount, openLiveReadModels } from './live-read-models.ts';
import { type Difference, noteAccount, type ReplayedAccount, type ReplayedPart } from './replay-streams.ts';

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
  /** Events behind that place: the live ones have not applied them, so of these nothing was compared. */
  readonly notCompared: number;
  /** Some of them; `differing` counts all. */
  readonly differences: readonly Difference[];
  readonly differing: number;
}

export function replayLog(reader: LogReader, { readModels, asOf, ...pool }: ReplayOptions = {}): Promise<Replayed> {
  const { onEvents } = pool;
  return withSqliteLog(reader, { asOf, onEvents }, async ({ log, upTo, copied }) => {
    const jobs = streamParts(log).map((range) => ({ kind: 'replay', part: { range, upTo, newest: '' }, readModels }) as const);
    // A job beside the others: it looks each live row up in the log.
    const [strays, ...parts] = await runScanJobs(log, [{ kind: 'strays', readModels }, ...jobs] as const, {
      ...pool,
      onEvents: (events) => onEvents?.(copied + events),
    });
    const accounts = readModels === undefined ? [] : accountDifferences(readModels, parts);
    const sum = (count: 'events' | 'orders' | 'openReviews' | 'pendingDeliveries' | 'differing'): number =>
      parts.reduce((total, part) => total + part[count], 0);
    const cursor = readModels === undefined ? undefined : cursorOf(readModels);
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
      ...defined({ cursor }),
      notCompared: readModels === undefined ? 0 : await eventsBehind(reader, cursor),
      differences: [...parts.flatMap((part) => part.differences), ...strays, ...accounts],
      differing: sum('differing') + strays.length + accounts.length,
    };
  });
}

/** Of live ones that moved on meanwhile, accounts are left out: each part was compared with another moment of them. */
function accountDifferences(readModels: string, parts: readonly ReplayedPart[]): readonly Difference[] {
  const live = openLiveReadModels(readModels);
  try {
    if (parts.some(({ cursor }) => cursor !== live.cursor)) return [];
    const replayed = new Map<string, ReplayedAccount>();
    for (const part of parts) for (const account of part.accounts) noteAccount(replayed, account);
    const found = new Map(live.accounts().map((account) => [`${account.account} ${account.livemode}`, account]));
    return [...new Set([...replayed.keys(), ...found.keys()])].flatMap((key) => accountDifference(key, replayed.get(key), found.get(key)));
  } finally {
    live.close();
  }
}

function accountDifference(key: string, replayed: ReplayedAccount | undefined, live: LiveAccount | undefined): readonly Difference[] {
  const subject = `account ${key.replace(/ true$/, ', live').replace(/ false$/, ', test')}`;
  if (replayed === undefined) return [{ subject, place: 'accounts', replayed: 'nothing: no order was placed in it', live: 'a row' }];
  if (live === undefined) return [{ subject, place: 'accounts', replayed: 'a row', live: 'nothing' }];
  const differences: Difference[] = [];
  const { firstPlacedAt, isPaid, wasPaid } = replayed;
  if (live.firstPlacedAt !== firstPlacedAt) {
    differences.push({ subject, place: 'accounts.first_placed_at', replayed: firstPlacedAt, live: live.firstPlacedAt });
  }
  // A payment that was moved away may have been seen there, or not: it depends on where pages ended.
  if (live.everPaid ? !wasPaid : isPaid)
    differences.push({ subject, place: 'accounts.ever_paid', replayed: String(isPaid), live: String(live.everPaid) });
  return differences;
}

function cursorOf(readModels: string): Position | undefined {
  const live = openLiveReadModels(readModels);
  live.close();
  return live.cursor;
}

async function eventsBehind(reader: LogReader, cursor: Position | undefined): Promise<number> {
  let events = 0;
  for await (const rows of reader.rows(cursor === undefined ? {} : { after: cursor })) events += rows.length;
  return events;
}
