// The subscriptions of a ledger, made of what the ledger opened: their streams, their write path, their delivery and their calls.
import type { AdapterSubscriptions } from './adapter-subscriptions.ts';
import type { Alert } from './alerts.ts';
import { defined } from './defined.ts';
import { deliveredSubscriptions } from './delivery/delivered-subscriptions.ts';
import { type Delivery, openDelivery } from './delivery/delivery.ts';
import type { WatchedStore } from './event-store/watched-store.ts';
import type { Logger } from './logger.ts';
import { SubscriptionWriter } from './observe-subscription.ts';
import type { ProcessCounter } from './process-counts.ts';
import type { Runtime } from './runtime.ts';
import type { LedgerIdentity } from './streams/ledger-stream.ts';
import type { References } from './streams/reference-streams.ts';
import { openSlots } from './streams/slot-streams.ts';
import { openSubscriptionDryRuns } from './streams/subscription-dry-run.ts';
import { openSubscriptionPreview } from './streams/subscription-preview.ts';
import { openSubscriptionStreams } from './streams/subscription-streams.ts';
import { openTransactions, type Transactions } from './streams/transact.ts';
import type { ReadSubscriptions } from './subscribers/console-subscriptions.ts';
import type { Deliverer } from './subscribers/follow-deliveries.ts';
import type { SubscriptionPolicy } from './subscription/policy.ts';
import { openSubscriptionCalls, refusedSubscriptionCalls } from './subscription-calls.ts';
import type { SubscriptionLedger, SubscriptionSettings } from './subscription-ledger.ts';
import { openAdapterSubscriptions, refusedAdapterSubscriptions } from './subscriptions-for-adapters.ts';

export interface OpenedSubscriptions {
  readonly calls: SubscriptionLedger;
  readonly forAdapters: AdapterSubscriptions;
  /** Undefined: the ledger keeps none. */
  readonly writer?: SubscriptionWriter;
  /** What a console asks. Undefined: the ledger keeps none. */
  readonly reads?: ReadSubscriptions;
  /** Undefined: this process delivers none. */
  readonly deliverer?: Deliverer;
}

interface SubscriptionHost {
  readonly store: WatchedStore;
  /** Those of orders, which share references and policies with subscriptions. */
  readonly transactions: Transactions;
  readonly references: References;
  readonly identity: LedgerIdentity;
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly timeoutMs: number;
  readonly background: boolean;
  readonly counter: ProcessCounter;
  /** Logs it, and passes it on. */
  readonly alert: (alert: Alert) => void;
  readonly onAlert: (alert: Alert) => Promise<void>;
}

/** @param policy undefined: the ledger keeps none. @param call what the ledger does around each of its calls. */
export function openSubscriptions(
  settings: SubscriptionSettings | undefined,
  policy: SubscriptionPolicy | undefined,
  host: SubscriptionHost,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): OpenedSubscriptions {
  if (settings === undefined || policy === undefined)
    return { calls: refusedSubscriptionCalls(), forAdapters: refusedAdapterSubscriptions() };
  const { store, references, identity, runtime, counter, alert } = host;
  const { deliver } = settings;
  // Of its own, since a process may deliver orders and no subscriptions: then any other one may take these over at once.
  const instance = deliver ? runtime.uuid() : '';
  const transactions = { transactions: openTransactions({ store, runtime, instance }), shared: host.transactions };
  let delivery: Delivery | undefined; // Set below, before any decision.
  const onDecision = (subscriptionId: string) => delivery?.schedule(subscriptionId);
  const subscriptions = openSubscriptionStreams(transactions, policy, { onDecision, onAlert: alert });
  delivery = deliver && openDelivery({ ...host, of: deliveredSubscriptions(subscriptions, policy), deliver, instance });
  const writer = new SubscriptionWriter(references, subscriptions, runtime);
  const calls = openSubscriptionCalls({ subscriptions, writer, delivery, policy, identity, runtime, counter });
  const deliverer = delivery && { delivery, instance };
  const slots = openSlots(host.transactions, subscriptions);
  const dryRun = openSubscriptionDryRuns({ references, subscriptions, policy, runtime });
  const delivers = deliver !== undefined;
  const forAdapters = openAdapterSubscriptions({ subscriptions, writer, dryRun, slots, policy, delivers, store, runtime, counter }, call);
  const preview = openSubscriptionPreview(subscriptions, policy, runtime);
  const reads = { writer, preview, delivers };
  return { calls, forAdapters, writer, reads, ...defined({ deliverer }) };
}
