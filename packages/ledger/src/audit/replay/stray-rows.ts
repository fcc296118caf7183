// Live rows that no stream of the log leads to.
import { orderAggregate } from '../../streams/order-aggregate.ts';
import { sweepAggregate } from '../../streams/sweep-streams.ts';
import type { SqliteLog } from '../log/sqlite-log.ts';
import type { Difference } from './difference.ts';
import { openLiveReadModels } from './live-read-models.ts';
import { straySubscriptions } from './replay-subscriptions.ts';

/** Returns the live rows of orders, subscriptions and sweeps that the log does not have. */
export function strayRows(log: SqliteLog, readModels: string): readonly Difference[] {
  const live = openLiveReadModels(readModels);
  try {
    const strays = [...live.strayReviews()].map((orderId) => ({
      subject: `order ${orderId}`,
      place: 'reviews',
      replayed: 'nothing',
      live: 'a review without an order',
    }));
    for (const orderId of live.orderIds()) {
      if (!log.has(orderAggregate.stream(orderId)))
        strays.push({ subject: `order ${orderId}`, place: 'orders', replayed: 'nothing: the log has no such order', live: 'a row' });
    }
    for (const tier of live.tiers()) {
      if (!log.has(sweepAggregate.stream(tier)))
        strays.push({ subject: `sweep ${tier}`, place: 'sweeps', replayed: 'nothing: the log has no such sweep', live: 'a row' });
    }
    return [...strays, ...straySubscriptions(log, live.subscriptions)];
  } finally {
    live.close();
  }
}
