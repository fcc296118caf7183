// Checks law 8, acknowledged means durable: when an answer is given, the event that it acknowledges must be in the raw log.
// Keeps what was acknowledged for the audit at the end.
import type { Observation, Statement } from '../../observation.ts';
import type { ObserveResult, PaymentLedger, PlaceOrder } from '../../payment-ledger.ts';
import { type AuditedLog, type AuditedReference, everOwned, namesOf, observedFactName } from './audited-log.ts';
import type { Place } from './coverage.ts';
import type { World } from './world.ts';

type ImportResult = Awaited<ReturnType<PaymentLedger['importOrder']>>;
type MoveOutcome = 'moved' | 'exists' | 'already_granted' | 'left_before' | 'unknown_payment';

const moves: Readonly<Record<MoveOutcome, Place>> = {
  moved: 'move: moved',
  exists: 'move: exists',
  already_granted: 'move: already granted',
  left_before: 'move: left before',
  unknown_payment: 'move: unknown payment',
};
const importPlaces: Readonly<Record<ImportResult['outcome'], Place>> = {
  imported: 'import: imported',
  exists: 'import: exists',
  not_entitled: 'import: not entitled',
  belongs_to: 'import: belongs to another order',
  differs: 'import: exists', // It is reported.
};
const durable = 'law 8: acknowledged means durable';

export class Acknowledgements {
  /** The orders that acknowledged calls named for a reference. Key: the reference. */
  readonly named: Map<string, Set<string>> = new Map();
  /** The references that one acknowledged observation named together. */
  readonly together: (readonly string[])[] = [];
  /** The observations that named another order than the one that owned the payment. */
  readonly misnamed: { readonly paymentId: string; readonly owner: string }[] = [];
  readonly #world: World;
  readonly #log: AuditedLog;
  readonly #granted = new Set<string>();

  constructor(world: World, log: AuditedLog) {
    this.#world = world;
    this.#log = log;
  }

  observed(observation: Observation, result: ObserveResult): void {
    const { orderId } = observation;
    const name = observedFactName(observation);
    const references = namesOf(observation);
    const [paymentId] = references;
    if ('subscriptionId' in result) {
      this.#broken('law 3: one owner', `${name} is answered for a subscription, and there is none`);
      return;
    }
    this.#world.coverage.met(`answer: ${result.outcome}`);
    if (references.length > 1) this.together.push(references);
    if (orderId !== undefined) this.#name(paymentId, orderId);
    if (result.outcome === 'held') {
      if (orderId !== undefined) this.#broken('law 7: held only without an order', `${name} names ${orderId}`);
      for (const id of references) {
        if (!this.#log.reference(id).held.some((observed) => observedFactName(observed) === name))
          this.#broken(durable, `${name} is not held under ${id}`);
      }
      return;
    }
    this.#handedOn(references);
    const reference = this.#log.reference(paymentId);
    // If the payment was moved meanwhile, the observation moved with it, so an earlier owner is right too.
    if (!everOwned(reference, result.orderId)) {
      this.#broken('law 3: one owner', `${name} is answered for ${result.orderId}, its owner is ${reference.owner ?? 'nobody'}`);
    }
    const order = this.#log.order(result.orderId);
    if (!order.observed.has(name))
      this.#broken(durable, `${name} is answered as ${result.outcome}, and does not stand in ${result.orderId}`);
    // If a person moved the payment, the claim of its former owner does not count.
    if (orderId !== undefined && orderId !== result.orderId && !everOwned(reference, orderId))
      this.misnamed.push({ paymentId, owner: result.orderId });
    if (result.outcome === 'granted') {
      if (this.#granted.has(result.orderId)) this.#broken('law 2: once per order', `${result.orderId} is answered as granted twice`);
      this.#granted.add(result.orderId);
    }
  }

  placed({ orderId }: PlaceOrder, outcome: 'placed' | 'exists' | 'differs'): void {
    if (outcome === 'exists') this.#world.coverage.met('order placed again');
    if (outcome === 'differs') this.#broken('the same order is the same', `${orderId} differs from itself`);
    if (!this.#log.order(orderId).placed) this.#broken(durable, `order ${orderId} is ${outcome}, and not in the log`);
  }

  attached(orderId: string, reference: string, owner: string): void {
    const linked = this.#log.reference(reference);
    if (!everOwned(linked, owner)) this.#broken(durable, `${reference} is attached to ${owner}, and linked to ${linked.owner ?? 'nobody'}`);
    if (owner !== orderId) {
      this.#world.coverage.met('checkout belongs to another order');
      return;
    }
    if (!this.#log.order(orderId).attached.has(reference))
      this.#broken(durable, `${reference} is attached to ${orderId}, and not in its stream`);
    this.#handedOn([reference]);
    this.#name(reference, orderId);
  }

  imported({ orderId }: PlaceOrder, statement: Statement, result: ImportResult): void {
    const observation: Observation = { ...statement, source: 'manual', by: { actor: 'support', reason: 'import' } };
    const [paymentId, ...aliases] = namesOf(observation);
    const reference = this.#log.reference(paymentId);
    this.#world.coverage.met(importPlaces[result.outcome]);
    this.together.push([paymentId, ...aliases]);
    if (result.outcome === 'belongs_to') {
      // A move is durable in the stream of the former owner, before the link of the next one.
      const isMoved = this.#log.order(orderId).moved.get(paymentId)?.toOrderId === result.orderId;
      if (result.orderId === orderId || !(isMoved || everOwned(reference, result.orderId)))
        this.#broken('law 3: one owner', `${paymentId} is imported for ${orderId}, and answered as of ${result.orderId}`);
      return;
    }
    this.#name(paymentId, orderId);
    this.#handedOn([paymentId, ...aliases]);
    const order = this.#log.order(orderId);
    const what = `${orderId} with ${paymentId} is answered as ${result.outcome}`;
    if (result.outcome === 'differs') this.#broken('the same order is the same', `${orderId} differs from itself`);
    if (!order.placed) this.#broken(durable, `${what}, and not placed`);
    if (result.outcome === 'exists' ? order.decisions.length === 0 : !order.observed.has(observedFactName(observation)))
      this.#broken(durable, `${what}, and not in its stream`);
    if (result.outcome === 'imported' && order.settled === 0) this.#broken('the shop has what was imported', `${what}, and not settled`);
    if (result.outcome === 'exists') return;
    // An alias of an order that the payment was moved away from claims nothing.
    const isOfAnother = ({ links }: AuditedReference): boolean => !links.some((link) => everOwned(reference, link.orderId));
    if (aliases.some((alias) => isOfAnother(this.#log.reference(alias)))) {
      this.#world.coverage.met('import: an alias of another order');
      const isAsked = [...order.reviews.values()].some((review) => review.kind === 'claimed_by_two' && review.paymentId === paymentId);
      if (!isAsked) this.#broken('law 3: a contradiction is reviewed', `${what}, and an alias is of another order`);
    }
  }

  /** @param named the id that the person gave: of the payment, or of its session. */
  moved(paymentId: string, named: string, toOrderId: string, outcome: MoveOutcome): void {
    this.#world.coverage.met(moves[outcome]);
    const reference = this.#log.reference(paymentId);
    if (outcome === 'already_granted' && reference.links.every(({ orderId }) => this.#log.order(orderId).decisions.length === 0))
      this.#broken('law 3: what gave no access may move', `${paymentId} to ${toOrderId}: ${outcome}, and nothing was ever decided`);
    if (outcome === 'already_granted' || outcome === 'unknown_payment') return;
    // By the id of a session whose payment nobody has reported, only its own link can exist.
    const linked = outcome === 'exists' && !everOwned(reference, toOrderId) ? named : paymentId;
    if (!everOwned(this.#log.reference(linked), toOrderId))
      this.#broken(durable, `${paymentId} (${named}) to ${toOrderId}: ${outcome}, and not linked`);
    if (outcome === 'left_before' && reference.links.length < 2)
      this.#broken('law 3: a payment never comes back', `${paymentId} never left ${toOrderId}`);
    this.#name(linked, toOrderId);
  }

  withdrawn(orderId: string, outcome: 'withdrawn' | 'exists'): void {
    this.#world.coverage.met(`withdraw: ${outcome}`);
    if (!this.#log.order(orderId).placed?.withdrawn) this.#broken(durable, `order ${orderId} is ${outcome}, and not withdrawn in the log`);
  }

  /** The log was put back: what was acknowledged before may be gone. */
  putBack(): void {
    this.named.clear();
    this.together.length = 0;
    this.misnamed.length = 0;
    this.#granted.clear();
  }

  /** Law 7: what was held under a reference is in an order of its payment, before anything is answered that rests on the link. */
  #handedOn(references: readonly string[]): void {
    for (const id of references) {
      for (const observed of this.#log.reference(id).held) {
        const name = observedFactName(observed);
        const [payment] = namesOf(observed);
        if (this.#log.reference(payment).links.some(({ orderId }) => this.#log.order(orderId).observed.has(name))) continue;
        this.#broken('law 7: what was held reaches the owner', `${name}, held under ${id}, is in no order when its link is answered`);
      }
    }
  }

  #name(reference: string, orderId: string): void {
    const names = this.named.get(reference) ?? new Set();
    this.named.set(reference, names.add(orderId));
  }

  #broken(law: string, message: string): void {
    this.#world.report(law, message);
  }
}
