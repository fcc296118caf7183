// The one write path for what a source reports about a payment: claim its references for the order (law 3), forward
// what they held (law 7), then record it in the owner's stream, where it is decided (law 2). Without an owner it is
// held. Each step is idempotent: after a crash at any point, the source's retry, another source or the roll-forward
// finishes the work.
import { LRUCache } from 'lru-cache';
import { defined } from './defined.ts';
import { type MoveResult, movePayment } from './move-payment.ts';
import { factKey, type ManualAction, type Observation, type PaymentReference, referenceName, referenceNamesOf } from './observation.ts';
import type { SubscriptionWriter } from './observe-subscription.ts';
import { isAttached, isStaleFor } from './order/decide.ts';
import type { CheckoutAttached, OrderPlaced, PaymentMoved, PaymentObserved } from './order/events.ts';
import { isStale } from './order/news.ts';
import { moveOf, type OrderState } from './order/order.ts';
import { placedOtherwise } from './order/terms.ts';
import type { ObserveResult, PaymentLedger } from './payment-ledger.ts';
import type { Runtime } from './runtime.ts';
import type { BelongsTo, SeenBoth, StaleAction } from './seen.ts';
import { isOfAnother, type LinkPass, newLinkPass, ownerIn, ownershipOf, withoutOverruled } from './streams/link-pass.ts';
import { isDecided, resultOf, stale } from './streams/observe-result.ts';
import type { OrderStreams } from './streams/order-streams.ts';
import { belongsToSubscription, orderOf, type PaymentOwners, refuseSubscriptions } from './streams/payment-owner.ts';
import { causeOf, recordFirst } from './streams/record-first.ts';
import { type References, subscriptionIn } from './streams/reference-streams.ts';

type Answer<Method extends 'attachCheckout' | 'linkPayment' | 'importOrder'> = Awaited<ReturnType<PaymentLedger[Method]>>;

export class PaymentWriter {
  readonly #references: References;
  readonly #orders: OrderStreams;
  readonly #runtime: Runtime;
  readonly #owners: PaymentOwners;
  readonly #subscriptions: Pick<SubscriptionWriter, 'observePayment' | 'forwardHeld'> | undefined;
  // References whose held observations were forwarded: none are held after the link. Only saves work. Written by `#forwardAll`.
  readonly #forwarded = new LRUCache<string, true>({ max: 10_000 });

  /** @param subscriptions undefined: this process has none, and refuses what belongs to one. */
  constructor(
    references: References,
    orders: OrderStreams,
    runtime: Runtime,
    subscriptions?: Pick<SubscriptionWriter, 'observePayment' | 'forwardHeld'>,
  ) {
    this.#references = references;
    this.#orders = orders;
    this.#runtime = runtime;
    this.#owners = { references, orders };
    this.#subscriptions = subscriptions;
  }

  async observe(observation: Observation): Promise<ObserveResult> {
    const observed = this.#observedNow(observation);
    // Whose it is, the claim decides that follows: to begin with, the order does that memory has for its name or its first alias.
    const owner = this.#references.knownOrder(referenceNamesOf(observed)) ?? (await this.#ownerOf(observed));
    return owner === undefined ? this.#hold(observed) : this.#observeFor(owner, observed);
  }

  /** As `observe`, for a person who saw the order at that revision: not where it has news since, or another order has the payment. */
  async observeSeen(observation: Observation, seenRevision: number): Promise<ObserveResult | BelongsTo | StaleAction> {
    const observed = this.#observedNow(observation);
    const owner = await this.#ownerOf(observed);
    if (owner === undefined) return this.#hold(observed);
    refuseSubscriptions(observation.payment, owner);
    if (isOfAnother(observed, owner)) return { outcome: 'belongs_to', orderId: owner };
    const command = { type: 'observe', observed, seenRevision } as const;
    const before = await this.#orders.read(owner);
    if (isStaleFor(before, command)) return stale(before); // So that nothing is claimed. The append below compares again.
    const result = await this.#observeFor(owner, observed, seenRevision);
    if (result.outcome !== 'duplicate' || result.orderId === undefined) return result;
    if (result.orderId !== owner) return { outcome: 'belongs_to', orderId: result.orderId };
    const now = await this.#orders.read(owner);
    return isStaleFor(now, command) ? stale(now) : result;
  }

  async #ownerOf(observed: PaymentObserved): Promise<string | undefined> {
    return (await this.#references.ownerOfAny(referenceNamesOf(observed))) ?? observed.orderId;
  }

  #observedNow(observation: Observation): PaymentObserved {
    return { ...observation, observedAt: this.#runtime.now().toISOString(), factKey: factKey(observation.payment, observation.fact) };
  }

  /** Claims the reference, appends `CheckoutAttached`, then forwards what was held. Durable before a customer is sent there. */
  async attach(orderId: string, checkout: CheckoutAttached): Promise<Answer<'attachCheckout'>> {
    const name = referenceName(checkout.payment);
    const { owner } = await this.#references.link(name, orderId);
    refuseSubscriptions(checkout.payment, owner);
    if (owner !== orderId) return { outcome: 'belongs_to', orderId: owner };
    // A crash here leaves a linked payment without `CheckoutAttached`: the caller's retry appends it.
    const { events } = await this.#orders.command(orderId, `attach ${checkout.payment.id}`, { type: 'attach', checkout });
    await this.forwardHeld(name);
    return { outcome: events.length > 0 ? 'attached' : 'exists' };
  }

  /** Attaches a payment because a person knows whose it is. A look before the claim: after it the payment is this order's. */
  async link(orderId: string, checkout: CheckoutAttached, seenRevision: number | undefined): Promise<Answer<'linkPayment'>> {
    const order = await this.#orders.read(orderId);
    if (!isAttached(order, checkout.payment) && isStale(order, seenRevision)) return stale(order);
    const attached = await this.attach(orderId, checkout);
    if (attached.outcome === 'belongs_to') return attached;
    return { outcome: attached.outcome === 'attached' ? 'linked' : 'exists' };
  }

  /** Imports the order with its payment in one append, then forwards what was held about the payment. */
  async importOrder(order: OrderPlaced, observation: Observation): Promise<Answer<'importOrder'>> {
    const observed = this.#observedNow(observation);
    const pass = newLinkPass();
    await this.#linkPayment(pass, observed, order.orderId);
    refuseSubscriptions(observed.payment, ownerIn(pass, observed));
    const ownership = ownershipOf(pass, observed);
    if (ownership.owner !== order.orderId) return { outcome: 'belongs_to', orderId: ownership.owner };
    const command = { type: 'import', order, ...withoutOverruled(observed, ownership) } as const;
    const { state, events } = await this.#orders.command(order.orderId, `import ${observed.payment.id}`, command);
    await this.#forwardAll(pass);
    const moved = moveOf(state, observed.payment);
    if (moved) return { outcome: 'belongs_to', orderId: moved.toOrderId };
    if (events.some(({ type }) => type === 'MembershipDelivered')) return { outcome: 'imported' };
    return placedOtherwise(state.placed, order) ?? { outcome: state.membership === 'none' ? 'not_entitled' : 'exists' };
  }

  /** Forwards what a linked reference held. Does nothing where it has no owner. */
  async forwardHeld(reference: string): Promise<void> {
    const owner = await this.#references.ownerOf(reference);
    if (owner === undefined) return;
    if (subscriptionIn(owner) !== undefined) return this.#subscriptions?.forwardHeld(reference);
    const pass = newLinkPass();
    await this.#linkReference(pass, reference, owner);
    await this.#forwardAll(pass);
  }

  /** Forwards one held observation, if one of its references has an owner by now. */
  async forward(observed: PaymentObserved): Promise<void> {
    const owner = await this.#references.ownerOfAny(referenceNamesOf(observed));
    const isElsewhere = this.#subscriptions === undefined && owner !== undefined && subscriptionIn(owner) !== undefined;
    if (owner !== undefined && !isElsewhere) await this.#observeFor(owner, observed); // Else a process with subscriptions does it.
  }

  /** As `movePayment`, which says how. */
  async move(named: PaymentReference, toOrderId: string, by: ManualAction, seen: SeenBoth): Promise<MoveResult> {
    return movePayment({ writer: this, owners: this.#owners, runtime: this.#runtime }, { named, toOrderId, by, seen });
  }

  /** Does what a move has left to do after `PaymentMoved`: links the next owner and records the observations there. Idempotent. */
  async finishMove(fromOrderId: string, { payment, toOrderId, linkRevision }: PaymentMoved): Promise<void> {
    const name = referenceName(payment);
    await this.#references.relink(name, toOrderId, linkRevision);
    const links = await this.#references.links(name);
    const formerOwners = links.map((link) => link.orderId).filter((orderId) => orderId !== toOrderId);
    for (const observed of await this.#orders.observationsOf(fromOrderId, payment)) {
      await this.#recordIn(toOrderId, observed, [], formerOwners);
    }
  }

  /** Finishes a move whose link exists, since its observations may not have followed yet. */
  async finishLastMove(reference: string): Promise<void> {
    const former = (await this.#references.links(reference)).at(-2);
    if (!former) return;
    const { moved } = await this.#orders.read(former.orderId);
    for (const each of Object.values(moved)) if (referenceName(each.payment) === reference) await this.finishMove(former.orderId, each);
  }

  /** As `orderOf` of the owners. */
  orderOf(reference: string): Promise<OrderState | undefined> {
    return orderOf(this.#owners, reference);
  }

  async #observeFor(owner: string, observed: PaymentObserved, seenRevision?: number): Promise<ObserveResult> {
    if (subscriptionIn(owner) !== undefined) return this.#observeForSubscription(owner, observed);
    const first = await recordFirst(this.#owners, owner, observed, seenRevision);
    if (first !== undefined) return first;
    const pass = newLinkPass();
    await this.#linkPayment(pass, observed, owner);
    const forwarded = await this.#forwardAll(pass);
    const result = await this.#record(pass, observed, seenRevision);
    // The observation had been held, and this call forwarded it: the answer is what followed from that.
    const { outcome, orderId = '' } = result as { outcome: string; orderId?: string };
    return outcome === 'duplicate' ? (forwarded.find((each) => isDecided(each, orderId)) ?? result) : result;
  }

  /** Law 7: holds the observation under every name of the payment, until one of them has an owner. */
  async #hold(observed: PaymentObserved): Promise<ObserveResult> {
    for (const reference of referenceNamesOf(observed)) {
      const owner = await this.#references.hold(reference, observed, causeOf(observed));
      if (owner !== undefined) return this.#observeFor(owner, observed); // Linked meanwhile.
    }
    return { outcome: 'held', payment: observed.payment };
  }

  /** Its own writer claims what the payment is called, and forwards what is held. */
  async #observeForSubscription(owner: string, observed: PaymentObserved): Promise<ObserveResult> {
    const subscriptionId = subscriptionIn(owner) ?? '';
    if (this.#subscriptions === undefined) throw belongsToSubscription(observed.payment, subscriptionId);
    const result = await this.#subscriptions.observePayment(subscriptionId, observed);
    return result === 'held' ? { outcome: 'held', payment: observed.payment } : result;
  }

  async #linkPayment(pass: LinkPass, observed: PaymentObserved, candidate: string): Promise<void> {
    const [name = '', ...aliases] = referenceNamesOf(observed);
    const owner = await this.#linkReference(pass, name, candidate, true); // The aliases are older: a session is linked before it is paid.
    if (subscriptionIn(owner) !== undefined) return;
    for (const alias of aliases) await this.#linkReference(pass, alias, owner);
  }

  async #linkReference(pass: LinkPass, reference: string, candidate: string, isNew = false): Promise<string> {
    const known = pass.links.get(reference);
    if (known !== undefined) return known.owner;
    const link = await (isNew ? this.#references.linkNew(reference, candidate) : this.#references.link(reference, candidate));
    pass.links.set(reference, link);
    // What a subscription's references held, its own writer forwards.
    if (!this.#forwarded.has(reference) && subscriptionIn(link.owner) === undefined)
      pass.found.push(...link.held.map((observed) => ({ observed, candidate: link.owner })));
    return link.owner;
  }

  /** Records what the references held, and links the references of the held payments before that. */
  async #forwardAll(pass: LinkPass): Promise<readonly ObserveResult[]> {
    for (const { observed, candidate } of pass.found) await this.#linkPayment(pass, observed, candidate); // `found` grows meanwhile.
    const results: ObserveResult[] = [];
    for (const { observed } of pass.found) {
      // Held under a name of the order, of a payment that a subscription owns: it is held under that payment too, for its owner.
      if (subscriptionIn(ownerIn(pass, observed)) === undefined) results.push(await this.#record(pass, observed));
    }
    for (const reference of pass.links.keys()) this.#forwarded.set(reference, true);
    return results;
  }

  #record(pass: LinkPass, observed: PaymentObserved, seenRevision?: number): Promise<ObserveResult> {
    const ofPayment = ownerIn(pass, observed);
    if (subscriptionIn(ofPayment) !== undefined) return this.#observeForSubscription(ofPayment, observed);
    const { owner, formerOwners, claims } = ownershipOf(pass, observed);
    return this.#recordIn(owner, observed, claims, formerOwners, seenRevision);
  }

  /** Records in that order, or where the payment was moved away, in its new owner. A payment never comes back, so this ends. */
  async #recordIn(
    orderId: string,
    observed: PaymentObserved,
    claims: readonly string[],
    formerOwners: readonly string[],
    seenRevision?: number,
  ): Promise<ObserveResult> {
    if (seenRevision !== undefined && isOfAnother(observed, orderId)) return { outcome: 'duplicate', orderId }; // Not what he saw.
    const claimed = { ...withoutOverruled(observed, { owner: orderId, formerOwners, claims }), ...defined({ seenRevision }) };
    const { state, events } = await this.#orders.command(orderId, causeOf(observed), { type: 'observe', ...claimed });
    const moved = moveOf(state, observed.payment);
    if (!moved) return resultOf(state, events);
    await this.finishMove(orderId, moved);
    return this.#recordIn(moved.toOrderId, observed, claims, [...formerOwners, orderId], seenRevision);
  }
}
