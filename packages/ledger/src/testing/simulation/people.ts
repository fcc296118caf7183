// The calls of people and of the shop's own code to a process: they place orders, attach checkouts, resolve reviews, repeat
// deliveries and read orders.
import type { Acknowledgements } from './acknowledgements.ts';
import { nameOf, textOf } from './fact-text.ts';
import type { LogAuditor } from './log-auditor.ts';
import type { ShopOrder, Story } from './payment-stories.ts';
import type { ProviderPayment } from './provider.ts';
import { hasValue, type Sources } from './sources.ts';
import type { World } from './world.ts';

const by = { actor: 'support', reason: 'simulated' };

export interface PeopleOptions {
  readonly world: World;
  readonly sources: Sources;
  readonly auditor: LogAuditor;
  readonly acknowledgements: Acknowledgements;
  readonly orders: readonly ShopOrder[];
}

export class People {
  readonly #parts: PeopleOptions;
  readonly #world: World;

  constructor(parts: PeopleOptions) {
    this.#parts = parts;
    this.#world = parts.world;
  }

  /** Repeats until the order is placed. Some checkouts are attached without waiting for that. */
  place(order: ShopOrder, stories: readonly Story[]): void {
    const early = stories.filter(({ payment }) => payment.orderId === order.orderId && this.#world.random.chance(0.3));
    for (const { payment, attaches } of early) if (attaches !== undefined) this.attach(order.orderId, payment, attaches);
    const late = stories.filter((story) => story.payment.orderId === order.orderId && !early.includes(story));
    this.#place(order, () => {
      for (const { payment, attaches } of late) if (attaches !== undefined) this.attach(order.orderId, payment, attaches);
    });
  }

  #place(order: ShopOrder, onPlaced: () => void): void {
    this.#world.some(`place ${order.orderId}`, async () => {
      const { placedLate: _, imported: __, ...placed } = order;
      const answer = await this.#parts.sources.someProcess()?.call(`placeOrder ${order.orderId}`, async (ledger) => {
        const { outcome } = await ledger.placeOrder(placed);
        this.#parts.acknowledgements.placed(placed, outcome);
      });
      if (answer && hasValue(answer)) return onPlaced();
      this.#world.later(500, 'the shop waits', () => this.#place(order, onPlaced));
    });
  }

  /** Tries a few times. If all fail, the customer gets no URL, but may have paid. */
  attach(orderId: string, payment: ProviderPayment, id: string, tries: number = this.#world.options.attachTries): void {
    this.#world.some(`attach ${id} to ${orderId}`, async () => {
      const answer = await this.#parts.sources.someProcess()?.call(`attachCheckout ${orderId} ${id}`, async (ledger) => {
        const result = await ledger.attachCheckout(orderId, { ...payment.reference, id });
        this.#parts.acknowledgements.attached(
          orderId,
          nameOf({ ...payment.reference, id }),
          result.outcome === 'belongs_to' ? result.orderId : orderId,
        );
      });
      if (answer && hasValue(answer)) return this.lookUp(payment); // The customer comes to the success page.
      if (answer && answer !== 'no answer' && answer.refused === 'order_unknown')
        this.#world.coverage.met('attach before the order is placed');
      if (tries > 1) this.#world.later(2_000, 'the shop waits', () => this.attach(orderId, payment, id, tries - 1));
    });
  }

  /** A person reads an order, waits, and then resolves a review as the order was at that time. */
  review(): void {
    this.#world.some('a person looks at reviews', async () => {
      const { random, coverage } = this.#world;
      const { orderId } = random.pick(this.#parts.orders);
      const answer = await this.#parts.sources.someProcess()?.call(`order ${orderId}`, (ledger) => ledger.order(orderId));
      if (!answer || !hasValue(answer) || !answer.value || answer.value.openReviews.length === 0) return;
      const { reviewId } = random.pick(answer.value.openReviews);
      const resolution = random.pick(['grant', 'revoke', 'dismiss'] as const);
      const seenRevision = answer.value.revision;
      this.#world.some(`a person rules on ${orderId} ${reviewId}`, async () => {
        const answer = await this.#parts.sources
          .someProcess()
          ?.call(`resolveReview ${orderId} ${reviewId} ${resolution}`, (ledger) =>
            ledger.resolveReview(orderId, reviewId, { resolution, seenRevision }, by),
          );
        if (!answer || !hasValue(answer)) return;
        coverage.met(answer.value.outcome === 'stale' ? 'review: stale' : `review: ${resolution}`);
        if (answer.value.outcome !== 'stale') return;
        const { changedAtRevision, reviews } = this.#parts.auditor.log.order(orderId);
        if (changedAtRevision <= seenRevision && !reviews.get(reviewId)?.resolved) {
          this.#world.report('stale only after a change', `${orderId} ${reviewId}: seen ${seenRevision}, changed at ${changedAtRevision}`);
        }
      });
    });
  }

  /** A person moves a payment, by its id or an alias, to another order, which may be the wrong one. */
  move({ reference, aliases }: ProviderPayment): void {
    const { orderId } = this.#world.random.pick(this.#parts.orders);
    const named = { ...reference, id: this.#world.random.pick([reference.id, ...aliases]) };
    this.#world.some(`move ${named.id} to ${orderId}`, async () => {
      await this.#parts.sources.someProcess()?.call(`movePayment ${named.id} ${orderId}`, async (ledger) => {
        const { outcome } = await ledger.movePayment(named, orderId, by);
        if (outcome === 'moved' && named.id !== reference.id) this.#world.coverage.met('move: by an alias');
        this.#parts.acknowledgements.moved(nameOf(reference), nameOf(named), orderId, outcome);
      });
    });
  }

  /** A person withdraws an order. What is paid afterwards waits for a person. */
  withdraw(orderId: string): void {
    this.#world.some(`withdraw ${orderId}`, async () => {
      const answer = await this.#parts.sources.someProcess()?.call(`withdrawOrder ${orderId}`, async (ledger) => {
        const { outcome } = await ledger.withdrawOrder(orderId, by);
        this.#parts.acknowledgements.withdrawn(orderId, outcome);
      });
      if (!answer || answer === 'no answer' || !('refused' in answer)) return;
      const { decisions, facts } = this.#parts.auditor.log.order(orderId);
      if (answer.refused === 'already_paid' || answer.refused === 'payment_under_way') this.#world.coverage.met('withdraw: refused');
      if (answer.refused === 'already_paid' && decisions.length === 0)
        this.#world.report('an order is withdrawn until it is granted', `${orderId} is refused as already paid, and was never granted`);
      if (answer.refused === 'payment_under_way' && facts.size === 0)
        this.#world.report('an order is withdrawn until it is granted', `${orderId} is refused, and nothing was reported of it`);
    });
  }

  redeliver(orderId: string): void {
    this.#world.some(`redeliver ${orderId}`, async () => {
      const process = this.#parts.sources.someProcess(({ delivers }) => delivers);
      const answer = await process?.call(`redeliver ${orderId}`, (ledger) => ledger.redeliver(orderId, by));
      if (answer && hasValue(answer) && answer.value.outcome !== 'nothing_to_deliver') this.#world.coverage.met('redelivered by a person');
    });
  }

  /** Reads an order, and checks that the read is strong: it has everything that was in the log when it began. */
  look(): void {
    this.#world.some('somebody looks', async () => {
      const { random, coverage } = this.#world;
      const { auditor, orders, sources } = this.#parts;
      const { orderId } = random.pick(orders);
      await sources.someProcess()?.call(`order ${orderId}`, async (ledger, { release, party }) => {
        const unread = release === 'older' ? this.#world.newerEvents.firstIn(`order-${orderId}`) : undefined;
        const before = auditor.revisionOf(`order-${orderId}`);
        const placedBefore = auditor.log.order(orderId).placed !== undefined;
        const view = await ledger.order(orderId);
        coverage.met('strong read');
        if (unread !== undefined && unread <= before) {
          const law = 'an older release says what it cannot read';
          this.#world.report(law, `${party.name} answers for order ${orderId}, and cannot read its revision ${unread}`);
        }
        if (!view) {
          if (placedBefore) this.#world.report('reads are strong', `order ${orderId} was placed and is not found`);
          return;
        }
        if (view.revision < before)
          this.#world.report('reads are strong', `order ${orderId} is read at ${view.revision}, it stood at ${before}`);
        const decided = auditor.log.order(orderId).decisions.filter(({ revision }) => revision <= view.revision);
        const status = decided.at(-1)?.status ?? 'none';
        if (view.membership !== status || view.sequence !== decided.length)
          this.#world.report('reads are strong', `order ${orderId}: ${textOf(view)}`);
      });
    });
  }

  /** Checks that any process finds the order without a read model, by the payment's id or an alias. */
  lookUp({ reference, aliases }: ProviderPayment): void {
    this.#world.some('somebody looks up a payment', async () => {
      const payment = { ...reference, id: this.#world.random.pick([reference.id, ...aliases]) };
      const [id, own] = [nameOf(payment), nameOf(reference)];
      const { auditor, sources } = this.#parts;
      await sources.someProcess()?.call(`orderOf ${id}`, async (ledger) => {
        const { owner, links } = auditor.log.reference(id);
        const linksBefore = links.length;
        const placed = owner !== undefined && auditor.log.order(owner).placed !== undefined;
        const view = await ledger.orderOf(id === payment.id && this.#world.random.chance(0.5) ? id : payment);
        const owners = links.slice(Math.max(0, linksBefore - 1)).map((link) => link.orderId);
        // The link of a session stays where it was attached, and its payment may have been moved away from there.
        if (id !== own) owners.push(...auditor.log.reference(own).links.map((link) => link.orderId));
        const next = auditor.log.order(owners.at(-1) ?? '').moved.get(own)?.toOrderId; // It was moved, but is not linked yet.
        if (next !== undefined) owners.push(next);
        if (placed && (!view || !owners.includes(view.orderId)))
          this.#world.report('reads are strong', `${id} belongs to ${owner}, found was ${view?.orderId ?? 'nothing'}`);
      });
    });
  }
}
