// The command `paidonce stats` prints the counts of a log.
import { type LogStats, logStats } from '../audit/stats.ts';
import { type Command, readingOptions } from '../command-line/command.ts';
import { grouped } from '../command-line/terminal.ts';
import { asOfIn, measured, withCopy, withLog } from './open-log.ts';

export const statsCommand: Command = {
  positionals: [],
  options: readingOptions,
  run: async (invocation) => {
    const { options, terminal } = invocation;
    return withLog(invocation, async (log) => {
      const measure = measured(invocation, 'stats', log, withCopy(log, 2));
      const stats = await logStats(log, { ...(await asOfIn(invocation, log)), onEvents: measure.onEvents });
      const took = measure.end(stats.events);
      if (options.flag('json')) terminal.out(JSON.stringify(stats));
      else for (const line of [...statsLines(stats), `Counted: ${took}`]) terminal.out(line);
      return stats.unreadableOrders > 0 ? 3 : 0;
    });
  },
};

function statsLines(stats: LogStats): readonly string[] {
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${grouped(count)}`)
      .join(', ');
  return [
    `${grouped(stats.events)} events in ${grouped(stats.streams)} streams${stats.from ? `, from ${stats.from} to ${stats.to}` : ''}`,
    `Orders: ${grouped(stats.orders)}`,
    `Memberships: ${counts(stats.memberships)}`,
    ...(stats.subscriptions > 0
      ? [
          `Subscriptions: ${grouped(stats.subscriptions)} (${counts(stats.subscriptionMemberships)})`,
          `Extended first by: ${counts(stats.extensionsBySource)}`,
        ]
      : []),
    `Granted first by: ${counts(stats.grantsBySource)}`,
    `Observations: ${counts(stats.observationsBySource)}`,
    `Open reviews: ${grouped(stats.openReviews)}. Pending deliveries: ${grouped(stats.pendingDeliveries)}`,
    `Delivered within: ${stats.deliveries.map(({ upToMs, count }) => `${upToMs === null ? 'longer' : `${upToMs / 1_000} s`} ${grouped(count)}`).join(', ')}`,
    `Events: ${counts(stats.eventsByType)}`,
    ...(stats.unreadableOrders > 0
      ? [`Orders that cannot be read: ${grouped(stats.unreadableOrders)}. They are not in these figures. Run: paidonce verify`]
      : []),
  ];
}
