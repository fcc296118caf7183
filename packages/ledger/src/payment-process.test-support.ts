// Opens one process that only writes payments, without subscribers. Also checks the laws of the reference protocol on the log
// alone.
import { expect } from 'vitest';
import type { EventStore, StoredEvent } from './event-store/event-store.ts';
import { type Observation, type PaymentReference, referenceName, referenceNamesOf } from './observation.ts';
import { PaymentWriter } from './observe-payment.ts';
import type { OrderPlaced, PaymentObserved } from './order/events.ts';
import { at, order1 } from './order/example-order.test-support.ts';
import { factContentKey } from './order/order.ts';
import { defaultPolicy, type Policy } from './order/policy.ts';
import type { Runtime } from './runtime.ts';
import { type OrderStreams, openOrderStreams } from './streams/order-streams.ts';
import { openReferences, type References } from './streams/reference-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { rollForward } from './subscribers/roll-forward.ts';

export interface PaymentProcess {
  readonly references: References;
  readonly orders: OrderStreams;
  readonly writer: PaymentWriter;
  place(orderId: string): Promise<void>;
  /** Attaches a checkout as a ledger does. Returns the owner of the reference. */
  attach(orderId: string, payment: PaymentReference): Promise<string>;
  /** Runs the roll-forward over the whole log. */
  rollForward(): Promise<void>;
}

export function openPaymentProcess(store: EventStore, runtime: Runtime, policy: Policy = defaultPolicy): PaymentProcess {
  const transactions = openTransactions({ store, runtime, instance: '' });
  const orders = openOrderStreams(transactions, policy, {});
  const references = openReferences(transactions);
  const writer = new PaymentWriter(references, orders, runtime);
  return {
    references,
    orders,
    writer,
    place: async (orderId) => {
      const order: OrderPlaced = { ...order1, orderId };
      await orders.command(orderId, 'place', { type: 'place', order });
    },
    attach: async (orderId, payment) => {
      const { owner } = await references.link(referenceName(payment), orderId);
      if (owner !== orderId) return owner;
      await orders.command(orderId, 'attach', { type: 'attach', checkout: { payment, attachedAt: at(0) } });
      await writer.forwardHeld(referenceName(payment));
      return owner;
    },
    rollForward: async () => {
      const events = await everything(store, ['reference-']);
      expect(await rollForward(events, writer)).toEqual([]);
    },
  };
}

export async function everything(store: EventStore, prefixes?: readonly string[]): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.readLog(prefixes ? { prefixes } : {})) events.push(...page.events);
  return events;
}

/** Returns the observation as the source reported it: without our clock and the key of the fact. */
export function toObservation({ observedAt: _, factKey: __, ...observation }: PaymentObserved): Observation {
  return observation;
}

/** What the log contains about references and orders. */
export interface Ownership {
  readonly owners: ReadonlyMap<string, string>;
  /** The observations that are held, each with its reference. */
  readonly held: readonly { readonly reference: string; readonly observed: PaymentObserved }[];
  /** The observations of each order, as `sayingKey`. Key: the order. */
  readonly recorded: ReadonlyMap<string, ReadonlySet<string>>;
}

export function observationKey(observed: Pick<PaymentObserved, 'source' | 'payment' | 'fact'>): string {
  return `${observed.source} ${factContentKey(observed)}`;
}

/**
 * Checks law 3 and the invariants of the protocol: a reference has one owner, the first link wins, a link comes before its use,
 * nothing is held after the link, an order has at most one grant, and each source reports a fact once (law 5).
 */
export function checkOwnership(events: readonly StoredEvent[]): Ownership {
  const owners = new Map<string, string>();
  const held: { reference: string; observed: PaymentObserved }[] = [];
  const recorded = new Map<string, Set<string>>();
  const granted = new Set<string>();
  for (const { stream, type, data } of events) {
    const [kind, id] = [stream.slice(0, stream.indexOf('-')), stream.slice(stream.indexOf('-') + 1)];
    if (type === 'ReferenceLinked') {
      expect(owners.get(id), `${id} is linked once`).toBeUndefined();
      owners.set(id, (data as { orderId: string }).orderId);
    } else if (type === 'PaymentHeld') {
      expect(owners.get(id), `${id} holds nothing after its link`).toBeUndefined();
      held.push({ reference: id, observed: data as PaymentObserved });
    } else if (type === 'PaymentObserved') {
      const observed = data as PaymentObserved;
      expect(kind).toBe('order');
      expect(owners.get(referenceName(observed.payment)), `${observed.payment.id} is linked before ${id} uses it`).toBe(id);
      for (const alias of referenceNamesOf(observed)) expect(owners.has(alias), `${alias} is claimed before it is used`).toBe(true);
      const keys = recorded.get(id) ?? new Set();
      expect(keys.has(observationKey(observed)), `${id} recorded it once`).toBe(false);
      recorded.set(id, keys.add(observationKey(observed)));
    } else if (type === 'MembershipGranted') {
      expect(granted.has(id), `${id} is granted once`).toBe(false);
      granted.add(id);
    }
  }
  return { owners, held, recorded };
}

/** Checks law 7: an observation that was held is in the owner's stream, if the payment has an owner. */
export function checkHandedOn({ owners, held, recorded }: Ownership): void {
  for (const { reference, observed } of held) {
    if (!owners.has(reference) && !owners.has(referenceName(observed.payment))) continue;
    const owner = owners.get(referenceName(observed.payment));
    expect(owner, `${reference} is linked, so ${observed.payment.id} is`).toBeDefined();
    expect([...(recorded.get(owner ?? '') ?? [])], `what ${reference} held reached ${owner}`).toContain(observationKey(observed));
  }
}
