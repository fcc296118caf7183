// What a pass of the poll did, over all of its rounds.
import type { SweepSummary } from '@paidonce/ledger/adapter';

/** What a pass did. */
export interface SweepResult extends SweepSummary {
  /** Accounts that have orders here and that our key may not read: another process, with another key, must look there. Absent: none. */
  readonly unreadAccounts?: readonly string[];
}

export const nothing: SweepSummary = { lookedAt: 0, calls: 0, found: 0, rescued: 0 };

export function sumOf(a: SweepSummary, b: SweepSummary): SweepSummary {
  return { lookedAt: a.lookedAt + b.lookedAt, calls: a.calls + b.calls, found: a.found + b.found, rescued: a.rescued + b.rescued };
}

export function closedToUs(own: string, account: string): string {
  return `our key is of ${own} and may not read a list of ${account}, which has orders here; that part of its poll is left to others. Was the Stripe account changed? \`paidonce-stripe doctor\` says more`;
}
