// The words for a subscription, in English.
import { rowWordsEn } from './row-words-en.ts';
import { say } from './sentence.ts';
import type { SubscriptionWords } from './subscription-words.ts';

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
const times = (quantity: number): string => (quantity === 1 ? '' : ` × ${quantity}`);

const refunds = {
  pending: 'is pending',
  requires_action: 'needs an action',
  succeeded: 'succeeded',
  canceled: 'was canceled',
  failed: 'failed',
} as const;

export const subscriptionWordsEn: SubscriptionWords = {
  heading: (subscription, member, plan, quantity) =>
    say`Subscription ${subscription}${member && say` of member ${member}, plan ${plan}${times(quantity)}`}`,
  notPlaced: () => say`The subscription is not placed: what was said of it waits.`,
  neverGranted: () => say`It never gave access: nothing that counts was paid for a plan.`,
  standing: (status, since, isTrial) =>
    say`The membership is ${status === 'revoked' ? 'over' : status} since ${since} UTC${isTrial && ', by a trial'}.`,
  wouldEnd: (at) => say`Would end on ${at} unless a renewal is paid.`,
  undelivered: (decided, delivered) => say`The shop took over ${delivered} of ${plural(decided, 'decision')}.`,
  outcomes: {
    granted: 'Granted',
    extended: 'Extended',
    plan_changed: 'Plan changed',
    adjusted: 'Adjusted',
    suspended: 'Suspended',
    restored: 'Restored',
    ended: 'Ended',
    revoked: 'Revoked',
  },
  extendedTo: (paidThrough) => say`Extended to ${paidThrough}`,
  grantedTo: (paidThrough) => say`Granted to ${paidThrough}`,
  changedPlan: (plan, quantity) => say`Plan changed to ${plan}${times(quantity)}`,
  adjustedTo: (validUntil) => say`Access lasts until ${validUntil} now`,
  endedOn: (at) => say`Ended on ${at}`,
  because: (decision, why) => say`${decision} because ${why}`,
  ranOut: (paidThrough, end, source, looked) =>
    say`${paidThrough && say`paid through ${paidThrough}, and `}no renewal by ${end}, which ${rowWordsEn.sources[source]} saw at Stripe at ${looked}`,
  namely: (decision, how) => say`${decision}: ${how}`,
  said: (source, actor, fact, evidence) => say`${actor ?? rowWordsEn.sources[source]} said that ${fact} (${evidence})`,
  ruled: (actor) => say`${actor} decided so`,
  accessUntil: (validUntil) => say`Access lasts until ${validUntil}, graces included.`,
  lifecycles: {
    incomplete: 'not begun: its first payment is missing',
    incomplete_expired: 'never begun: its first payment did not come in time',
    trialing: 'in its trial',
    active: 'active',
    past_due: 'past due: its renewal is not paid',
    unpaid: 'unpaid: Stripe has given up collecting',
    paused: 'paused',
    canceled: 'canceled',
  },
  fact: (fact, money) => {
    switch (fact.kind) {
      case 'invoice':
        if (fact.status === 'paid') return say`invoice ${{ id: fact.id }}${money && say` of ${money}`} was paid`;
        if (fact.status === 'open' && fact.terms) return say`invoice ${{ id: fact.id }} is open until ${{ time: fact.terms.dueAt }}`;
        return say`invoice ${{ id: fact.id }} is ${fact.status === 'open' ? 'open' : fact.status}`;
      case 'allocation':
        return fact.status === 'paid'
          ? say`${{ id: fact.payment }} paid${money && say` ${money}`} of invoice ${{ id: fact.invoice }}`
          : say`payment ${{ id: fact.payment }} of invoice ${{ id: fact.invoice }} was canceled`;
      case 'credit_note':
        return fact.status === 'issued'
          ? say`credit note ${{ id: fact.id }} gave back${money && say` ${money}`} of invoice ${{ id: fact.invoice }}`
          : say`credit note ${{ id: fact.id }} of invoice ${{ id: fact.invoice }} is void`;
      case 'lifecycle':
        return say`the subscription is ${subscriptionWordsEn.lifecycles[fact.status]}${fact.collectionPaused && ', with collection paused'}`;
      case 'refund':
        return say`refund ${{ id: fact.id }} of ${{ id: fact.payment.id }} ${refunds[fact.status]}${money && say` (${money})`}`;
      case 'dispute':
        return say`${fact.returnedDebit ? 'the returned debit' : 'dispute'} ${{ id: fact.id }} of ${{ id: fact.payment.id }} is ${rowWordsEn.disputes[fact.status]}${money && say` (${money})`}`;
    }
  },
  reviews: {
    paid_after_end: 'was paid after the end',
    paid_for_the_past: 'was paid when its time was over',
    credit_of_unpaid: 'credits time that nobody paid',
    unknown_price: 'was paid at a price that no plan names',
    two_plans: 'carries two plans',
    double_subscription: 'is a second one of this member',
    shared_payment: 'shares its payment with another subscription',
    dispute_past_period: 'is disputed, and its time is over',
    metered_only: 'is paid by use alone, which pays for no period ahead',
    subscription_missing: 'is unknown at Stripe',
    currency: 'was paid in another currency',
    mode: 'was paid in the other mode, test or live',
    account: 'was paid to another account',
    conflicting_evidence: 'is reported in two ways that contradict each other',
    claimed_by_two: 'is claimed by two',
  },
  review: (kind, invoice) =>
    say`${invoice ? say`Invoice ${invoice}` : 'The subscription'} ${subscriptionWordsEn.reviews[kind]}; a person must look.`,
  placed: (plan, member) => say`Subscription placed: plan ${plan}, member ${member}`,
  imported: () => say`, imported`,
  checkout: (id) => say`checkout ${id} opened`,
  belongs: (reference) => say`${reference} belongs to it from here on`,
  accessStays: () => say`Access does not change.`,
  waits: () => say`The subscription was not placed yet, so it waits.`,
  confirmed: () => say`Said again what was known; no change`,
  doubtful: () => say`The provider's clock was in doubt, so its time moves nothing.`,
  resolutions: { grant: 'the invoice counts', revoke: 'the invoice does not count', dismiss: 'closed, nothing changed' },
  shopAhead: (sequence) =>
    say`the shop had decision ${sequence}, which this log does not have, so the membership was stated again above it`,
  reviewEnded: (reviewId, how) => say`Review ${reviewId}: ${subscriptionWordsEn.resolutions[how]}`,
  resolved: (actor, reviewId, how) => say`${actor} resolved review ${reviewId}: ${subscriptionWordsEn.resolutions[how]}`,
  fullStop: '.',
  space: ' ',
};
