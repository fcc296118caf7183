// Opens one process that writes payments and subscriptions, without subscribers. Also checks the laws of the protocol on the log alone.
import { expect } from 'vitest';
import type { EventStore, StoredEvent } from './event-store/event-store.ts';
import { referenceName } from './observation.ts';
import { PaymentWriter } from './observe-payment.ts';
import { SubscriptionWriter } from './observe-subscription.ts';
import type { PaymentObserved } from './order/events.ts';
import { defaultPolicy } from './order/policy.ts';
import { everything } from './payment-process.test-support.ts';
import type { Runtime } from './runtime.ts';
import { type OrderStreams, openOrderStreams } from './streams/order-streams.ts';
import { openReferences } from './streams/reference-streams.ts';
import { openSubscriptionStreams, type SubscriptionStreams } from './streams/subscription-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { rollForward } from './subscribers/roll-forward.ts';
import type { SubscriptionObserved } from './subscription/events.ts';
import { placed1, policy1 } from './subscription/story.test-support.ts';
import { contentKey } from './subscription/subscription.ts';

export interface SubscriptionProcess {
  readonly orders: OrderStreams;
  readonly subscriptions: SubscriptionStreams;
  readonly payments: PaymentWriter;
  readonly writer: SubscriptionWriter;
  place(subscriptionId: string): Promise<void>;
  /** Runs the roll-forward over the whole log. */
  rollForward(): Promise<void>;
}

export function openSubscriptionProcess(store: EventStore, runtime: Runtime): SubscriptionProcess {
  const transactions = openTransactions({ store, runtime, instance: '' });
  const references = openReferences(transactions);
  const orders = openOrderStreams(transactions, defaultPolicy, {});
  const subscriptions = openSubscriptionStreams({ transactions, shared: transactions }, policy1, {});
  const writer = new SubscriptionWriter(references, subscriptions, runtime);
  const payments = new PaymentWriter(references, orders, runtime, writer);
  return {
    orders,
    subscriptions,
    payments,
    writer,
    place: async (subscriptionId) => {
      await subscriptions.command(subscriptionId, 'place', { type: 'place', subscription: { ...placed1, subscriptionId } });
    },
    rollForward: async () => {
      expect(await rollForward(await everything(store, ['reference-']), payments)).toEqual([]);
    },
  };
}

/** Names a statement with its source, in whichever stream it stands. */
export function toldKey(told: Pick<SubscriptionObserved, 'source' | 'subscription' | 'fact'>): string {
  return `${told.source} ${contentKey(told)}`;
}

/** What the log contains about references and subscriptions. */
export interface SubscriptionsInLog {
  /** Key: the reference. Value: the subscription, or `order/…`. */
  readonly owners: ReadonlyMap<string, string>;
  readonly held: readonly PaymentObserved[];
  /** The statements of each subscription, as `toldKey`. */
  readonly recorded: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Checks law 3 over both kinds and the invariants of the protocol: the first link wins for good, a link comes before its use,
 * nothing is held after it, all that one call told stands in one append, one grant, and no invoice extends twice (S4).
 */
export function checkSubscriptions(events: readonly StoredEvent[]): SubscriptionsInLog {
  const owners = new Map<string, string>();
  const held: PaymentObserved[] = [];
  const recorded = new Map<string, Set<string>>();
  const used = new Set<string>();
  for (const { stream, type, data } of events) {
    const id = stream.slice(stream.indexOf('-') + 1);
    if (type === 'ReferenceLinked' || type === 'SubscriptionLinked') {
      expect(owners.get(id), `${id} is linked once`).toBeUndefined();
      owners.set(
        id,
        type === 'ReferenceLinked' ? `order/${(data as { orderId: string }).orderId}` : (data as { subscriptionId: string }).subscriptionId,
      );
    } else if (type === 'PaymentHeld') {
      expect(owners.get(id), `${id} holds nothing after its link`).toBeUndefined();
      held.push(data as PaymentObserved);
    } else if (type === 'SubscriptionObserved') {
      const observed = data as SubscriptionObserved;
      for (const name of namesOf(observed)) expect(owners.has(name), `${name} is claimed before ${id} uses it`).toBe(true);
      expect(owners.get(referenceName(observed.subscription)), `${observed.subscription.id} is ours`).toBe(id);
      recorded.set(id, (recorded.get(id) ?? new Set()).add(toldKey(observed)));
    } else if (type === 'SubscriptionGranted' || type === 'SubscriptionExtended') {
      const uses =
        type === 'SubscriptionGranted'
          ? [`${id} is granted`, `invoice ${(data as { invoice: string }).invoice}`]
          : [`invoice ${(data as { invoice: string }).invoice}`];
      for (const use of uses) expect(used.has(use), `${use} once`).toBe(false);
      for (const use of uses) used.add(use);
    }
  }
  return { owners, held, recorded };
}

function namesOf({ fact }: SubscriptionObserved): readonly string[] {
  switch (fact.kind) {
    case 'invoice':
      return [fact.id];
    case 'allocation':
      return fact.status === 'paid' ? [fact.invoice, fact.payment] : [fact.invoice];
    case 'credit_note':
      return [fact.invoice];
    case 'refund':
    case 'dispute':
      return [fact.payment.id];
    case 'lifecycle':
      return [];
  }
}

/** Checks law 7: money that went back and was held is in the stream of the subscription that owns its payment. */
export function checkForwarded({ owners, held, recorded }: SubscriptionsInLog): void {
  for (const { payment, source, fact } of held) {
    const owner = owners.get(referenceName(payment));
    if (owner === undefined || owner.startsWith('order/') || fact.kind === 'attempt') continue;
    const told = toldKey({ source, subscription: payment, fact: { ...fact, payment } });
    expect([...(recorded.get(owner) ?? [])], `what ${payment.id} held reached ${owner}`).toContain(told);
  }
}
