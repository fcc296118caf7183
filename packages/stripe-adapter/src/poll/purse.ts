// What the poll may spend, as of the beginning of a pass: how far the tiers of each account have come, and its share.
import type { PaymentLedger } from '@paidonce/ledger';
import type { DayOfReads, SweepProgress } from '@paidonce/ledger/adapter';
import type { AccountTarget } from '../stripe/account-targets.ts';
import type { ReadAllowance } from '../stripe/read-allowance.ts';
import { nameOf, type SweepTier, tiersOf } from './schedule.ts';
import { allReads, type Share, sharesOf } from './shares.ts';

/** How far the rounds of a tier have come. Rejected: its stream cannot be read, which keeps no other tier from its rounds. */
type TierProgress = PromiseSettledResult<SweepProgress>;

export interface PolledAccount {
  readonly orders: AccountTarget;
  /** The account has these tiers. */
  readonly progress: Readonly<Partial<Record<SweepTier, TierProgress>>>;
  readonly share: Share;
}

export interface Purse {
  readonly accounts: readonly PolledAccount[];
  /** All reads of 30 days, those of customers and webhooks included. */
  readonly allowance: number;
  /** What the log leaves of them. Below zero: more was spent. */
  readonly left: number;
}

/** Reads how far the tiers of each account have come. Never rejects for a tier that cannot be read. */
export async function openPurse(
  ledger: PaymentLedger,
  targets: readonly AccountTarget[],
  allowance: ReadAllowance,
  now: Date,
): Promise<Purse> {
  const read: (AccountProgress & { readonly spent: readonly DayOfReads[] })[] = [];
  // One account after the other: a platform has thousands.
  for (const orders of targets) read.push(await readProgress(ledger, orders));
  const reads = allowance.of(targets);
  const shares = sharesOf(read, reads, now);
  return {
    accounts: read.map(({ orders, progress }, place) => ({ orders, progress, share: shares[place] as Share })),
    allowance: reads,
    left: read.reduce((left, { spent }) => left - allReads(spent, now), reads),
  };
}

type AccountProgress = Omit<PolledAccount, 'share'>;

async function readProgress(ledger: PaymentLedger, orders: AccountTarget): Promise<AccountProgress & { spent: readonly DayOfReads[] }> {
  const tiers = tiersOf(orders);
  const read = await Promise.allSettled(tiers.map((tier) => ledger.forAdapters.sweepProgress(nameOf(tier, orders))));
  const spent = read.flatMap((tier) => (tier.status === 'fulfilled' ? tier.value.spent : []));
  const progress = Object.fromEntries(tiers.map((tier, place) => [tier, read[place]])) as PolledAccount['progress'];
  return { orders, progress, spent };
}
