// What a backfill did, or would do in a dry run.
import type { PlacedOtherwise } from '@paidonce/ledger';
import { termsInWords } from '@paidonce/ledger/adapter';

/** Counts of orders by their outcome; with `dryRun`, by what it would be. */
export interface Backfilled {
  /** Orders that were compared with Stripe, whatever came of them. */
  readonly examined: number;
  /** Became members, and the shop is informed. */
  readonly granted: number;
  /** Were members already, by the shop's list. */
  readonly imported: number;
  /** Had a membership in the ledger before; or are placed there, and not paid at Stripe either. */
  readonly known: number;
  /** Not paid, fulfilled ones too. */
  readonly unpaid: number;
  /** A person must check: another amount, another order's payment, refunded. */
  readonly review: number;
  readonly notOurs: number;
  readonly calls: number;
  /** Which orders a person must check, and why. */
  readonly problems: readonly string[];
  /** Which orders the shop has fulfilled though they are not paid, and how Stripe has their payment: access for nothing. */
  readonly fulfilledUnpaid: readonly string[];
}

/** Why a person must check. One cause has one sentence, in a dry run and in a run. */
export const causes: Readonly<Record<'unreadable' | 'notPlaced' | 'wentBack' | 'noMembership' | 'notEntitled', string>> = {
  unreadable: 'it cannot be read. Is the package of Stripe older than its API version?',
  notPlaced: 'it names an order that is not placed; list it among --orders',
  wentBack: 'it has refunds or disputes, which are reported first: no membership comes of it unless enough is left',
  notEntitled: 'its payment does not count: another amount or currency than the order has, or another account or mode',
  noMembership: 'it was recorded, and no membership came of it: see `paidonce explain`',
};

/** What becomes of a payment whose order is not placed. `duplicate`: it was reported before, and the order is still not placed. */
export const waitsForOrder: ReadonlySet<string> = new Set(['recorded', 'held', 'duplicate']);

/** Why nothing can be placed or attached. One cause has one sentence, in a dry run and in a run. */
export function refusalText(
  result: PlacedOtherwise | { readonly outcome: 'belongs_to'; readonly orderId: string },
  paymentId: string,
): string {
  if (result.outcome === 'differs') return `it was placed on other terms: ${termsInWords(result.terms)}`;
  return `${paymentId} belongs to ${result.orderId}`;
}
