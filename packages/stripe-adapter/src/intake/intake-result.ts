// What became of an object that a source brought.
import type { ObserveResult } from '@paidonce/ledger';

/** `not_ours`: another app's payment. `ignored`: no fact about a payment. `unreadable`: recorded by id. */
export type IntakeResult = ObserveResult | { readonly outcome: 'not_ours' | 'ignored' | 'unreadable' };

const weakest: readonly IntakeResult['outcome'][] = ['ignored', 'not_ours', 'unreadable', 'duplicate', 'held'];

/** One event may lead to several objects: report the outcome that changed most. */
export function stronger(a: IntakeResult, b: IntakeResult): IntakeResult {
  const rank = ({ outcome }: IntakeResult) => (weakest.includes(outcome) ? weakest.indexOf(outcome) : weakest.length);
  return rank(b) > rank(a) ? b : a;
}
