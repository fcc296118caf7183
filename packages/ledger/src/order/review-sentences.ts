// One English sentence for each kind of review, for alerts and for the timeline.
import type { ReviewKind } from './events.ts';

export const reviewSentences: Readonly<Record<ReviewKind, string>> = {
  amount: 'less was paid than the order expects',
  currency: 'it was paid in another currency',
  mode: 'it was paid in the other mode (test or live)',
  account: 'it was paid to another account',
  overpaid: 'more was paid than the order expects',
  conflicting_evidence: 'two statements about the payment contradict each other',
  claimed_by_two: 'two orders claim the payment',
  refunds_exceed: 'more was refunded than was received',
  withdrawn: 'it was paid after the order was withdrawn',
  paid_again: 'it was paid again after the membership had ended',
};
