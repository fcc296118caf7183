// Shows the delivery of subscriptions what other processes did, and what was pending when this one started. It keeps no cursor:
// it reads the streams of subscriptions from their start, and of each keeps no more than whether its newest decision is settled.
import type { DecisionFollower } from '../delivery/delivery.ts';
import { LedgerError } from '../errors.ts';
import { type EventStore, logStart, type StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import { isPending } from '../order/delivery-state.ts';
import type { Runtime } from '../runtime.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';
import { isSubscriptionDecision } from '../subscription/events.ts';
import { type LogSubscription, openLogSubscription } from './log-subscription.ts';

export interface SubscriptionDeliveriesOptions {
  readonly store: EventStore;
  readonly delivery: DecisionFollower;
  /** False: the process may live for one `settle` only, so it takes over by the times in the log. */
  readonly background: boolean;
  readonly runtime: Runtime;
  readonly log: Logger;
}

const prefix = subscriptionAggregate.stream('');

/** Delivers subscriptions, and follows the log for that. */
export class SubscriptionDeliveries {
  readonly #options: SubscriptionDeliveriesOptions;
  readonly #log: LogSubscription;
  /** Ids whose newest decision was not settled, while the log is read for the first time. Undefined: its head was reached. */
  #pending: Set<string> | undefined = new Set();

  constructor(options: SubscriptionDeliveriesOptions) {
    const { store, runtime, log } = options;
    this.#options = options;
    this.#log = openLogSubscription({
      name: 'subscription deliveries',
      store,
      runtime,
      log,
      prefixes: [prefix],
      after: logStart,
      handle: async (events) => {
        for (const stored of events) this.#handle(stored);
      },
      onCaughtUp: () => this.#report(),
    });
  }

  /** In the background, until `stop`. */
  start(): void {
    this.#log.follow();
    this.#options.delivery.start();
  }

  /** Delivers until nothing is due before the deadline (monotonic). @throws LedgerError as `LogSubscription.catchUp`. */
  async settle(deadlineMs: number): Promise<void> {
    await this.#log.catchUp();
    await this.#options.delivery.settle(deadlineMs);
  }

  /** As `DecisionFollower`. */
  async stop(deadlineMs: number): Promise<void> {
    await Promise.all([this.#log.stop(), this.#options.delivery.stop(deadlineMs)]);
  }

  #handle(stored: StoredEvent): void {
    const event = readable(stored);
    if (event === undefined) return;
    const id = stored.stream.slice(prefix.length);
    if (this.#pending === undefined) this.#options.delivery.onEvent(stored);
    else if (isSubscriptionDecision(event)) this.#pending.add(id);
    else if (event.type === 'MembershipDelivered') this.#pending.delete(id);
    else if (event.type === 'DeliveryTakenOver' && event.data.by) this.#pending.add(id); // It was settled, and the shop has lost it.
  }

  async #report(): Promise<void> {
    const { store, delivery, background, runtime } = this.#options;
    const ids = [...(this.#pending ?? [])];
    for (const id of ids) {
      const [state, recordedAt] = folded(id, await store.readStream(subscriptionAggregate.stream(id)));
      const agoMs = background ? 0 : Math.max(0, runtime.now().getTime() - Date.parse(recordedAt));
      if (isPending(state)) delivery.onPendingAtStart(id, state, agoMs);
    }
    this.#pending = undefined;
  }
}

function folded(id: string, events: readonly StoredEvent[]) {
  let state = subscriptionAggregate.initial(id);
  let recordedAt = '';
  for (const stored of events) {
    state = subscriptionAggregate.evolve(state, subscriptionAggregate.read(stored), stored.metadata['instance'] ?? '');
    if (state.delivery.revision === state.revision) recordedAt = stored.metadata['recordedAt'] ?? '';
  }
  return [state, recordedAt] as const;
}

/** Undefined: it cannot be read. One subscription must not keep the others from being delivered. */
function readable(stored: StoredEvent) {
  try {
    return subscriptionAggregate.read(stored);
  } catch (error) {
    if (error instanceof LedgerError && (error.code === 'corrupt' || error.code === 'file_newer')) return undefined;
    throw error;
  }
}
