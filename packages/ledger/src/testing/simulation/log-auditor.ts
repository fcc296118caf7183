// The auditor: reads the raw log after every append, before anyone acts on it, and holds it to the laws. It
// shares no fold and no decision with the ledger; what a fact means it asks the provider.
import type { Fact, PaymentReference, Source } from '../../observation.ts';
import type { MembershipStatus } from '../../order/order.ts';
import type { Place } from './coverage.ts';
import { expectedStatus, type KnownOrder } from './expected-access.ts';
import { textOf } from './fact-text.ts';
import { KnownFacts, type Provider } from './provider.ts';
import type { Incarnation } from './simulated-process.ts';
import type { World } from './world.ts';

export interface Said {
  readonly source: Source;
  readonly payment: PaymentReference;
  readonly aliases?: readonly string[];
  readonly orderId?: string;
  readonly fact: Fact;
}

export interface AuditedDecision {
  readonly status: Exclude<MembershipStatus, 'none'>;
  readonly change: 'granted' | 'suspended' | 'restored' | 'revoked';
  readonly revision: number;
  /** Processes that may hand it to the shop: who decided, and who took it over. */
  readonly deliverers: Set<Incarnation>;
}

export interface AuditedReview {
  readonly kind: string;
  readonly paymentId: string;
  readonly resolved: boolean;
}

/** What the raw log says of one order. */
export interface AuditedOrder {
  readonly orderId: string;
  placed?: KnownOrder & { readonly memberId: string; readonly plan: string };
  status: MembershipStatus;
  readonly decisions: AuditedDecision[];
  readonly observed: Set<string>;
  readonly attached: Set<string>;
  readonly facts: Map<string, { readonly reference: PaymentReference; readonly known: KnownFacts }>;
  readonly rulings: Map<string, 'grant' | 'revoke'>;
  readonly reviews: Map<string, AuditedReview>;
  changedAtRevision: number;
  settled: number;
  abandoned: boolean;
  /** Whose turn it is to deliver, since when, and since when it is tried at all. */
  delivery: { readonly owner: string; readonly atMs: number; readonly waitMs: number; readonly sinceMs: number };
}

export interface AuditedReference {
  owner?: string;
  readonly held: Said[];
}

interface Row {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly metadata: Readonly<Record<string, string>>;
}

const decisions: Readonly<Record<string, { from: readonly MembershipStatus[]; to: AuditedDecision['status']; change: AuditedDecision['change'] }>> = {
  MembershipGranted: { from: ['none'], to: 'active', change: 'granted' },
  MembershipSuspended: { from: ['active', 'revoked'], to: 'suspended', change: 'suspended' },
  MembershipRestored: { from: ['suspended', 'revoked'], to: 'active', change: 'restored' },
  MembershipRevoked: { from: ['active', 'suspended'], to: 'revoked', change: 'revoked' },
};
const reviewPlaces: Readonly<Record<string, Place>> = {
  amount: 'amount',
  currency: 'currency',
  mode: 'mode',
  account: 'account',
  overpaid: 'overpaid',
  conflicting_evidence: 'conflicting evidence',
  claimed_by_two: 'claimed by two',
  paid_again: 'paid again',
};
/** From the design: nobody takes over before `waitMs` + 30 s. */
const patienceMs = 30_000;
const horizonMs = 72 * 3_600_000;

export class LogAuditor {
  readonly orders: Map<string, AuditedOrder> = new Map();
  readonly references: Map<string, AuditedReference> = new Map();
  readonly #world: World;
  readonly #provider: Provider;
  /** What the shop has stored of a membership. */
  readonly #sequenceAtShop: (orderId: string) => number;
  readonly #streams = new Map<string, { revision: number; recordedAt: string }>();
  readonly #policies = new Set<string>();
  readonly #ids = new Set<string>();
  readonly #instances = new Map<string, Incarnation>();
  readonly #rounds = new Map<string, number>();
  #read = 0;

  constructor(world: World, provider: Provider, sequenceAtShop: (orderId: string) => number) {
    this.#world = world;
    this.#provider = provider;
    this.#sequenceAtShop = sequenceAtShop;
  }

  order(orderId: string): AuditedOrder {
    const known = this.orders.get(orderId);
    if (known) return known;
    const order: AuditedOrder = {
      orderId,
      status: 'none',
      decisions: [],
      observed: new Set(),
      attached: new Set(),
      facts: new Map(),
      rulings: new Map(),
      reviews: new Map(),
      changedAtRevision: -1,
      settled: 0,
      abandoned: false,
      delivery: { owner: '', atMs: 0, waitMs: 0, sinceMs: 0 },
    };
    this.orders.set(orderId, order);
    return order;
  }

  reference(id: string): AuditedReference {
    const known = this.references.get(id);
    if (known) return known;
    const reference: AuditedReference = { held: [] };
    this.references.set(id, reference);
    return reference;
  }

  revisionOf(stream: string): number {
    return this.#streams.get(stream)?.revision ?? -1;
  }

  /** Reads what one append has added: all of it came from one process, at once. */
  readAppended(by: Incarnation): void {
    const rows = this.#world.log.rows.slice(this.#read);
    this.#read = this.#world.log.rows.length;
    const touched = new Set<AuditedOrder>();
    for (const { stream, revision, id, type, data, metadata } of rows) {
      if (this.#ids.has(id)) this.#broken('random event ids', `${stream}@${revision}: id ${id} stood in the log before`);
      this.#ids.add(id);
      const row: Row = { stream, revision, type, data: JSON.parse(data), metadata: JSON.parse(metadata) };
      this.#envelope(row, by);
      if (stream.startsWith('order-')) touched.add(this.#orderEvent(this.order(stream.slice('order-'.length)), row, by));
      else if (stream.startsWith('reference-')) this.#referenceEvent(stream.slice('reference-'.length), row);
      else if (stream === 'policy') this.#policies.add(String(row.data['hash']));
      else if (stream.startsWith('sweep-')) this.#sweepEvent(row);
      else this.#broken('known streams', `${stream} is no stream of the design`);
    }
    for (const order of touched) this.#accessFollowsFacts(order);
  }

  #broken(law: string, message: string): void {
    this.#world.report(law, message);
  }

  #envelope({ stream, revision, type, metadata }: Row, by: Incarnation): void {
    const before = this.#streams.get(stream) ?? { revision: -1, recordedAt: '' };
    const place = `${stream}@${revision} (${type})`;
    if (revision !== before.revision + 1) this.#broken('revisions are contiguous', `${place} follows revision ${before.revision}`);
    const { recordedAt = '', instance, policy } = metadata;
    if (recordedAt === '' || recordedAt < before.recordedAt) {
      this.#broken('recordedAt never runs back', `${place} is recorded at ${recordedAt}, after ${before.recordedAt}`);
    }
    this.#streams.set(stream, { revision, recordedAt });
    if (instance === undefined || (instance === '') === by.options.delivers) this.#broken('instance', `${place} names the instance ${instance}`);
    const known = this.#instances.get(instance || by.party.name);
    if (known && known !== by) this.#broken('instance', `${place}: ${by.party.name} and ${known.party.name} are both instance ${instance}`);
    this.#instances.set(instance || by.party.name, by);
    if (stream.startsWith('order-') && !this.#policies.has(policy ?? '')) {
      this.#broken('policy is adopted first', `${place} names policy ${policy}, which no PolicyAdopted before it holds`);
    }
  }

  #referenceEvent(id: string, { type, data, revision }: Row): void {
    const reference = this.reference(id);
    const place = `reference-${id}@${revision} (${type})`;
    if (reference.owner !== undefined) this.#broken('law 3: one owner, nothing held after the link', `${place} stands after the link to ${reference.owner}`);
    if (type === 'ReferenceLinked') {
      reference.owner = String(data['orderId']);
      if (reference.held.length > 0) this.#world.coverage.met('linked with held payments');
      return;
    }
    const said = data as unknown as Said;
    if (type !== 'PaymentHeld') this.#broken('known events', `${place} is no event of the design`);
    if (said.payment.id !== id && !said.aliases?.includes(id)) this.#broken('law 7: held under its own names', `${place} holds ${said.payment.id}`);
    if (reference.held.some((each) => saidName(each) === saidName(said))) this.#broken('law 5: noise is not kept', `${place} holds ${saidName(said)} again`);
    reference.held.push(said);
  }

  #orderEvent(order: AuditedOrder, row: Row, by: Incarnation): AuditedOrder {
    const { type, data, revision } = row;
    const place = `${row.stream}@${revision} (${type})`;
    if (decisions[type]) this.#decision(order, row, by);
    else if (type === 'OrderPlaced') this.#placed(order, data, place);
    else if (type === 'CheckoutAttached') this.#attached(order, data, place);
    else if (type === 'PaymentObserved') this.#observed(order, data as unknown as Said, place);
    else if (type === 'ReviewOpened') this.#reviewOpened(order, data, place);
    else if (type === 'ReviewResolved') this.#reviewResolved(order, data, place);
    else this.#deliveryEvent(order, row, by);
    if (decisions[type] || type === 'PaymentObserved') order.changedAtRevision = revision;
    return order;
  }

  #placed(order: AuditedOrder, data: Record<string, unknown>, place: string): void {
    if (order.placed) this.#broken('an order is placed once', place);
    const { expected, ...rest } = data as { expected: Pick<KnownOrder, 'amountMinor' | 'currency' | 'allow'> } & Record<string, unknown>;
    order.placed = { ...rest, ...expected } as unknown as NonNullable<AuditedOrder['placed']>;
    if (order.observed.size > 0) this.#world.coverage.met('observed before its order was placed');
  }

  #attached(order: AuditedOrder, data: Record<string, unknown>, place: string): void {
    const { id } = data['payment'] as PaymentReference;
    if (!order.placed) this.#broken('attached to a placed order', place);
    if (this.reference(id).owner !== order.orderId) {
      this.#broken('law 3: link before use', `${place}: ${id} belongs to ${this.reference(id).owner ?? 'nobody'}`);
    }
    if (order.attached.has(id)) this.#broken('law 5: noise is not kept', `${place} attaches ${id} again`);
    order.attached.add(id);
  }

  #observed(order: AuditedOrder, said: Said, place: string): void {
    const { payment, fact, aliases = [] } = said;
    const owner = this.reference(payment.id).owner;
    if (owner !== order.orderId) this.#broken('law 3: recorded in the owner of the payment', `${place}: ${payment.id} belongs to ${owner ?? 'nobody'}`);
    for (const alias of aliases) if (this.reference(alias).owner === undefined) this.#broken('law 3: link before use', `${place}: ${alias} is not linked`);
    const name = saidName(said);
    if (order.observed.has(name)) this.#broken('law 5: noise is not kept', `${place} records ${name} again`);
    order.observed.add(name);
    const facts = order.facts.get(payment.id) ?? { reference: payment, known: new KnownFacts(this.#provider) };
    order.facts.set(payment.id, facts);
    this.#meet(facts.known, fact);
    if (!facts.known.add(payment, fact)) this.#broken('only what was said is recorded', `${place}: ${name} is true nowhere`);
  }

  #meet(known: KnownFacts, fact: Fact): void {
    const { coverage } = this.#world;
    if (fact.kind === 'attempt') {
      if (fact.status === 'paid' && known.has((each) => each.kind === 'attempt' && each.status === 'attempt_failed')) {
        coverage.met('attempt failed before it was paid');
      }
      return;
    }
    if (fact.kind === 'refund') {
      if (fact.status === 'succeeded') coverage.met('refund succeeded');
      if (fact.status === 'failed' && known.has((each) => each.kind === 'refund' && each.id === fact.id && each.status === 'succeeded')) {
        coverage.met('refund failed late');
      }
      return;
    }
    if (fact.returnedDebit) coverage.met('debit returned');
    else if (fact.status === 'lost') coverage.met('dispute lost');
    else if (fact.status === 'won') coverage.met('dispute won');
  }

  #decision(order: AuditedOrder, { type, data, revision, stream, metadata }: Row, by: Incarnation): void {
    const place = `${stream}@${revision} (${type})`;
    const { from, to, change } = decisions[type]!;
    const { placed, status } = order;
    if (type === 'MembershipGranted' && order.decisions.length > 0) this.#broken('law 2: once per order', `${place} is a second grant`);
    if (!from.includes(status)) this.#broken('decisions follow each other', `${place} follows ${status}`);
    if (data['sequence'] !== order.decisions.length + 1) {
      this.#broken('sequences are contiguous', `${place} has sequence ${data['sequence']} after ${order.decisions.length}`);
    }
    if (!placed || data['membershipId'] !== order.orderId || data['memberId'] !== placed.memberId || data['plan'] !== placed.plan) {
      this.#broken('a decision is about its order', `${place}: ${textOf(data)}`);
    }
    order.status = to;
    order.decisions.push({ status: to, change, revision, deliverers: new Set([by]) });
    order.abandoned = false;
    const { nowMs } = this.#world.scheduler;
    order.delivery = { owner: metadata['instance'] ?? '', atMs: nowMs, waitMs: 0, sinceMs: nowMs };
  }

  #reviewOpened(order: AuditedOrder, data: Record<string, unknown>, place: string): void {
    const { reviewId, kind, payment } = data as { reviewId: string; kind: string; payment: PaymentReference };
    const open = [...order.reviews.values()].some((review) => !review.resolved && review.kind === kind && review.paymentId === payment.id);
    if (open || order.reviews.has(reviewId)) this.#broken('a review is opened once', `${place}: ${kind} of ${payment.id}`);
    order.reviews.set(reviewId, { kind, paymentId: payment.id, resolved: false });
    const met = reviewPlaces[kind];
    if (met) this.#world.coverage.met(met);
  }

  #reviewResolved(order: AuditedOrder, data: Record<string, unknown>, place: string): void {
    const { reviewId, resolution, seenRevision } = data as { reviewId: string; resolution: 'grant' | 'revoke' | 'dismiss'; seenRevision: number };
    const review = order.reviews.get(reviewId);
    if (!review || review.resolved) return this.#broken('a review is resolved once', `${place}: ${reviewId}`);
    if (seenRevision < order.changedAtRevision) {
      this.#broken('nobody rules on what he has not seen', `${place} saw revision ${seenRevision}, the order changed at ${order.changedAtRevision}`);
    }
    order.reviews.set(reviewId, { ...review, resolved: true });
    if (resolution !== 'dismiss') order.rulings.set(review.paymentId, resolution);
  }

  #deliveryEvent(order: AuditedOrder, { type, data, revision, stream, metadata }: Row, by: Incarnation): void {
    const place = `${stream}@${revision} (${type})`;
    const { coverage, scheduler } = this.#world;
    const newest = order.decisions.length;
    const sequence = Number(data['sequence']);
    if (!(sequence >= 1 && sequence <= newest)) return this.#broken('delivery is of a decision', `${place}: ${sequence} of ${newest}`);
    if (type === 'MembershipDelivered') {
      if (this.#sequenceAtShop(order.orderId) < sequence) {
        this.#broken('delivered means that the shop has it', `${place}: the shop has ${this.#sequenceAtShop(order.orderId)}, not ${sequence}`);
      }
      order.settled = Math.max(order.settled, sequence);
      return;
    }
    if (sequence < newest) return this.#broken('in flight is only the newest decision', `${place}: ${sequence} of ${newest}`);
    const { delivery } = order;
    if (type === 'DeliveryTakenOver') {
      const renews = delivery.owner === metadata['instance'];
      if (data['by']) coverage.met('taken over by a person');
      else coverage.met(renews ? 'renewed by its owner' : delivery.owner === '' ? 'taken over from nobody' : 'taken over from a process');
      const waitedMs = scheduler.nowMs - delivery.atMs;
      if (!data['by'] && !renews && delivery.owner !== '' && waitedMs < delivery.waitMs + patienceMs) {
        this.#broken('nobody takes over too early', `${place} after ${waitedMs} ms, with ${delivery.waitMs} ms to wait`);
      }
      order.decisions[newest - 1]!.deliverers.add(by);
      if (data['by']) order.abandoned = false;
      const sinceMs = data['by'] ? scheduler.nowMs : delivery.sinceMs;
      order.delivery = { owner: metadata['instance'] ?? '', atMs: scheduler.nowMs, waitMs: 0, sinceMs };
      return;
    }
    if (type !== 'DeliveryFailed' && type !== 'DeliveryAbandoned') return this.#broken('known events', `${place} is no event of the design`);
    if (delivery.owner !== metadata['instance']) this.#broken('only its owner delivers', `${place} by ${metadata['instance']}, owned by ${delivery.owner}`);
    if (type === 'DeliveryAbandoned') {
      coverage.met('abandoned');
      const triedMs = scheduler.nowMs - delivery.sinceMs;
      if (triedMs < horizonMs) this.#broken('nobody gives up too early', `${place} after ${triedMs} ms`);
      order.abandoned = true;
      return;
    }
    coverage.met(data['reason'] === 'timeout' ? 'delivery failed: timeout' : 'delivery failed: error');
    order.delivery = { ...delivery, atMs: scheduler.nowMs, waitMs: Number(data['waitMs']) };
  }

  #sweepEvent({ stream, revision, type, data }: Row): void {
    const round = Number(data['round']);
    const started = this.#rounds.get(stream) ?? 0;
    if (type === 'SweepStarted') {
      if (round !== started + 1) this.#broken('one process a round', `${stream}@${revision} starts round ${round} after ${started}`);
      this.#rounds.set(stream, round);
    } else if (round > started) this.#broken('one process a round', `${stream}@${revision} finishes round ${round} of ${started}`);
  }

  /** Laws 1, 4 and 6, at every moment: the status is what the facts recorded so far allow. */
  #accessFollowsFacts(order: AuditedOrder): void {
    const expected = this.statusByFacts(order);
    if (order.status !== expected) {
      const facts = [...order.facts.values()].map(({ reference, known }) => textOf(known.payment(reference, order.rulings.get(reference.id))));
      this.#broken('law 4: access follows payments', `order ${order.orderId} is ${order.status}, its facts make it ${expected}: ${facts.join('; ')}`);
    }
  }

  statusByFacts(order: AuditedOrder): MembershipStatus {
    const payments = [...order.facts.values()].map(({ reference, known }) => known.payment(reference, order.rulings.get(reference.id)));
    return expectedStatus(order.placed, payments, this.#world.options.policy, order.decisions.length > 0);
  }
}

/** Who said what of which payment. */
export function saidName({ source, payment, fact }: Said): string {
  return `${source}: ${payment.id} ${textOf(fact)}`;
}
