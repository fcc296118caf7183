// When each order's newest decision is handed to the shop, and by whom: level-triggered, at least once. The
// stream says who delivers: the instance that appended the decision, or the last `DeliveryTakenOver` of it.
// What is seen and remembered beside it only says when to look at the stream.

import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import type { ManualAction } from '../observation.ts';
import { leastSilenceMs } from '../order/delivery-state.ts';
import { isDecision } from '../order/events.ts';
import { isPending, type OrderState } from '../order/order.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import { attemptDelivery, type DeliveryOptions, takeOver } from './attempt.ts';
import { type Lane, Lanes } from './lanes.ts';

export interface Delivery {
  /** A decision of this process is durable: deliver it now. */
  schedule(orderId: string): void;
  /** An event of an order was seen in the log: from now our own clock runs until we may take over. */
  onEvent(event: StoredEvent): void;
  /** At start: what was pending before this process looked. @param agoMs of its last event, as far as that is to count. */
  onPendingAtStart(order: OrderState, agoMs: number): void;
  /** Delivers in the background until `stop`. */
  start(): void;
  /** Delivers until nothing is due before the deadline (monotonic). What runs then, runs on. */
  settle(deadlineMs: number): Promise<void>;
  /** @throws LedgerError `order_unknown`, `closed`, and those of the store. */
  redeliver(orderId: string, by: ManualAction): Promise<'delivered' | 'failed' | 'nothing_to_deliver'>;
  /** No new attempts; running ones have until the deadline (monotonic), then they are aborted. */
  stop(deadlineMs: number): Promise<void>;
}

/** `left`: nothing to deliver (any more), or not ours to deliver now. */
type Outcome = 'delivered' | 'failed' | 'left';

export function openDelivery(options: DeliveryOptions): Delivery {
  return new DeliveryScheduler(options);
}

class DeliveryScheduler implements Delivery {
  readonly #options: DeliveryOptions;
  readonly #lanes: Lanes;
  /** From the owner's last event: a third for its attempt to start late, one for the attempt, one to spare. */
  readonly #patienceMs: number;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#lanes = new Lanes((lane) => this.#process(lane), options);
    this.#patienceMs = Math.max(leastSilenceMs, 3 * options.timeoutMs);
  }

  schedule(orderId: string): void {
    const lane = this.#lanes.open(orderId);
    lane.ownUntilMs = this.#now() + this.#patienceMs / 3;
    this.#lanes.dueAt(lane, this.#now());
    if (lane.running) void this.#supersede(lane);
  }

  /** The attempt under way may be of this very decision: the stream tells. */
  async #supersede(lane: Lane): Promise<void> {
    try {
      this.#learn(lane, (await this.#options.orders.read(lane.orderId)).sequence);
    } catch {
      // Then the attempt is not aborted, only awaited; the lane is due, and looks again after it.
    }
  }

  #learn(lane: Lane, sequence: number): void {
    lane.sequence = Math.max(lane.sequence, sequence);
    if (lane.attempt && lane.attempt.sequence < sequence) lane.attempt.abort.abort();
  }

  onEvent(stored: StoredEvent): void {
    if (stored.type === 'PaymentObserved') return; // Most of the log, and of no interest here.
    const event = orderAggregate.read(stored);
    const orderId = stored.stream.slice(orderAggregate.stream('').length);
    const by = stored.metadata['instance'] ?? '';
    if (event.type === 'MembershipDelivered' || event.type === 'DeliveryAbandoned') {
      const lane = this.#lanes.find(orderId);
      if (lane && event.data.sequence >= lane.sequence && stored.revision > lane.seenRevision) this.#lanes.drop(lane);
    } else if (isDecision(event) || event.type === 'DeliveryTakenOver') {
      this.#note(orderId, event.data.sequence, stored.revision, by, 0);
    } else if (event.type === 'DeliveryFailed') {
      this.#note(orderId, event.data.sequence, stored.revision, by, event.data.waitMs);
    }
  }

  onPendingAtStart({ orderId, sequence, delivery }: OrderState, agoMs: number): void {
    this.#note(orderId, sequence, delivery.revision, delivery.owner, delivery.waitMs, agoMs);
  }

  #note(orderId: string, sequence: number, revision: number, owner: string, waitMs: number, agoMs = 0): void {
    // Our own: in hand, or else of an append whose reply was lost; that one is looked at as if it were another's.
    const inHand = owner === this.#options.instance && this.#lanes.find(orderId) !== undefined;
    const lane = this.#lanes.open(orderId);
    this.#learn(lane, sequence);
    if (revision <= lane.seenRevision) return;
    lane.seenRevision = revision;
    lane.seenAtMs = this.#now() - agoMs;
    this.#waitFor(lane, owner, waitMs);
    if (!inHand) this.#lanes.putOff(lane, lane.takeOverAtMs);
  }

  #waitFor(lane: Lane, owner: string, waitMs: number): void {
    lane.retryAtMs = lane.seenAtMs + waitMs;
    lane.takeOverAtMs = owner === '' ? lane.seenAtMs : lane.retryAtMs + this.#patienceMs;
  }

  start(): void {
    this.#lanes.start();
  }

  settle(deadlineMs: number): Promise<void> {
    return this.#lanes.settle(deadlineMs);
  }

  async stop(deadlineMs: number): Promise<void> {
    for (const { attempt } of await this.#lanes.stop(deadlineMs)) attempt?.abort.abort();
  }

  /** Looks at the stream, and does what is ours to do. */
  async #process(lane: Lane): Promise<Outcome> {
    const { orderId } = lane;
    const { orders, instance } = this.#options;
    const order = await orders.read(orderId);
    if (this.#isOld(lane, order) || !isPending(order)) return 'left';
    const { owner, revision, underWay } = order.delivery;
    const isOurs = owner === instance;
    const waitMs = isOurs && underWay ? 0 : order.delivery.waitMs; // Who takes over tries at once, also where the reply was lost.
    this.#note(orderId, order.sequence, revision, owner, waitMs);
    // Seen in the log, a taking over does not tell the wait after it; the order does.
    if (!isOurs && revision === lane.seenRevision) this.#waitFor(lane, owner, waitMs);
    // A failure was counted with its wait, so it is waited for: also where its reply was lost, or the lane is due for something older.
    const notBeforeMs = isOurs ? lane.retryAtMs : lane.takeOverAtMs;
    if (this.#now() < notBeforeMs) {
      this.#lanes.dueAt(lane, notBeforeMs);
      return 'left';
    }
    if (isOurs && lane.storeFailures === 0 && this.#now() <= lane.ownUntilMs) return this.#attempt(lane, order);
    // Another's, or ours for so long that others may take it, or ours before the store failed: a write decides.
    const taken = await takeOver(orderId, this.#options, (now) => isPending(now) && now.delivery.revision === revision);
    if (taken) return this.#attempt(lane, taken);
    this.#lanes.dueAt(lane, this.#now());
    return 'left';
  }

  async #attempt(lane: Lane, order: OrderState): Promise<Outcome> {
    const { sequence, delivery } = order;
    if (this.#lanes.stopping || this.#isOld(lane, order)) return 'left';
    lane.sequence = sequence;
    lane.seenRevision = Math.max(lane.seenRevision, delivery.revision);
    lane.retryAtMs = this.#now();
    const abort = new AbortController();
    lane.attempt = { sequence, abort };
    const result = await attemptDelivery(order, abort, this.#options);
    // Seen meanwhile. Where it is ours, and the reply to its append was lost, nobody else says so again.
    if (lane.sequence > sequence) this.#lanes.dueAt(lane, this.#now());
    if (result.outcome === 'failed' && result.retryAtMs !== undefined) {
      this.#lanes.dueAt(lane, result.retryAtMs);
      lane.ownUntilMs = result.retryAtMs + this.#patienceMs / 3;
      lane.seenRevision = Math.max(lane.seenRevision, result.revision);
      lane.retryAtMs = result.retryAtMs;
    }
    return result.outcome;
  }

  /** A newer decision came while this was read: look again. (Or the log went back: then the next look goes on.) */
  #isOld(lane: Lane, { sequence }: OrderState): boolean {
    if (sequence >= lane.sequence) return false;
    lane.sequence = sequence;
    this.#lanes.dueAt(lane, this.#now());
    return true;
  }

  async redeliver(orderId: string, by: ManualAction): Promise<'delivered' | 'failed' | 'nothing_to_deliver'> {
    const { placed } = await this.#options.orders.read(orderId);
    if (!placed) throw new LedgerError('order_unknown', `Order ${orderId} is not placed. Look its id up in the shop`);
    for (;;) {
      if (this.#lanes.stopping) throw new LedgerError('closed', `Order ${orderId} is not delivered again: this process is shutting down`);
      const lane = this.#lanes.open(orderId);
      if (lane.running) {
        await lane.running;
        continue;
      }
      const outcome = await this.#lanes.run(lane, async () => {
        const taken = await takeOver(orderId, this.#options, ({ sequence, delivery }) => sequence > delivery.settled, by);
        return taken ? this.#attempt(lane, taken) : 'nothing_to_deliver';
      });
      if (outcome !== 'left') return outcome;
    }
  }

  #now(): number {
    return this.#options.runtime.monotonicNowMs();
  }
}
