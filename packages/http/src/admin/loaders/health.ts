// Health: the lists, the accounts, the poll, and how fast a strong read is.

import type { Loaded, PageCall } from '../page-route.ts';
import { openAlerts } from '../pages/alerts.ts';
import { type HealthData, healthPage } from '../pages/health.ts';
import { queueCounts, undeliveredByError } from '../queue-counts.ts';

const dayMs = 86_400_000;
/** Any id works: the read goes to the store whether the order exists or not. */
const probedOrder = 'readiness';

export async function loadHealth({ ledger, console: { payments }, now }: PageCall): Promise<Loaded> {
  const { console, runtime } = ledger;
  const before = runtime.monotonicNowMs();
  const probe = ledger.order(probedOrder).then(() => runtime.monotonicNowMs() - before);
  const [{ queues, lagMs, subscriptions }, errors, backlog, accounts, poll, month, storeMs] = await Promise.all([
    queueCounts(ledger),
    undeliveredByError(ledger),
    ledger.backlog(),
    console.accountHealth(),
    payments.pollHealth(),
    console.statistics({ from: new Date(now - 30 * dayMs).toISOString(), to: new Date(now).toISOString() }),
    probe,
  ]);
  const { abandoned, doubtful } = backlog;
  const facts = { queues, lagMs, errors, abandoned, due: subscriptions?.due ?? { count: 0 }, doubtful, accounts, poll };
  const data: HealthData = {
    ...facts,
    alerts: openAlerts(facts, now),
    saved: month.latency.granted_to_saved,
    undelivered: queues.undelivered.count,
    storeMs,
    delivers: ledger.delivers || console.subscriptions?.delivers === true,
  };
  return { data, page: (context) => healthPage(context, data) };
}
