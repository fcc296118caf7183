// Checks law 8, acknowledged means durable: when an answer is given, the event that it acknowledges must be in the raw log.
// Keeps what was acknowledged for the audit at the end.
import type { Observation } from '../../observation.ts';
import type { ObserveResult, PlaceOrder } from '../../payment-ledger.ts';
import { type AuditedLog, everOwned, namesOf, observedFactName } from './audited-log.ts';
import type { Place } from './coverage.ts';
import type { World } from './world.ts';

type MoveOutcome = 'moved' | 'exists' | 'already_granted' | 'left_before' | 'unknown_payment';

const moves: Readonly<Record<MoveOutcome, Place>> = {
  moved: 'move: moved',
  exists: 'move: exists',
  already_granted: 'move: already granted',
  left_before: 'move: left before',
  unknown_payment: 'move: unknown payment',
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
    this.#name(reference, orderId);
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

  #name(reference: string, orderId: string): void {
    const names = this.named.get(reference) ?? new Set();
    this.named.set(reference, names.add(orderId));
  }

  #broken(law: string, message: string): void {
    this.#world.report(law, message);
  }
}
