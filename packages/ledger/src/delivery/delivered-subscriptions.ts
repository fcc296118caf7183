// Subscriptions, as delivery knows them.
import { invariant } from '../errors.ts';
import { isStale } from '../order/news.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import type { SubscriptionStreams } from '../streams/subscription-streams.ts';
import { type SubscriptionChange, subscriptionChangeOf } from '../subscription/change.ts';
import { decide } from '../subscription/decide.ts';
import { isSubscriptionDecision, type SubscriptionEvent } from '../subscription/events.ts';
import type { SubscriptionPolicy } from '../subscription/policy.ts';
import type { SubscriptionState } from '../subscription/subscription.ts';
import type { DeliveredStreams } from './delivered-streams.ts';

export type DeliveredSubscriptions = DeliveredStreams<SubscriptionState, SubscriptionEvent, SubscriptionChange>;

export function deliveredSubscriptions(
  subscriptions: Pick<SubscriptionStreams, 'read' | 'append'>,
  policy: SubscriptionPolicy,
): DeliveredSubscriptions {
  return {
    noun: 'subscription',
    aggregate: subscriptionAggregate,
    streams: subscriptions,
    decides: (event) => (isSubscriptionDecision(event) ? event.data.sequence : undefined),
    changeOf: (state) => {
      const change = subscriptionChangeOf(state);
      invariant(change !== undefined, `subscription ${state.subscriptionId} has nothing to deliver`);
      return change;
    },
    decideAbove: (state, stored) => decide(state, { type: 'shop_ahead', sequence: stored }, policy),
    isPlaced: ({ placed }) => placed !== undefined,
    isStale: ({ subscriptionId, revision, newsAtRevision }, seenRevision) =>
      isStale({ orderId: subscriptionId, revision, newsAtRevision }, seenRevision),
  };
}
