// Hands each order's newest decision to the shop: level-triggered, at least once, with a stable key. The
// stream says who delivers: the instance that appended the decision, or the last `DeliveryTakenOver` of it.
// Law 9 rests on the sequence: the shop writes where its stored one is lower.
import { invariant } from './errors.ts';
import type { StoredEvent } from './event-store/event-store.ts';
import type { ManualAction } from './observation.ts';
import type { DecisionType, DeliveryFailed, OrderEvent } from './order/events.ts';
import { isPending, type OrderState } from './order/order.ts';
import { isDecision, type OrderStreams, orderAggregate } from './order-streams.ts';
import type { Alert, Log, MembershipChange } from './payment-ledger.ts';
import type { Runtime } from './runtime.ts';

export interface DeliveryOptions {
  readonly orders: OrderStreams;
  readonly instance: string;
  readonly deliver: (change: MembershipChange, signal: AbortSignal) => Promise<void>;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly onAlert: (alert: Alert) => void;
}

export interface Delivery {
  /** A decision of this process is durable: deliver it now. */
  schedule(orderId: string): void;
  /** Another process's event was seen: from now our own clock runs until we may take over. */
  sight(event: StoredEvent): void;
  /** At start: what was pending before this process looked. */
  sightPending(order: OrderState): void;
  /** Delivers in the background until `stop`. */
  start(): void;
  /** Delivers until nothing is due before the deadline (monotonic). */
  settle(deadlineMs: number): Promise<void>;
  redeliver(orderId: string, by: ManualAction): Promise<'delivered' | 'failed' | 'nothing_to_deliver'>;
  /** No new attempts; running ones have until the deadline (monotonic), then they are aborted. */
  stop(deadlineMs: number): Promise<void>;
}

/** What this process does about one order. Dropped once nothing is pending. */
interface Lane {
  /** Newest decision that this process saw. */
  sequence: number;
  /** Of the last event about that decision that this process saw: what its clock runs from. */
  seenRevision: number;
  /** Monotonic: before this the order is left alone. */
  dueAtMs: number;
  running?: { readonly abort: AbortController; readonly done: Promise<Outcome> };
}

/** `left`: nothing to deliver (any more), or not ours to deliver now. */
type Outcome = 'delivered' | 'failed' | 'left';

const never = Number.POSITIVE_INFINITY;
const ordersAtOnce = 8;
const takeOverAfterMs = 30_000;
const firstWaitMs = 1_000;
const longestWaitMs = 3_600_000;
const horizonMs = 72 * 3_600_000;
const storeRetryMs = 1_000;

export function openDelivery(options: DeliveryOptions): Delivery {
  const { orders, instance, timeoutMs, runtime, log, onAlert } = options;
  const lanes = new Map<string, Lane>();
  // An attempt that may still be running must not be taken over.
  const patienceMs = Math.max(takeOverAfterMs, 3 * timeoutMs);
  let stopping = false;
  let running = 0;
  let changed = new AbortController();
  let loop: Promise<void> = Promise.resolve();

  /** Wakes whoever waits for the next lane. */
  function wake(): void {
    const woken = changed;
    changed = new AbortController();
    woken.abort();
  }

  function laneOf(orderId: string): Lane {
    const lane = lanes.get(orderId) ?? { sequence: 0, seenRevision: -1, dueAtMs: never };
    lanes.set(orderId, lane);
    return lane;
  }

  function dueIn(lane: Lane, waitMs: number): void {
    lane.dueAtMs = Math.min(lane.dueAtMs, runtime.monotonicNowMs() + waitMs);
  }

  function schedule(orderId: string): void {
    const lane = laneOf(orderId);
    dueIn(lane, 0);
    lane.running?.abort.abort(); // It delivers an older decision.
    wake();
  }

  /** From now our clock runs. */
  function see(orderId: string, sequence: number, revision: number, waitMs: number): void {
    const lane = laneOf(orderId);
    if (revision <= lane.seenRevision) return;
    if (sequence > lane.sequence) lane.running?.abort.abort();
    lane.sequence = Math.max(lane.sequence, sequence);
    lane.seenRevision = revision;
    lane.dueAtMs = runtime.monotonicNowMs() + waitMs;
    wake();
  }

  function sight(stored: StoredEvent): void {
    const by = stored.metadata['instance'] ?? '';
    const { stream, revision } = stored;
    if (by === instance) return;
    const event = orderAggregate.read(stored);
    const orderId = stream.slice(orderAggregate.stream('').length);
    const lane = lanes.get(orderId);
    if (isDecision(event)) see(orderId, event.data.sequence, revision, by === '' ? 0 : patienceMs);
    else if (event.type === 'DeliveryFailed') see(orderId, event.data.sequence, revision, event.data.waitMs + patienceMs);
    else if (event.type === 'DeliveryTakenOver') see(orderId, event.data.sequence, revision, patienceMs);
    else if (event.type === 'MembershipDelivered' || event.type === 'DeliveryAbandoned') {
      if (lane && !lane.running && event.data.sequence >= lane.sequence) lanes.delete(orderId);
    }
  }

  function sightPending({ orderId, sequence, delivery }: OrderState): void {
    if (delivery.owner !== instance) see(orderId, sequence, delivery.revision, delivery.owner === '' ? 0 : delivery.waitMs + patienceMs);
  }

  /** Starts what is due, and answers when the next lane will be. */
  function startDue(): number {
    let next = never;
    const now = runtime.monotonicNowMs();
    for (const [orderId, lane] of lanes) {
      if (lane.running || stopping) continue;
      if (lane.dueAtMs > now) next = Math.min(next, lane.dueAtMs);
      else if (running < ordersAtOnce) void run(orderId, lane, (abort) => attend(orderId, lane, abort));
    }
    return next;
  }

  /** One at a time for each order: a newer decision waits until the older attempt has ended. */
  function run(orderId: string, lane: Lane, work: (abort: AbortController) => Promise<Outcome>): Promise<Outcome> {
    const abort = new AbortController();
    lane.dueAtMs = never; // Who has more to do says so again.
    running++;
    const done = work(abort)
      .catch((error: unknown): Outcome => {
        log.warn({ err: error, orderId }, 'the order could not be read or written; its delivery is tried again');
        dueIn(lane, storeRetryMs);
        return 'failed';
      })
      .finally(() => {
        running--;
        delete lane.running;
        if (lane.dueAtMs === never) lanes.delete(orderId);
        wake();
      });
    lane.running = { abort, done };
    return done;
  }

  async function attend(orderId: string, lane: Lane, abort: AbortController): Promise<Outcome> {
    const order = await orders.read(orderId);
    if (!isPending(order)) return 'left';
    const { owner, revision, waitMs } = order.delivery;
    if (owner === instance) return attempt(order, lane, abort);
    if (owner !== '' && revision > lane.seenRevision) {
      see(orderId, order.sequence, revision, waitMs + patienceMs);
      return 'left';
    }
    const taken = await takeOver(orderId, (now) => isPending(now) && now.delivery.revision === revision);
    if (taken) return attempt(taken, lane, abort);
    dueIn(lane, 0);
    return 'left';
  }

  async function takeOver(orderId: string, mayTake: (order: OrderState) => boolean, by?: ManualAction): Promise<OrderState | undefined> {
    const { state, answer } = await orders.append(orderId, 'delivery', (order) => {
      if (!mayTake(order)) return { events: [], answer: false };
      return { events: [{ type: 'DeliveryTakenOver', data: { sequence: order.sequence, ...(by ? { by } : {}) } }], answer: true };
    });
    return answer ? state : undefined;
  }

  async function attempt(order: OrderState, lane: Lane, abort: AbortController): Promise<Outcome> {
    const { orderId, sequence } = order;
    lane.sequence = sequence;
    const startedAtMs = runtime.monotonicNowMs();
    const result = await callShop(changeOf(order), abort);
    if (result === 'delivered') {
      await orders.append(orderId, 'delivery', ({ delivery }) => ({
        events: delivery.settled >= sequence ? [] : [{ type: 'MembershipDelivered', data: { sequence } }],
        answer: undefined,
        lasting: true,
      }));
      return 'delivered';
    }
    const spentMs = order.delivery.spentMs + runtime.monotonicNowMs() - startedAtMs;
    const waitMs = Math.round(Math.min(longestWaitMs, firstWaitMs * 2 ** order.delivery.failures) * (0.5 + runtime.random() / 2));
    const failure: DeliveryFailed = { sequence, waitMs, spentMs: Math.round(spentMs + waitMs), reason: result };
    const abandoned = spentMs >= horizonMs;
    const { answer: stillOurs } = await orders.append(orderId, 'delivery', (now) => {
      const ours = now.sequence === sequence && isPending(now) && now.delivery.owner === instance;
      return { events: ours ? failureEvents(failure, abandoned) : [], answer: ours };
    });
    if (!stillOurs) {
      dueIn(lane, 0); // Newer, settled or taken over: look again.
      return 'left';
    }
    if (!abandoned) dueIn(lane, waitMs);
    else alertAbandoned(orderId, sequence);
    return 'failed';
  }

  /** The shop has `timeoutMs`; an abort (of a newer decision, of a shutdown) is awaited no longer than that. */
  async function callShop(change: MembershipChange, abort: AbortController): Promise<'delivered' | 'error' | 'timeout'> {
    const done = new AbortController();
    const call = Promise.resolve()
      .then(() => options.deliver(change, abort.signal))
      .then(
        () => 'delivered' as const,
        (error: unknown) => {
          log.warn({ err: error, orderId: change.membershipId, sequence: change.sequence }, 'deliver failed');
          return 'error' as const;
        },
      );
    const timeout = runtime.sleep(timeoutMs, done.signal).then(() => 'timeout' as const);
    const result = await Promise.race([call, timeout]);
    done.abort();
    if (result === 'timeout') abort.abort();
    return result;
  }

  function alertAbandoned(orderId: string, sequence: number): void {
    const message = `Delivery ${orderId}:${sequence} is abandoned after 72 h of failures. Mend \`deliver\`, then call redeliver('${orderId}', …)`;
    log.error({ orderId, sequence }, message);
    onAlert({ kind: 'delivery_abandoned', orderId, message });
  }

  async function redeliver(orderId: string, by: ManualAction): Promise<'delivered' | 'failed' | 'nothing_to_deliver'> {
    for (;;) {
      const lane = laneOf(orderId);
      if (lane.running) {
        await lane.running.done;
        continue;
      }
      let nothing = false;
      const outcome = await run(orderId, lane, async (abort) => {
        const taken = await takeOver(orderId, (order) => order.sequence > order.delivery.settled, by);
        nothing = taken === undefined;
        return taken ? attempt(taken, lane, abort) : 'left';
      });
      if (nothing) return 'nothing_to_deliver';
      if (outcome !== 'left') return outcome;
    }
  }

  async function deliverOn(): Promise<void> {
    while (!stopping) {
      const woken = changed.signal;
      const waitMs = startDue() - runtime.monotonicNowMs();
      await runtime.sleep(Math.max(0, Math.min(waitMs, 60_000)), woken);
    }
  }

  return {
    schedule,
    sight,
    sightPending,
    redeliver,
    start: () => {
      loop = deliverOn();
    },
    settle: async (deadlineMs) => {
      for (;;) {
        const woken = changed.signal;
        const next = startDue();
        const now = runtime.monotonicNowMs();
        if (now >= deadlineMs || (running === 0 && next > deadlineMs)) return;
        await runtime.sleep(Math.min(next, deadlineMs) - now, woken);
      }
    },
    stop: async (deadlineMs) => {
      stopping = true;
      wake();
      await loop;
      const attempts = [...lanes.values()].flatMap((lane) => lane.running ?? []);
      const done = new AbortController();
      const allDone = Promise.all(attempts.map((each) => each.done));
      await Promise.race([allDone, runtime.sleep(Math.max(0, deadlineMs - runtime.monotonicNowMs()), done.signal)]);
      done.abort();
      for (const each of attempts) each.abort.abort();
    },
  };
}

function failureEvents(failure: DeliveryFailed, abandoned: boolean): readonly OrderEvent[] {
  const failed: OrderEvent = { type: 'DeliveryFailed', data: failure };
  return abandoned ? [failed, { type: 'DeliveryAbandoned', data: { sequence: failure.sequence } }] : [failed];
}

const changes: Readonly<Record<DecisionType, Pick<MembershipChange, 'change' | 'status'>>> = {
  MembershipGranted: { change: 'granted', status: 'active' },
  MembershipSuspended: { change: 'suspended', status: 'suspended' },
  MembershipRestored: { change: 'restored', status: 'active' },
  MembershipRevoked: { change: 'revoked', status: 'revoked' },
};

/** Law 9: the newest decision and nothing else. */
function changeOf({ orderId, decided }: OrderState): MembershipChange {
  invariant(decided !== undefined, `order ${orderId} has nothing to deliver`);
  const { type, membershipId, memberId, plan, sequence, paidAt } = decided;
  return { membershipId, memberId, plan, ...changes[type], sequence, paidAt, idempotencyKey: `${membershipId}:${sequence}` };
}
