// An explanation in plain English.
import { reviewSentences } from '../../order/review-sentences.ts';
import { durationText } from './duration.ts';
import { errorText, type Messages, timeText } from './messages.ts';

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

export const english: Messages = {
  space: ' ',
  finish: (line) => line,
  sources: { webhook: 'the webhook', poll: 'the poll', status_query: 'the status query', manual: 'a person' },
  memberships: { none: 'none', active: 'active', suspended: 'suspended', revoked: 'revoked' },
  decisions: {
    MembershipGranted: 'granted the membership',
    MembershipSuspended: 'suspended the membership',
    MembershipRestored: 'restored the membership',
    MembershipRevoked: 'revoked the membership',
  },
  reviews: reviewSentences,
  resolutions: { grant: 'the payment counts', revoke: 'the payment does not count', dismiss: 'nothing changes' },
  fact: (fact, payment, money) => {
    switch (fact.kind) {
      case 'attempt':
        return fact.status === 'paid'
          ? `${payment} was paid, ${money(fact.amount.totalMinor, fact.amount.currency)}`
          : `${payment} is ${fact.status.replaceAll('_', ' ')}`;
      case 'refund':
        return `refund ${fact.id} of ${payment} is ${fact.status.replaceAll('_', ' ')} (${money(fact.amountMinor)})`;
      case 'dispute':
        return `${fact.returnedDebit ? 'the returned debit' : 'dispute'} ${fact.id} of ${payment} is ${fact.status} (${money(fact.amountMinor)})`;
    }
  },
  duration: (ms) => durationText(ms, 'en'),
  summary: {
    access: (memberId, { orders, subscriptions }, past) => {
      const has = past ? 'had' : 'has';
      const by = [...orders.map((id) => `order ${id}`), ...subscriptions.map((id) => `subscription ${id}`)];
      return by.length === 0
        ? `Member ${memberId} ${has} no access: nothing that is listed below ${past ? 'gave' : 'gives'} it.`
        : `Member ${memberId} ${has} access, by ${by.join(' and ')}.`;
    },
    heading: ({ orderId, memberId, plan }) =>
      memberId === undefined ? `Order ${orderId}` : `Order ${orderId} of member ${memberId}, plan ${plan}`,
    membership: (status, since) =>
      status === 'none' ? 'There is no membership: no payment that counts was seen.' : `The membership is ${status} since ${since} UTC.`,
    granted: (because) => `It was granted because ${because}.`,
    changed: ({ decision, at }, because) => `What ${english.decisions[decision]}, on ${timeText(at)}: ${because}.`,
    reported: ({ source, evidence, by }, fact) =>
      `${by ? by.actor : english.sources[source]} said that ${fact} (${evidence.eventId ?? evidence.objectId})`,
    ruled: ({ actor, reason }) => `${actor} decided so (${reason})`,
    behind: (shopHad) => `the shop had decision ${shopHad}, which this log does not have, so the membership was stated again above it`,
    confirmed: (source, afterMs) => `Confirmed by ${english.sources[source]}, ${english.duration(afterMs)} later.`,
    unconfirmed: () => 'No other source has confirmed it.',
    reviews: (count) => `${plural(count, 'review')} open: a person must look.`,
    undelivered: (sequence, delivered) => `The shop took over ${delivered} of ${plural(sequence, 'decision')}.`,
    notPlaced: () => 'The order is not placed: what was said of it waits.',
  },
  entries: {
    placed: ({ memberId, plan }, money) => `The order was placed for ${memberId}: plan ${plan}, ${money} expected.`,
    attached: ({ payment, expiresAt, by }) =>
      by
        ? `${by.actor} linked ${payment.id} to this order (${by.reason}).`
        : `Checkout ${payment.id} was attached${expiresAt ? `, open until ${timeText(expiresAt)}` : ''}.`,
    linked: ({ reference }) => `${reference} belongs to this order from here on (law 3).`,
    held: (report) => `${report} No order was known for it, so it was kept (law 7).`,
    reported: ({ source, asOf, observedAt, evidence, by }, fact) => {
      const who = by ? `${by.actor} said (${by.reason})` : `${english.sources[source].replace(/^t/, 'T')} said`;
      return `${who}: ${fact} [${evidence.eventId ?? evidence.objectId}; provider ${timeText(asOf)}, seen ${timeText(observedAt)}].`;
    },
    decided: ({ decision, sequence, payment }, because) =>
      `Decision ${sequence} ${english.decisions[decision]}, about ${payment.id}: ${because}.`,
    review: ({ reviewId, review, payment }) => `Review ${reviewId} opened about ${payment.id}: ${english.reviews[review]}.`,
    resolved: ({ reviewId, resolution, by }) =>
      `${by.actor} resolved review ${reviewId}: ${english.resolutions[resolution]} (${by.reason}).`,
    policy_changed: ({ from, to }) =>
      `From here on the order is judged under policy ${to.slice(0, 12)}, before under ${from.slice(0, 12)}. A new policy acts when a fact next changes.`,
    withdrawn: ({ by }) => `${by.actor} withdrew the order (${by.reason}).`,
    moved: ({ payment, toOrderId, by }) => `${by.actor} moved ${payment.id} to order ${toOrderId} (${by.reason}).`,
    delivered: ({ sequence, afterMs, imported, found }) =>
      imported
        ? `The order was imported: the shop knew decision ${sequence}, and was told nothing.`
        : found
          ? `The shop had decision ${sequence} already, so nothing was sent.`
          : `The shop took over decision ${sequence}, ${english.duration(afterMs)} after it.`,
    delivery_failed: ({ sequence, reason, waitMs, error }) =>
      `Delivery of decision ${sequence} failed (${error ? errorText(error) : reason}); tried again after ${english.duration(waitMs)}.`,
    taken_over: ({ sequence, by }) =>
      by
        ? `${by.actor} asked for decision ${sequence} to be delivered again (${by.reason}).`
        : `A process took over the delivery of decision ${sequence}.`,
    abandoned: ({ sequence }) => `Delivery of decision ${sequence} was given up after 72 h. \`redeliver\` starts it again.`,
    shop_ahead: ({ sequence }) =>
      `The shop has decision ${sequence}, which this log does not have: the log is older than the shop (law 9).`,
    rechecked: ({ by, looked, recorded }) =>
      `${by.actor} asked Stripe again (${by.reason}): ${plural(looked, 'object')} read, ${recorded === 0 ? 'nothing new' : `${recorded} with news`}.`,
  },
  verdicts: {
    decided: ({ decision }) => `That ${english.decisions[decision]}.`,
    confirms: ({ first, afterMs, staysRevoked }) =>
      `It confirms what ${english.sources[first]} had said ${english.duration(afterMs)} before; ${
        staysRevoked ? 'what was undone stays undone (law 6)' : 'nothing changes (law 5)'
      }.`,
    waits: () => 'The order was not placed yet, so it waits here (law 7).',
    does_not_count: ({ because }) => `It does not count: ${because.map((kind) => english.reviews[kind]).join(', ')} (law 4).`,
    second_payment: () => 'Another payment counts already: access stays, a person is asked (law 4).',
    older: () => 'Newer or stronger was known; nothing changes (law 1).',
    no_change: () => 'Access does not change by it (law 4).',
  },
};
