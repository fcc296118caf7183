// How many wait in each list, and why the shop does not have what was decided, over orders and subscriptions.
import type { PaymentLedger, SubscriptionCount, UndeliveredGroup } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { PageContext } from './page-context.ts';

export async function queueCounts(
  ledger: PaymentLedger,
): Promise<Required<Pick<PageContext, 'queues' | 'lagMs'>> & Pick<PageContext, 'subscriptions'>> {
  const [{ queues, lagMs }, counts] = await Promise.all([ledger.console.queues(), ledger.console.subscriptions?.counts()]);
  if (counts === undefined) return { queues, lagMs };
  const { reviews, undelivered, due, dunning } = counts;
  const both = { ...queues, reviews: sumOf(queues.reviews, reviews), undelivered: sumOf(queues.undelivered, undelivered) };
  return { queues: both, lagMs, subscriptions: { due, dunning } };
}

/** The decisions that the shop does not have, of orders and of subscriptions, by the error of their last attempt. */
export async function undeliveredByError({ console }: PaymentLedger): Promise<readonly UndeliveredGroup[]> {
  const [orders, subscriptions = []] = await Promise.all([console.undeliveredByError(), console.subscriptions?.undeliveredByError()]);
  const byError = new Map(orders.map((group) => [group.error, group]));
  for (const group of subscriptions) {
    const known = byError.get(group.error);
    byError.set(group.error, known ? joined(known, group) : group);
  }
  return [...byError.values()].toSorted((a, b) => b.count - a.count);
}

function joined(a: UndeliveredGroup, b: UndeliveredGroup): UndeliveredGroup {
  const firstAt = earliest(a.firstAt, b.firstAt) ?? '';
  return { error: a.error, count: a.count + b.count, firstAt, ...defined({ nextTryAt: earliest(a.nextTryAt, b.nextTryAt) }) };
}

function sumOf(a: SubscriptionCount, b: SubscriptionCount): SubscriptionCount {
  return { count: a.count + b.count, ...defined({ oldestSince: earliest(a.oldestSince, b.oldestSince) }) };
}

function earliest(...times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort()[0];
}
