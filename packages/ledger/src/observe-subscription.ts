// The one write path for what a source reports about a subscription: claim all that it names (law 3), take what those references
// held (law 7), then one append and one decision in the owner's stream. Each step is idempotent: after a crash at any point, the
// source's retry, another source or the roll-forward finishes the work. A claim of a payment names the provider's subscription, so
// that what the payment held can be handed on although the append that was to follow the claim never came.
import { LRUCache } from 'lru-cache';
import { defined } from './defined.ts';
import { LedgerError } from './errors.ts';
import { type ManualAction, type PaymentReference, referenceName } from './observation.ts';
import type { CheckoutAttached, PaymentObserved } from './order/events.ts';
import type { Runtime } from './runtime.ts';
import { moneyBackOf, type NamedReference, namesIn, referencesOf } from './streams/named-references.ts';
import { type SubscriptionLinked, subscriptionIn } from './streams/reference-streams.ts';
import { type Claimed, claimReferences, isClaimedByAnother, type WriterReferences } from './streams/subscription-claims.ts';
import type { SubscriptionAnswer, SubscriptionStreams } from './streams/subscription-streams.ts';
import type { SubscriptionCommand } from './subscription/decide.ts';
import {
  isSubscriptionDecision,
  type SubscriptionObserved,
  type SubscriptionPlaced,
  subscriptionOutcomeOf,
} from './subscription/events.ts';
import { subscriptionFactKey } from './subscription/fact-text.ts';
import type { SubscriptionObservation, SubscriptionReference } from './subscription/observation.ts';
import type { ImportSubscriptionResult, ObserveSubscriptionResult } from './subscription-ledger.ts';

type KnownResult = Exclude<ObserveSubscriptionResult, { readonly outcome: 'unknown' }>;

export class SubscriptionWriter {
  readonly #references: WriterReferences;
  readonly #subscriptions: Pick<SubscriptionStreams, 'command' | 'read'>;
  readonly #runtime: Runtime;
  // References whose held observations were forwarded: none are held after the link. Only saves work. Written by `#forwarded`.
  readonly #forwarded = new LRUCache<string, true>({ max: 10_000 });

  constructor(references: WriterReferences, subscriptions: Pick<SubscriptionStreams, 'command' | 'read'>, runtime: Runtime) {
    this.#references = references;
    this.#subscriptions = subscriptions;
    this.#runtime = runtime;
  }

  async observe(said: SubscriptionObservation): Promise<ObserveSubscriptionResult> {
    const named = await this.#namedBy(said);
    if (named === undefined) return { outcome: 'unknown', subscription: said.subscription };
    const { subscription } = said;
    const own = await this.#references.linkSubscription(referenceName(subscription), {
      subscriptionId: await this.#followerOf(named, subscription),
      of: subscription.id,
    });
    const subscriptionId = subscriptionIn(own.owner);
    if (subscriptionId === undefined) throw belongsToOrder(subscription, own.owner);
    const answer = await this.#record(subscriptionId, said, await this.#secondOf(subscriptionId, named, said));
    return resultOf(answer, answer.events);
  }

  /** Claims the session, appends `CheckoutAttached`, then forwards what was held. Durable before a customer is sent there. */
  async attach(
    subscriptionId: string,
    checkout: CheckoutAttached,
  ): Promise<{ readonly outcome: 'attached' | 'exists' } | { readonly outcome: 'belongs_to'; readonly subscriptionId: string }> {
    const { payment } = checkout;
    const { owner } = await this.#references.linkSubscription(referenceName(payment), { subscriptionId });
    const owning = subscriptionIn(owner);
    if (owning === undefined) throw belongsToOrder(payment, owner);
    if (owning !== subscriptionId) return { outcome: 'belongs_to', subscriptionId: owning };
    // A crash here leaves a linked session without `CheckoutAttached`: the caller's retry appends it.
    const { events } = await this.#subscriptions.command(subscriptionId, `attach ${payment.id}`, { type: 'attach', checkout });
    return { outcome: events.length > 0 ? 'attached' : 'exists' };
  }

  /** Imports the subscription with all that the provider says of it in one append. */
  async import(placed: SubscriptionPlaced, said: SubscriptionObservation, by: ManualAction): Promise<ImportSubscriptionResult> {
    const { subscriptionId } = placed;
    const before = await this.#subscriptions.read(subscriptionId);
    if (before.placed) return { outcome: 'exists' }; // Before any claim: it may follow another subscription of the provider.
    const { subscription } = said;
    const { owner } = await this.#references.linkSubscription(referenceName(subscription), { subscriptionId, of: subscription.id });
    const owning = subscriptionIn(owner);
    if (owning === undefined) throw belongsToOrder(subscription, owner);
    if (owning !== subscriptionId) return { outcome: 'belongs_to', subscriptionId: owning };
    const claimed = await this.#claim({ subscriptionId, of: subscription.id }, namesIn(said));
    const observed = [...claimed.held.flatMap((held) => moneyBackOf(held, subscription)), ...this.#observedIn(said)];
    const count = said.statements.length;
    const { events } = await this.#subscriptions.command(
      subscriptionId,
      `import ${subscription.id}`,
      { type: 'import', subscription: placed, observed, claimedByAnother: isClaimedByAnother(claimed) },
      { type: 'recheck', by, recheckedAt: this.#now(), looked: count, recorded: count },
    );
    this.#forward(claimed);
    await this.#reviewShared(subscriptionId, claimed);
    if (!events.some(({ type }) => type === 'SubscriptionPlaced')) return { outcome: 'exists' };
    return { outcome: events.some(({ type }) => type === 'MembershipDelivered') ? 'imported' : 'not_entitled' };
  }

  /**
   * A refund or a dispute of a payment that belongs to the subscription. Of attempts to pay the invoice speaks. What comes before
   * any fact that names the payment is held under its own name.
   */
  async observePayment(subscriptionId: string, observed: PaymentObserved): Promise<KnownResult | 'held'> {
    const { payment, fact } = observed;
    if (fact.kind === 'attempt') return { outcome: 'duplicate', subscriptionId };
    const name = referenceName(payment);
    const link = await this.#references.subscriptionLink(name);
    const of = link?.of ?? (await this.#subscriptions.read(subscriptionId)).reference?.id;
    if (of === undefined) {
      const owner = await this.#references.hold(name, observed, `${observed.source} ${observed.evidence.objectId}`);
      if (owner !== undefined) throw linkedMeanwhile(payment);
      return 'held';
    }
    const claimed = await this.#claim({ subscriptionId, of }, referencesOf(observed));
    if (claimed.others.some(({ named }) => named.name === name)) throw linkedMeanwhile(payment);
    const answer = await this.#append(subscriptionId, { ...payment, id: of }, [...claimed.held, observed], claimed);
    return resultOf(answer, answer.events);
  }

  /** Forwards what a reference held that is linked to a subscription. */
  async forwardHeld(reference: string): Promise<void> {
    const link = await this.#references.subscriptionLink(reference);
    if (link?.of === undefined) return; // A session's: what it held stands under the payments too, and is forwarded with these.
    const { held } = await this.#references.linkSubscription(reference, link);
    for (const observed of held) {
      // What is held of a payment goes to its owner: another one has it under the payment's own name, and forwards it there.
      const owner = await this.#references.ownerOf(referenceName(observed.payment));
      if (owner === undefined || subscriptionIn(owner) === link.subscriptionId) await this.observePayment(link.subscriptionId, observed);
    }
  }

  /** Strong. Undefined: it belongs to no subscription. @param reference a reference name. */
  async linkOf(reference: string): Promise<SubscriptionLinked | undefined> {
    return this.#references.subscriptionLink(reference);
  }

  /** Which subscription the batch is about: by the owner of its `sub_`, else of an invoice, else by our own metadata. */
  async #namedBy(said: SubscriptionObservation): Promise<string | undefined> {
    const { subscription, subscriptionId } = said;
    for (const { name, kind } of [{ name: referenceName(subscription), kind: 'subscription' }, ...namesIn(said)]) {
      const owner = kind === 'payment' ? undefined : await this.#references.ownerOf(name);
      const owning = owner && subscriptionIn(owner);
      if (owning !== undefined) return owning;
    }
    return subscriptionId;
  }

  /** A stream follows one subscription of the provider: a second one that names it goes under its own id. */
  async #followerOf(named: string, subscription: SubscriptionReference): Promise<string> {
    const { reference } = await this.#subscriptions.read(named);
    return reference === undefined || reference.id === subscription.id ? named : subscription.id;
  }

  /** What places a second subscription, on the terms of the first one, for a person to look at. Empty: it is none, or the first waits. */
  async #secondOf(subscriptionId: string, named: string, said: SubscriptionObservation): Promise<readonly SubscriptionCommand[]> {
    const first = subscriptionId === named ? said.subscriptionId : named;
    if (subscriptionId !== said.subscription.id || first === undefined || first === subscriptionId) return [];
    if ((await this.#subscriptions.read(subscriptionId)).placed) return [];
    const { placed } = await this.#subscriptions.read(first);
    const at = this.#now();
    if (placed === undefined) return [];
    return [
      { type: 'place', subscription: { ...placed, subscriptionId, placedAt: at } },
      { type: 'review', kind: 'double_subscription', at },
    ];
  }

  async #record(
    subscriptionId: string,
    said: SubscriptionObservation,
    before: readonly SubscriptionCommand[],
  ): Promise<SubscriptionAnswer> {
    const { subscription } = said;
    const claimed = await this.#claim({ subscriptionId, of: subscription.id }, namesIn(said));
    // A second subscription carries the metadata of the first: it has its review already.
    const { subscriptionId: _, ...unnamed } = said;
    const observed = this.#observedIn(subscriptionId === subscription.id ? (unnamed as SubscriptionObservation) : said);
    return this.#append(subscriptionId, subscription, claimed.held, claimed, { before, observed });
  }

  async #append(
    subscriptionId: string,
    subscription: SubscriptionReference,
    held: readonly PaymentObserved[],
    claimed: Claimed,
    { before = [], observed = [] }: { before?: readonly SubscriptionCommand[]; observed?: readonly SubscriptionObserved[] } = {},
  ): Promise<SubscriptionAnswer> {
    const all = [...held.flatMap((each) => moneyBackOf(each, subscription)), ...observed];
    const [{ source, evidence } = { source: 'poll', evidence: { objectId: subscription.id } }] = observed.length > 0 ? observed : all;
    const cause = `${source} ${'eventId' in evidence ? evidence.eventId : evidence.objectId}`;
    const answer = await this.#subscriptions.command(subscriptionId, cause, ...before, {
      type: 'observe',
      observed: all,
      claimedByAnother: isClaimedByAnother(claimed),
    });
    this.#forward(claimed);
    await this.#reviewShared(subscriptionId, claimed);
    return answer;
  }

  #claim(link: Required<SubscriptionLinked>, named: readonly NamedReference[]): Promise<Claimed> {
    return claimReferences(this.#references, link, named, (reference) => this.#forwarded.has(reference));
  }

  #forward({ references }: Claimed): void {
    for (const reference of references) this.#forwarded.set(reference, true);
  }

  /** A payment for invoices of two subscriptions: the first has it, and a person looks at both. */
  async #reviewShared(subscriptionId: string, { others }: Claimed): Promise<void> {
    const at = this.#now();
    for (const { named, owner } of others) {
      const other = subscriptionIn(owner);
      if (named.kind !== 'payment' || other === undefined) continue;
      const cause = `shared ${named.name}`;
      const { facts } = await this.#subscriptions.read(other);
      const theirs = facts.allocations.find(({ payment }) => payment === named.id)?.invoice;
      await this.#subscriptions.command(subscriptionId, cause, {
        type: 'review',
        kind: 'shared_payment',
        ...defined({ invoice: named.invoice }),
        at,
      });
      await this.#subscriptions.command(other, cause, { type: 'review', kind: 'shared_payment', ...defined({ invoice: theirs }), at });
    }
  }

  #observedIn({ statements, ...said }: SubscriptionObservation): readonly SubscriptionObserved[] {
    const observedAt = this.#now();
    return statements.map((statement) => ({
      ...said,
      ...statement,
      observedAt,
      factKey: subscriptionFactKey(said.subscription, statement.fact),
    }));
  }

  #now(): string {
    return this.#runtime.now().toISOString();
  }
}

function linkedMeanwhile({ id }: PaymentReference): LedgerError {
  return new LedgerError('contention', `${id} was linked by another process meanwhile. Nothing was written; try again`);
}

function belongsToOrder({ id }: PaymentReference, orderId: string): LedgerError {
  return new LedgerError('invalid_input', `${id} belongs to order ${orderId}, so it is of no subscription. Nothing was written`);
}

/** What followed: a decision, else a review, else that it was recorded or known. */
function resultOf({ state: { subscriptionId, membership } }: SubscriptionAnswer, events: SubscriptionAnswer['events']): KnownResult {
  const decision = events.findLast(isSubscriptionDecision);
  if (decision) return { outcome: subscriptionOutcomeOf(decision), subscriptionId, membership };
  if (events.some(({ type }) => type === 'SubscriptionReviewOpened')) return { outcome: 'review', subscriptionId, membership };
  return events.length > 0 ? { outcome: 'recorded', subscriptionId, membership } : { outcome: 'duplicate', subscriptionId };
}
