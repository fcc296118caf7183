// In what an order differs from the one that was placed, in words.
import type { DifferingTerm } from '@paidonce/ledger';

/** `plan was year and is month, account was acct_1 and is acct_2`. */
export function inWords(terms: readonly DifferingTerm[]): string {
  return terms.map(({ term, placed, given }) => `${term} was ${placed} and is ${given}`).join(', ');
}

/** True if the order was placed on another account of Stripe, or in its other mode. */
export function isOfAnotherKey(terms: readonly DifferingTerm[]): boolean {
  return terms.some(({ term }) => term === 'account' || term === 'livemode');
}
