// Brings the two subscriptions to the head of the log, for a process that may live for one call only.
import { isUnreadable } from '../errors.ts';
import type { FollowedDeliveries } from './follow-deliveries.ts';
import type { LogSubscription } from './log-subscription.ts';

interface CatchUpParts {
  readonly references: LogSubscription;
  readonly orders: LogSubscription;
  readonly deliveries: FollowedDeliveries;
}

/**
 * The rows come last, so that they have what was rolled forward. One that is stuck does not stop the other; and where an event stops
 * the rows, delivery hears what they show to be pending all the same.
 * @throws LedgerError as `LogSubscription.catchUp`.
 */
export async function catchUpBoth({ references, orders, deliveries }: CatchUpParts): Promise<void> {
  const [handedOn] = await Promise.allSettled([references.catchUp()]);
  try {
    await orders.catchUp();
  } catch (error) {
    if (isUnreadable(error)) await deliveries.onCaughtUp();
    throw error;
  }
  if (handedOn.status === 'rejected') throw handedOn.reason;
}
