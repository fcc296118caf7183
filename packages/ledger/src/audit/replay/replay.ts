// Rebuilds all read models from the log and compares them, row by row, with the live ones.
import { defined } from '../../defined.ts';
import type { Position } from '../../event-store/event-store.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { LogReader } from '../log/log-reader.ts';
import { withSqliteLog } from '../log/sqlite-copy.ts';
import { runScanJobs, type ScanPoolOptions, streamParts } from '../scan/scan-pool.ts';
import type { Difference } from './difference.ts';
import { type LiveAccount, type LiveReadModels, openLiveReadModels } from './live-read-models.ts';
import type { ReplayedPart } from './replay-streams.ts';
import { tableDifferences } from './replay-tables.ts';
import { noteAccount, type ReplayedAccount } from './replayed-accounts.ts';

/** What to rebuild, and what to compare it with. */
export interface ReplayOptions extends ScanPoolOptions {
  /**
   * Path of the file with the live read models. It is compared up to the position that it has applied. Absent: the read
   * models are only rebuilt and counted.
   */
  readonly readModels?: string;
  /** Rebuilds up to this position. Ignored if `readModels` is set. Default: up to the end of the log. */
  readonly asOf?: Position;
}

/** The result of a replay. */
export interface Replayed {
  readonly events: number;
  readonly orders: number;
  /** How many orders have each status. */
  readonly memberships: Readonly<Record<MembershipStatus, number>>;
  readonly subscriptions: number;
  /** How many subscriptions have each status. */
  readonly subscriptionMemberships: Readonly<Record<MembershipStatus, number>>;
  /** Of orders and of subscriptions, likewise below. */
  readonly openReviews: number;
  readonly pendingDeliveries: number;
  /** True if there was a live file to compare with. */
  readonly compared: boolean;
  /** The position up to which the live read models had applied the log. Absent: nothing was applied, or nothing compared. */
  readonly cursor?: Position;
  /** How many events come after `cursor`: the live read models have not applied them, so they were not compared. */
  readonly notCompared: number;
  /** The differences; not all, if there are very many. */
  readonly differences: readonly Difference[];
  /** How many differences there are. An order that cannot be read counts as one. */
  readonly differing: number;
}

/**
 * Rebuilds all read models from the log, and compares them with the live ones. It writes nothing.
 * @throws LedgerError `invalid_input`: `readModels` names no file, or one of another layout. `store_unavailable`. Also what the
 *   store of the log throws.
 */
export function replayLog(reader: LogReader, { readModels, asOf, ...pool }: ReplayOptions = {}): Promise<Replayed> {
  const { onEvents } = pool;
  return withSqliteLog(reader, { asOf, onEvents }, async ({ log, upTo, copied }) => {
    const jobs = streamParts(log).map((range) => ({ kind: 'replay', part: { range, upTo, newest: '' }, readModels }) as const);
    // `strays` is the one job that reads the live file and searches its rows in the log.
    const [strays, ...parts] = await runScanJobs(log, [{ kind: 'strays', readModels }, ...jobs] as const, {
      ...pool,
      onEvents: (events) => onEvents?.(copied + events),
    });
    const whole = readModels === undefined ? [] : wholeDifferences(readModels, parts);
    const sum = (count: 'events' | 'orders' | 'subscriptions' | 'openReviews' | 'pendingDeliveries' | 'differing'): number =>
      parts.reduce((total, part) => total + part[count], 0);
    const cursor = readModels === undefined ? undefined : cursorOf(readModels);
    const statuses = (of: 'memberships' | 'subscriptionMemberships'): Record<MembershipStatus, number> => {
      const total = { none: 0, active: 0, suspended: 0, revoked: 0 };
      for (const part of parts) for (const status of Object.keys(total) as MembershipStatus[]) total[status] += part[of][status];
      return total;
    };
    return {
      events: sum('events'),
      orders: sum('orders'),
      memberships: statuses('memberships'),
      subscriptions: sum('subscriptions'),
      subscriptionMemberships: statuses('subscriptionMemberships'),
      openReviews: sum('openReviews'),
      pendingDeliveries: sum('pendingDeliveries'),
      compared: readModels !== undefined,
      ...defined({ cursor }),
      notCompared: readModels === undefined ? 0 : await eventsBehind(reader, cursor),
      differences: [...parts.flatMap((part) => part.differences), ...strays, ...whole],
      differing: sum('differing') + strays.length + whole.length,
    };
  });
}

/** Compares what needs all parts. If the live read models changed meanwhile, each part has seen another state: then nothing. */
function wholeDifferences(readModels: string, parts: readonly ReplayedPart[]): readonly Difference[] {
  const live = openLiveReadModels(readModels);
  try {
    if (parts.some(({ cursor }) => cursor !== live.cursor)) return [];
    const tables = parts.flatMap((part) => part.tables ?? []);
    return [...accountDifferences(live, parts), ...(tables.length === parts.length ? tableDifferences(live.tables, tables) : [])];
  } finally {
    live.close();
  }
}

function accountDifferences(live: LiveReadModels, parts: readonly ReplayedPart[]): readonly Difference[] {
  const replayed = new Map<string, ReplayedAccount>();
  for (const part of parts) for (const account of part.accounts) noteAccount(replayed, account);
  const found = new Map(live.accounts().map((account) => [`${account.account} ${account.livemode}`, account]));
  return [...new Set([...replayed.keys(), ...found.keys()])].flatMap((key) => accountDifference(key, replayed.get(key), found.get(key)));
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
  // If a paid payment was moved away, both values are right: it depends on where the pages of the log ended.
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
  for await (const rows of reader.rows(defined({ after: cursor }))) events += rows.length;
  return events;
}
