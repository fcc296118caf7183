// Shows a delivery what the log tells of its streams: what was pending before this process started, as the read models have it,
// then what other processes do.
import type { DecisionFollower } from '../delivery/delivery.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore, StoredEvent } from '../event-store/event-store.ts';
import type { Deliverable } from '../order/delivery-state.ts';
import type { OrderReadModels } from '../read-models/order-read-models.ts';
import type { Runtime } from '../runtime.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { subscriptionAggregate } from '../streams/subscription-aggregate.ts';

/** A delivery, and what it needs of the log. */
export interface FollowedDelivery {
  readonly delivery: DecisionFollower;
  /** This process, as the metadata of the events of that delivery names it. */
  readonly instance: string;
  /** The name of a stream of its kind. */
  readonly stream: (id: string) => string;
  /** The ids whose newest decision is pending, with their states. */
  pending(models: OrderReadModels): Iterable<readonly [string, Deliverable]> | AsyncIterable<readonly [string, Deliverable]>;
}

/** The delivery of orders. */
export function followedOrders(delivery: DecisionFollower, instance: string): FollowedDelivery {
  const pending = (models: OrderReadModels) => models.pendingDeliveries().map((order) => [order.orderId, order] as const);
  return { delivery, instance, stream: orderAggregate.stream, pending };
}

const idsAtOnce = 100;

/** The delivery of subscriptions. @param read strong: the state of one. */
export function followedSubscriptions(
  delivery: DecisionFollower,
  instance: string,
  read: (subscriptionId: string) => Promise<Deliverable>,
): FollowedDelivery {
  async function* pending({ subscriptions }: OrderReadModels): AsyncGenerator<readonly [string, Deliverable]> {
    for (let after = ''; ; ) {
      const page = subscriptions.undelivered(after, idsAtOnce);
      for (const { subscriptionId, abandoned } of page) {
        const state = abandoned ? undefined : await unlessUnreadable(() => read(subscriptionId));
        if (state) yield [subscriptionId, state];
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.subscriptionId;
    }
  }
  return { delivery, instance, stream: subscriptionAggregate.stream, pending };
}

interface FeedOptions {
  readonly models: OrderReadModels;
  readonly store: EventStore;
  /** False: the process may live for one `settle` only. */
  readonly background: boolean;
  readonly runtime: Runtime;
}

export class DeliveryFeed {
  readonly #followed: FollowedDelivery;
  readonly #options: FeedOptions;
  /** Set by `report`. Until then events are skipped: most of them are of deliveries that ended long ago. */
  #isReported = false;

  constructor(followed: FollowedDelivery, options: FeedOptions) {
    this.#followed = followed;
    this.#options = options;
  }

  /** Once the read models have reached the head of the log. */
  async report(): Promise<void> {
    if (this.#isReported) return;
    const { delivery, pending } = this.#followed;
    for await (const [id, state] of pending(this.#options.models)) delivery.onPendingAtStart(id, state, await this.#agoMs(id, state));
    this.#isReported = true;
  }

  /** Once the read models have the events. */
  handle(events: readonly StoredEvent[]): void {
    const { delivery, stream } = this.#followed;
    if (this.#isReported) for (const event of events) if (event.stream.startsWith(stream(''))) delivery.onEvent(event);
  }

  // Without a background, by the wall clocks: else each short-lived process would start the wait anew, and end before it may
  // take over. Wrong clocks cost a second delivery under the same key, no more.
  async #agoMs(id: string, { delivery: { revision, owner } }: Deliverable): Promise<number> {
    const { store, background, runtime } = this.#options;
    const { instance, stream } = this.#followed;
    if (background || (owner === instance && instance !== '')) return 0;
    const [last] = (await unlessUnreadable(() => store.readStream(stream(id), { afterRevision: revision - 1 }))) ?? [];
    return last === undefined ? 0 : Math.max(0, runtime.now().getTime() - Date.parse(last.metadata['recordedAt'] ?? ''));
  }
}

/** Undefined where the stream cannot be read: one order or subscription must not keep all the others from being delivered. */
async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LedgerError && (error.code === 'corrupt' || error.code === 'file_newer')) return undefined;
    throw error;
  }
}
