// What a backfill did, or would do in a dry run.

/** Counts of orders by their outcome; with `dryRun`, by what it would be. */
export interface Backfilled {
  /** Orders that were compared with Stripe, whatever came of them. */
  readonly examined: number;
  /** Became members, and the shop is informed. */
  readonly granted: number;
  /** Were members already, by the shop's list. */
  readonly imported: number;
  /** Had a membership in the ledger before. */
  readonly known: number;
  readonly unpaid: number;
  /** A person must check: another amount, another order's payment, refunded. */
  readonly review: number;
  readonly notOurs: number;
  readonly calls: number;
  /** Which orders those are, and why. */
  readonly problems: readonly string[];
}

/** Why a person must check. One cause has one sentence, in a dry run and in a run. */
export const causes: Readonly<Record<'unreadable' | 'notPlaced' | 'wentBack' | 'noMembership', string>> = {
  unreadable: 'it cannot be read. Is the package of Stripe older than its API version?',
  notPlaced: 'it names an order that is not placed; list it among --orders',
  wentBack: 'it has refunds or disputes, which are reported first: no membership comes of it unless enough is left',
  noMembership: 'it was recorded, and no membership came of it: see `paidonce explain`',
};
