// The words for the rows of a timeline, in English.
import type { Source } from '../../observation.ts';
import type { DecisionType } from '../../order/events.ts';
import type { RowWords } from './row-words.ts';
import { say } from './sentence.ts';

const sources: Readonly<Record<Source, string>> = {
  webhook: 'the webhook',
  poll: 'the poll',
  status_query: 'the status query',
  manual: 'a person',
};
const afterDecision: Readonly<Record<DecisionType, string>> = {
  MembershipGranted: 'the grant',
  MembershipSuspended: 'the decision',
  MembershipRestored: 'the decision',
  MembershipRevoked: 'the decision',
};

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `a`, `a and b`, `a, b and c`. */
const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

export const rowWordsEn: RowWords = {
  space: ' ',
  comma: ', ',
  fullStop: '.',
  sources,
  sourceNames: { webhook: 'Webhook', poll: 'Poll', status_query: 'Status query', manual: 'By hand' },
  decisions: {
    MembershipGranted: 'Membership granted',
    MembershipSuspended: 'Membership suspended',
    MembershipRestored: 'Membership restored',
    MembershipRevoked: 'Membership revoked',
  },
  attempts: {
    processing: 'Payment on its way',
    awaiting_customer: 'Payment waits for the customer',
    authorized: 'Payment authorized, not collected yet',
    attempt_failed: 'Attempt to pay failed; the customer may try again',
    canceled: 'Payment canceled',
    expired: 'Checkout expired, unpaid',
    failed: 'Payment failed',
  },
  refunds: { pending: 'pending', requires_action: 'needs an action', succeeded: 'succeeded', canceled: 'canceled', failed: 'failed' },
  disputes: { inquiry: 'an inquiry', open: 'open', prevented: 'prevented', lost: 'lost', won: 'won' },
  reviews: {
    amount: 'Less was paid than the order expects',
    currency: 'It was paid in another currency',
    mode: 'It was paid in the other mode, test or live',
    account: 'It was paid to another account',
    overpaid: 'More was paid than the order expects',
    conflicting_evidence: 'Two reports of the payment contradict each other',
    claimed_by_two: 'Two orders claim the payment',
    refunds_exceed: 'More was refunded than was received',
    withdrawn: 'It was paid after the order was withdrawn',
    paid_again: 'It was paid again after the membership had ended',
  },
  resolutions: { grant: 'the payment counts', revoke: 'the payment does not count', dismiss: 'closed, nothing changed', moved: 'moved' },
  placed: (money) => say`Order placed for ${money}`,
  plan: (plan) => say`plan ${plan}`,
  checkoutOpened: (id, after, until) => say`checkout ${id} opened ${after} later${until && say`, open until ${until}`}`,
  laterCheckout: () => say`Checkout opened`,
  checkout: (id, until) => say`checkout ${id}${until && say`, open until ${until}`}`,
  belongsHere: (id) => say`${id} belongs to this order from here on`,
  notDelivered: (title) => say`${title}, not delivered`,
  paid: (money) => say`Paid ${money}`,
  refund: (money, status) => say`Refund of ${money} ${status}`,
  dispute: (money, status, returnedDebit) => say`${returnedDebit ? 'Returned debit of' : 'Dispute over'} ${money}: ${status}`,
  needsReview: (title) => say`${title}, needs review`,
  reported: (source, actor) => {
    if (actor !== undefined) return say`${actor} recorded`;
    return source === 'poll' ? say`The poll found` : say`${capital(sources[source])} reported`;
  },
  reportedPaid: (who, id, money) => say`${who} ${id} paid, ${money}.`,
  reportedAttempt: (who, id, status) => say`${who} ${id} as ${status.replaceAll('_', ' ')}.`,
  reportedRefund: (who, id, money, status, payment) =>
    say`${who} refund ${id} of ${money} from ${payment} as ${status.replaceAll('_', ' ')}.`,
  reportedDispute: (who, id, money, status, returnedDebit) =>
    say`${who} ${returnedDebit ? 'the returned debit' : 'dispute'} ${id} over ${money} as ${status}.`,
  timeAtStripe: (time) => say`Time at Stripe: ${time}.`,
  disputeSuspends: () => say`Policy: an open dispute suspends.`,
  less: (money) => say`That is ${money} less than expected, so it does not count.`,
  more: (money) => say`That is ${money} more than expected; it counts.`,
  accessStays: () => say`Access does not change.`,
  waits: () => say`The order was not placed yet, so it waits.`,
  held: () => say`No order was known for it, so it was held.`,
  cameBeforePlaced: () => say`It came before the order was placed.`,
  saved: (after) => say`Saved by your shop after ${after}`,
  decisionAttempt: (sequence, attempt) => say`decision ${sequence}, ${attempt === 1 ? 'first attempt' : `attempt ${attempt}`}`,
  imported: () => say`Your shop had it before the import; nothing was sent`,
  found: () => say`Your shop had it already; nothing was sent`,
  waiting: () => say`Not saved by your shop yet`,
  replaced: (by) => say`Not saved: decision ${by} replaced it`,
  couldNotSave: (attempts) => say`Your shop could not save it: ${counted(attempts, 'attempt')}`,
  moreAttempts: (count) => say`${count} more`,
  timeout: 'no answer in time',
  unnamedError: 'error',
  nextAttempt: (time, instance) => say`Next attempt at ${time}${instance && say`, by instance ${instance}`}`,
  abandoned: () => say`Retries stopped: nobody tries any more until a person delivers it again`,
  decision: (sequence) => say`decision ${sequence}`,
  reviewOpen: (reviewId) => say`Review ${reviewId} is open`,
  nothingSent: () => say`nothing was sent to your shop`,
  reviewEnded: (reviewId, how) =>
    how === 'moved' ? say`Review ${reviewId} ended: its payment was moved` : say`Review ${reviewId}: ${rowWordsEn.resolutions[how]}`,
  by: (actor) => say`by ${actor}`,
  confirmedBy: (of, more) => {
    const names = of.map((source) => sources[source]);
    return say`Confirmed by ${listed(more > 0 ? [...names, counted(more, 'more event')] : names)}`;
  },
  olderReports: (count) => (count === 1 ? say`An older report` : say`${count} older reports`),
  noChange: (time, after, several) => {
    if (after === undefined) return say`within ${time}; no change`;
    return say`${several ? say`within ${time} of` : say`${time} after`} ${afterDecision[after]}; no change`;
  },
  recordedByHand: (actor) => say`${actor} recorded a payment by hand`,
  resolved: (actor, reviewId, how) => say`${actor} resolved review ${reviewId}: ${rowWordsEn.resolutions[how]}`,
  withdrew: (actor) => say`${actor} withdrew the order`,
  moved: (actor, payment, toOrder) => say`${actor} moved ${payment} to order ${toOrder}`,
  askedDelivery: (actor, sequence) => say`${actor} delivered decision ${sequence} again`,
  linked: (actor, payment) => say`${actor} linked ${payment} to this order`,
  rechecked: (actor) => say`${actor} rechecked with Stripe`,
  objectsRead: (read, recorded) => say`${counted(read, 'object')} read, ${recorded === 0 ? 'nothing new' : `${recorded} new`}.`,
  savedNow: () => say`Saved by your shop.`,
  failedAgain: (error) => say`It failed: ${error}.`,
  policyChanged: () => say`Another policy from here on`,
  policy: (to, from) => say`${to}, before ${from}. It acts when a fact next changes.`,
  shopAhead: (sequence) => say`Your shop had decision ${sequence}, which this log does not have: the log is older than the shop.`,
  gap: (ms) => {
    const days = Math.floor(ms / 86_400_000);
    return say`${counted(days, 'day')} without an event`;
  },
};
