// How many wait in each list, over orders and subscriptions.
import type { PaymentLedger, SubscriptionCount } from '@paidonce/ledger';
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

function sumOf(a: SubscriptionCount, b: SubscriptionCount): SubscriptionCount {
  const [oldestSince] = [a.oldestSince, b.oldestSince].filter((since) => since !== undefined).sort();
  return { count: a.count + b.count, ...(oldestSince === undefined ? {} : { oldestSince }) };
}
