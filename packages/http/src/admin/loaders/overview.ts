// The overview: all questions at once, each from counters or an index.
import { offsetHours } from '../components/format.ts';
import type { Loaded, PageCall } from '../page-route.ts';
import { emptyPage } from '../pages/empty.ts';
import { type OverviewData, overviewPage } from '../pages/overview.ts';
import { queueCounts, undeliveredByError } from '../queue-counts.ts';

const dayMs = 86_400_000;
const latestOrders = 6;
const lastHours = 3;

export async function loadOverview({ ledger, now, timeZone }: PageCall): Promise<Loaded> {
  const utcOffsetHours = offsetHours(timeZone, now);
  const { console } = ledger;
  // Days are local and whole: the first of them begins at midnight.
  const today = Math.floor((now + utcOffsetHours * 3_600_000) / dayMs) * dayMs - utcOffsetHours * 3_600_000;
  const from = (days: number): string => new Date(today - days * dayMs).toISOString();
  const to = new Date(now).toISOString();
  const [{ queues }, backlog, errors, month, before, week, accounts, orders, subscriptions] = await Promise.all([
    queueCounts(ledger),
    ledger.backlog(),
    undeliveredByError(ledger),
    console.statistics({ from: from(29), to, utcOffsetHours }),
    console.statistics({ from: from(57), to: from(29), utcOffsetHours }),
    console.statistics({ from: new Date(now - 7 * dayMs).toISOString(), to, utcOffsetHours }),
    console.accountHealth(),
    console.orders({ limit: latestOrders }),
    console.subscriptions?.newest({ limit: 1 }),
  ]);
  const hours = accounts.flatMap((account) => account.hours.slice(-lastHours));
  const sum = (of: 'webhooks' | 'missed'): number => hours.reduce((total, hour) => total + hour[of], 0);
  const data: OverviewData = {
    queues,
    backlog: { abandoned: backlog.abandoned },
    errors,
    month,
    before,
    week,
    lastHours: { webhooks: sum('webhooks'), missed: sum('missed') },
    orders,
  };
  const isSold = orders.items.length + (subscriptions?.items.length ?? 0) > 0;
  const isEmpty = !isSold && Object.values(queues).every(({ count }) => count === 0);
  return { data, page: (context) => (isEmpty ? emptyPage(context) : overviewPage(context, data)) };
}
