// The streams `subscription-{id}`: how they are named, read and folded.
import { readSubscriptionEvent, versionOfSubscriptionEvent } from '../subscription/event-schemas.ts';
import type { SubscriptionEvent } from '../subscription/events.ts';
import { evolve, noSubscription, type SubscriptionState } from '../subscription/subscription.ts';
import type { Aggregate } from './aggregate.ts';

export const subscriptionAggregate: Aggregate<SubscriptionState, SubscriptionEvent> = {
  stream: (id) => `subscription-${id}`,
  initial: noSubscription,
  read: readSubscriptionEvent,
  evolve,
  versionOf: versionOfSubscriptionEvent,
};
