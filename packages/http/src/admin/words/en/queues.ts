// Words of the lists in which something waits.
import { type Html, html, type Insert } from '../../../html.ts';

export const queues = {
  oldestFirst: (orders: string): string => `${orders}, oldest first`,
  // Reviews.
  reviewsAbout: 'Payments the policy cannot decide. Each waits until someone resolves it. Oldest first.',
  kinds: 'Kinds',
  kind: {
    amount: 'Too little',
    currency: 'Other currency',
    mode: 'Test money',
    account: 'Other account',
    overpaid: 'Too much',
    conflicting_evidence: 'Statements conflict',
    claimed_by_two: 'Claimed by two orders',
    paid_again: 'Paid again after the end',
    refunds_exceed: 'Refunds exceed the payment',
    withdrawn: 'Paid after it was withdrawn',
  },
  alsoClaimed: (order: Insert): Html => html`also claimed by ${order}`,
  discount: (money: Insert): Html => html`the session had a discount of ${money}`,
  accessNow: 'Access now',
  resolvedThere: 'Reviews are resolved on the order page, one at a time: each shows what will happen, with amounts.',
  // Undelivered.
  undeliveredAbout: 'Decided, but not saved by your shop. Each is retried automatically for 72 h, less and less often.',
  byError: 'By last error',
  firstFailed: 'First failed',
  next: 'Next attempt',
  stopped: 'stopped',
  retriesStopped: 'Retries stopped',
  notTried: 'not tried yet',
  others: 'other errors',
  onlyError: (error: Insert): Html => html`Only ${error}.`,
  showAll: 'Show all',
  selectedAgain: 'Deliver selected again…',
  allAgain: (text: string): string => `Deliver all ${text} again…`,
  select: 'Select',
  selectOrder: (order: string): string => `Select ${order}`,
  shouldBe: 'Should be',
  lastError: 'Last error',
  attempts: 'Attempts',
  // Awaiting.
  awaitingAbout: 'Placed, and a payment may still arrive. The poll is watching; nothing to do.',
  ends: 'Ends',
  // Held.
  heldAbout:
    'Money marked as yours whose order this ledger does not know. It is assigned automatically once the order is placed or linked.',
  payment: 'Payment',
  reportedBy: 'Reported by',
  claims: 'Claims order',
  whatToDo: 'What to do',
  heldText:
    'Does your shop know the order? Then its checkout bypassed this ledger: link the payment to it. Otherwise refund it at Stripe.',
  toOrder: 'To order',
  link: 'Link it',
  notPaid: 'not paid',
  // Suspended.
  suspendedAbout: 'Access is paused while a dispute is open or a debit was returned. The bank decides.',
  amount: 'Amount',
  disputeOpen: 'dispute open',
  debitReturned: 'debit returned',
  // Unreadable.
  unreadableAbout: 'Stripe objects this release cannot read. Kept by id and digest, never by content.',
  object: 'Object',
  failedAt: 'Failed at',
  apiVersion: 'API version',
  recheck: 'Recheck',
  recheckObject: (id: string): string => `Recheck ${id}`,
  readSince: (age: Insert): Html => html`read ${age} ago`,
  wholeObject: 'the object itself',
};
