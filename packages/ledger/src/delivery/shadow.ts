// Compares each order's newest decision with what the shop has, and delivers nothing: for the time in which an older handler
// of the shop still gives access. What the shop has is settled; what differs waits for the first process with a `deliver`.
// Memory only says when to ask, so a crash loses nothing. The steps in a lane that is due:
//   1. Read the order. Stop where nothing is pending.
//   2. Ask the shop, and wait `timeoutMs` at most.
//   3. Where it has the same, append `MembershipDelivered` with `found`, unless a newer decision came meanwhile.
//   4. Where it differs, or does not answer, ask again later. Nothing is recorded: a shadow uses up no time for delivery.
import type { StoredEvent } from '../event-store/event-store.ts';
import type { Logger } from '../logger.ts';
import { type DecisionType, isDecision } from '../order/events.ts';
import { isPending, type OrderState } from '../order/order.ts';
import type { MembershipChange, Shadow } from '../payment-ledger.ts';
import type { Runtime } from '../runtime.ts';
import { orderAggregate } from '../streams/order-aggregate.ts';
import type { OrderStreams } from '../streams/order-streams.ts';
import { changeOf } from './attempt.ts';
import type { DecisionFollower } from './delivery.ts';
import { type Lane, Lanes } from './lanes.ts';

export interface ShadowFollower extends DecisionFollower {
  /** How many orders the shop had differently when it was last asked. */
  readonly differing: number;
}

export interface ShadowOptions {
  readonly orders: OrderStreams;
  readonly shadow: Shadow;
  /** How long `compare` may take before its signal is aborted. */
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Logger;
}

export function openShadow(options: ShadowOptions): ShadowFollower {
  return new ShadowComparison(options);
}

/** The older handler gets its webhook at about the same time: it has a minute. */
const firstWaitMs = 60_000;
const longestWaitMs = 24 * 3_600_000;

/** What was asked of one order. */
interface Asked {
  readonly sequence: number;
  readonly waitMs: number;
  readonly differs: boolean;
}

class ShadowComparison implements ShadowFollower {
  readonly #options: ShadowOptions;
  readonly #lanes: Lanes;
  /** Key: order id, of orders whose newest decision was asked about and is not settled. Written by `#process` and `#forget`. */
  readonly #asked = new Map<string, Asked>();

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#lanes = new Lanes((lane) => this.#process(lane), options);
  }

  get differing(): number {
    return [...this.#asked.values()].filter(({ differs }) => differs).length;
  }

  schedule(orderId: string): void {
    this.#lanes.dueAt(this.#lanes.open(orderId), this.#now() + firstWaitMs);
  }

  onEvent(stored: StoredEvent): void {
    if (!mayConcern(stored.type)) return; // Most of the log, and it changes no comparison.
    const event = orderAggregate.read(stored);
    const orderId = stored.stream.slice(orderAggregate.stream('').length);
    if (isDecision(event)) this.schedule(orderId);
    else if (event.type === 'MembershipDelivered') this.#forget(orderId, event.data.sequence);
  }

  onPendingAtStart({ orderId }: OrderState, agoMs: number): void {
    this.#lanes.dueAt(this.#lanes.open(orderId), this.#now() + Math.max(0, firstWaitMs - agoMs));
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

  async #process(lane: Lane): Promise<void> {
    const { orderId } = lane;
    const { orders } = this.#options;
    const order = await orders.read(orderId); // 1
    if (!isPending(order)) return this.#forget(orderId, order.sequence);
    const { sequence } = order;
    const abort = new AbortController();
    lane.attempt = { sequence, abort };
    const answer = await this.#ask(changeOf(order), abort); // 2
    if (answer === 'same') {
      // 3: A crash before this append: the shop is asked again. The expected revision repeats the check for a newer decision.
      const { answer: isSettled } = await orders.append(orderId, 'shadow', (now) => {
        if (now.delivery.settled >= sequence) return { events: [], answer: true };
        if (now.sequence > sequence) return { events: [], answer: false };
        return { events: [{ type: 'MembershipDelivered', data: { sequence, found: true } }], answer: true, final: true };
      });
      if (isSettled) return this.#forget(orderId, sequence);
    }
    const before = this.#asked.get(orderId);
    const waitMs = before?.sequence === sequence ? Math.min(longestWaitMs, 2 * before.waitMs) : firstWaitMs;
    this.#asked.set(orderId, { sequence, waitMs, differs: answer === 'differs' });
    this.#lanes.dueAt(lane, this.#now() + waitMs); // 4
  }

  /** Undefined: it did not answer, or nothing that can be used. */
  async #ask(change: MembershipChange, abort: AbortController): Promise<'same' | 'differs' | undefined> {
    const { shadow, timeoutMs, runtime, log } = this.#options;
    const of = { orderId: change.membershipId, sequence: change.sequence };
    const answered = new AbortController();
    const call = Promise.resolve()
      .then(() => shadow.compare(change, abort.signal))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) log.warn({ err: error, ...of }, 'compare of the shadow failed; it is asked again later');
        return undefined;
      });
    const answer = await Promise.race([call, runtime.sleep(timeoutMs, answered.signal).then(() => 'late' as const)]);
    answered.abort();
    if (answer === 'same' || answer === 'differs' || answer === undefined) return answer;
    if (answer === 'late') {
      abort.abort();
      log.warn({ ...of, timeoutMs }, 'compare of the shadow did not answer in time; its signal is aborted');
    } else log.warn({ ...of, answer }, "compare of the shadow answered neither 'same' nor 'differs'; it is asked again later");
    return undefined;
  }

  /** Another process, or a person, has settled the decision. */
  #forget(orderId: string, upTo: number): void {
    const asked = this.#asked.get(orderId);
    if (asked !== undefined && asked.sequence <= upTo) this.#asked.delete(orderId);
  }

  #now(): number {
    return this.#options.runtime.monotonicNowMs();
  }
}

const decisions: Readonly<Record<DecisionType, true>> = {
  MembershipGranted: true,
  MembershipSuspended: true,
  MembershipRestored: true,
  MembershipRevoked: true,
};

function mayConcern(type: string): boolean {
  return type in decisions || type === 'MembershipDelivered';
}
