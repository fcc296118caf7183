// The one write path. Whatever a source says of a payment: claim the references for the order (law 3), hand
// on what they held (law 7), then record it in the owner's stream, where it is decided (law 2). Without an
// owner it is held. Each step is idempotent, so that after a crash anywhere the next one to come along (the
// source's retry, another source, the roll-forward) finishes what was begun.
import { LRUCache } from 'lru-cache';
import { invariant } from './errors.ts';
import { factKey, type Observation } from './observation.ts';
import type { DecisionType, OrderEvent, PaymentObserved } from './order/events.ts';
import type { OrderState } from './order/order.ts';
import { isDecision, type OrderStreams } from './order-streams.ts';
import type { ObserveResult } from './payment-ledger.ts';
import type { References } from './reference.ts';
import type { Runtime } from './runtime.ts';

export interface PaymentWriter {
  observe(observation: Observation): Promise<ObserveResult>;
  /** Hands on what a linked reference held. */
  forwardHeld(reference: string): Promise<void>;
  /** Hands on one held observation, if one of its references has an owner by now. */
  forward(observed: PaymentObserved): Promise<void>;
}

/** One walk over references: each is linked once, and what it held is found. */
interface Walk {
  readonly owners: Map<string, string>;
  readonly found: { readonly observed: PaymentObserved; readonly candidate: string }[];
}

export function openPaymentWriter(references: References, orders: OrderStreams, runtime: Runtime): PaymentWriter {
  // Nothing is held after the link, so what was once handed on is done with. Only saves work.
  const handedOn = new LRUCache<string, true>({ max: 10_000 });

  async function linkReference(walk: Walk, reference: string, candidate: string): Promise<string> {
    const known = walk.owners.get(reference);
    if (known !== undefined) return known;
    const { owner, held } = await references.link(reference, candidate);
    walk.owners.set(reference, owner);
    if (!handedOn.has(reference)) walk.found.push(...held.map((observed) => ({ observed, candidate: owner })));
    return owner;
  }

  async function linkPayment(walk: Walk, observed: PaymentObserved, candidate: string): Promise<void> {
    const owner = await linkReference(walk, observed.payment.id, candidate);
    for (const alias of observed.aliases ?? []) await linkReference(walk, alias, owner);
  }

  /** Records what the references held; on the way, those of the held payments are linked too. */
  async function handOn(walk: Walk): Promise<void> {
    for (const { observed, candidate } of walk.found) await linkPayment(walk, observed, candidate); // `found` grows meanwhile.
    for (const { observed } of walk.found) await record(walk, observed);
    for (const reference of walk.owners.keys()) handedOn.set(reference, true);
  }

  async function record(walk: Walk, observed: PaymentObserved): Promise<ObserveResult> {
    const owner = ownerIn(walk, observed.payment.id);
    const claimedByAnother = (observed.aliases ?? []).some((alias) => ownerIn(walk, alias) !== owner);
    const { state, events } = await orders.command(owner, causeOf(observed), { type: 'observe', observed, claimedByAnother });
    return resultOf(state, events);
  }

  async function observeFor(owner: string, observed: PaymentObserved): Promise<ObserveResult> {
    const walk: Walk = { owners: new Map(), found: [] };
    await linkPayment(walk, observed, owner);
    await handOn(walk);
    return record(walk, observed);
  }

  /** Law 7: kept under every name of the payment, until one of them has an owner. */
  async function hold(observed: PaymentObserved): Promise<ObserveResult> {
    for (const reference of namesOf(observed)) {
      const owner = await references.hold(reference, observed, causeOf(observed));
      if (owner !== undefined) return observeFor(owner, observed); // Linked meanwhile.
    }
    return { outcome: 'held', payment: observed.payment };
  }

  return {
    observe: async (observation) => {
      const { payment, fact } = observation;
      const observed = { ...observation, observedAt: runtime.now().toISOString(), factKey: factKey(payment, fact) };
      const owner = (await references.ownerOfAny(namesOf(observed))) ?? observed.orderId;
      return owner === undefined ? hold(observed) : observeFor(owner, observed);
    },
    forwardHeld: async (reference) => {
      const owner = await references.ownerOf(reference);
      if (owner === undefined) return;
      const walk: Walk = { owners: new Map(), found: [] };
      await linkReference(walk, reference, owner);
      await handOn(walk);
    },
    forward: async (observed) => {
      const owner = await references.ownerOfAny(namesOf(observed));
      if (owner !== undefined) await observeFor(owner, observed);
    },
  };
}

function namesOf({ payment, aliases }: PaymentObserved): readonly string[] {
  return [...new Set([payment.id, ...(aliases ?? [])])];
}

function ownerIn({ owners }: Walk, reference: string): string {
  const owner = owners.get(reference);
  invariant(owner !== undefined, `reference ${reference} is used before its link`);
  return owner;
}

function causeOf({ source, evidence }: PaymentObserved): string {
  return `${source} ${evidence.eventId ?? evidence.objectId}`;
}

const outcomes: Readonly<Record<DecisionType, 'granted' | 'suspended' | 'restored' | 'revoked'>> = {
  MembershipGranted: 'granted',
  MembershipSuspended: 'suspended',
  MembershipRestored: 'restored',
  MembershipRevoked: 'revoked',
};

/** What an observation came to: its decision, else its review, else that it was recorded. */
function resultOf({ orderId, membership }: OrderState, events: readonly OrderEvent[]): ObserveResult {
  const decision = events.find(isDecision);
  if (decision) return { outcome: outcomes[decision.type], orderId, membership };
  if (events.some(({ type }) => type === 'ReviewOpened')) return { outcome: 'review', orderId, membership };
  return events.length > 0 ? { outcome: 'recorded', orderId, membership } : { outcome: 'duplicate', orderId };
}
