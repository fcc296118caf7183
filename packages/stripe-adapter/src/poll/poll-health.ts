// How the poll is doing, for an operator: from the log, so every process says the same.
import type { PaymentLedger, Runtime } from '@paidonce/ledger';
import type { AccountOrders, SweepProgress } from '@paidonce/ledger/adapter';
import { accountTargets, withoutOldStarts } from '../stripe/account-targets.ts';
import type { ReadAllowance } from '../stripe/read-allowance.ts';
import { openPurse, type PolledAccount } from './purse.ts';
import { appliesTo, intervalMsOf, type SweepTier, tiersOf } from './schedule.ts';

/** One tier of the poll, in one account. */
export interface TierHealth {
  readonly tier: SweepTier;
  readonly account: string;
  readonly livemode: boolean;
  /** Where its last finished round ended. ISO 8601 UTC. Absent: none has finished. */
  readonly upTo?: string;
  /** False: there is nothing to look for, so no round comes. */
  readonly isNeeded: boolean;
  /** When the next round is due. ISO 8601 UTC. Absent: none is needed, or the tier cannot be read. */
  readonly dueAt?: string;
  /** How long it should have run by now, in milliseconds. 0: it is on time. */
  readonly lateMs: number;
}

export interface PollHealth {
  /** The tiers of the 20 accounts with the newest payments. */
  readonly tiers: readonly TierHealth[];
  readonly reads: {
    /** Reads of Stripe in 30 days that all accounts together may use. */
    readonly allowed: number;
    /** Negative: more were made. Absent: there are more than 20 accounts, and only these were read. */
    readonly left?: number;
    /** UTC days, oldest first; those without a read are left out. */
    readonly days: readonly { readonly day: string; readonly reads: number }[];
  };
}

const shownAccounts = 20;
/** A pass looks at each tier once in an interval, and takes its time. */
const graceIntervals = 2;

export async function pollHealth(
  ledger: PaymentLedger,
  { runtime, allowance, intervalMs }: { readonly runtime: Runtime; readonly allowance: ReadAllowance; readonly intervalMs: number },
): Promise<PollHealth> {
  const now = runtime.now();
  const all = await accountTargets(ledger, now);
  const shown = all.toSorted((a, b) => newestOf(b).localeCompare(newestOf(a))).slice(0, shownAccounts);
  const purse = await openPurse(ledger, shown, allowance, now);
  return {
    tiers: purse.accounts.flatMap((account) => tiersOf(account.orders).map((tier) => tierHealth(tier, account, intervalMs, now))),
    reads: {
      allowed: allowance.of(all),
      ...(shown.length === all.length ? { left: purse.left } : {}),
      days: readsByDay(purse.accounts),
    },
  };
}

function newestOf({ newestPaidAt, firstPlacedAt }: AccountOrders): string {
  return newestPaidAt ?? firstPlacedAt;
}

function tierHealth(tier: SweepTier, { orders, progress, share }: PolledAccount, intervalMs: number, now: Date): TierHealth {
  const read = progress[tier];
  const { upTo }: Partial<SweepProgress> = read?.status === 'fulfilled' ? read.value : {};
  const about = { tier, account: orders.account, livemode: orders.livemode, ...(upTo === undefined ? {} : { upTo }) };
  const isNeeded = appliesTo(tier, withoutOldStarts(orders, upTo ?? orders.firstPlacedAt));
  if (!isNeeded || read?.status !== 'fulfilled') return { ...about, isNeeded, lateMs: 0 };
  const againMs = Date.parse(upTo ?? orders.firstPlacedAt) + intervalMsOf(tier, { intervalMs, orders, share, now });
  const firstMs = tier === 'due' ? Date.parse(orders.subscriptions?.oldestDueAt ?? orders.firstPlacedAt) : againMs;
  const dueMs = Math.max(againMs, firstMs);
  const lateMs = now.getTime() - dueMs;
  return { ...about, isNeeded, dueAt: new Date(dueMs).toISOString(), lateMs: lateMs > graceIntervals * intervalMs ? lateMs : 0 };
}

function readsByDay(accounts: readonly PolledAccount[]): PollHealth['reads']['days'] {
  const byDay = new Map<string, number>();
  for (const { progress } of accounts) {
    for (const read of Object.values(progress)) {
      if (read.status === 'rejected') continue;
      for (const { day, reads } of read.value.spent) byDay.set(day, (byDay.get(day) ?? 0) + reads);
    }
  }
  return [...byDay].toSorted(([a], [b]) => a.localeCompare(b)).map(([day, reads]) => ({ day, reads }));
}
