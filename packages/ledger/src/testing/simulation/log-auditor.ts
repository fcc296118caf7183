// The auditor reads the raw log after every append, before any process acts on it, and checks the laws. It shares no fold and
// no decision with the ledger; the model of the provider decides which fact is newer.
import type { StoredRow } from '../../event-store/stored-text.ts';
import type { Policy } from '../../order/policy.ts';
import type { AuditContext, LogAuditorOptions } from './audit-context.ts';
import {
  type AuditedEvent,
  AuditedLog,
  type AuditedOrder,
  everOwned,
  namesOf,
  type ObservedFact,
  observedFactName,
} from './audited-log.ts';
import { statusByFacts } from './audited-payments.ts';
import { auditDelivery, isDeliveryEvent } from './delivery-auditor.ts';
import { auditFurtherPayments, type Standing, standingOf } from './further-payments.ts';
import type { Incarnation } from './incarnation.ts';
import { auditOrderEvent } from './order-auditor.ts';
import type { World } from './world.ts';

const oneOwner = 'law 3: one owner, nothing held after the link';

export class LogAuditor {
  readonly log: AuditedLog = new AuditedLog();
  readonly #options: LogAuditorOptions;
  readonly #world: World;
  readonly #streams = new Map<string, { readonly revision: number; readonly recordedAt: string }>();
  /** The policies that were adopted. Key: the hash. */
  readonly #policies = new Map<string, Policy>();
  readonly #ids = new Set<string>();
  readonly #instances = new Map<string, Incarnation>();
  readonly #rounds = new Map<string, number>();
  /** Who appended each row of the log, and when, in virtual time. Written by `readAppended` and `putBack`. */
  #appends: { readonly by: Incarnation; readonly atMs: number }[] = [];
  /** True while rows are read again: they were judged before. */
  #again = false;
  #ledgerId: string | undefined;

  constructor(options: LogAuditorOptions) {
    this.#options = options;
    this.#world = options.world;
  }

  /** How many events were read. */
  get events(): number {
    return this.#appends.length;
  }

  revisionOf(stream: string): number {
    return this.#streams.get(stream)?.revision ?? -1;
  }

  /** Reads the events that one append has added. @param by the process that appended them. */
  readAppended(by: Incarnation): void {
    const { rows } = this.#world.log;
    const touched = new Map<AuditedOrder, Standing>();
    const atMs = this.#world.scheduler.nowMs;
    for (let index = this.#appends.length; index < rows.length; index += 1) {
      this.#appends.push({ by, atMs });
      const row = rows[index]!;
      const order = row.stream.startsWith('order-') ? this.log.order(row.stream.slice('order-'.length)) : undefined;
      if (order && !touched.has(order)) touched.set(order, standingOf(order));
      this.#nothingAfterTheUnread(row, by);
      this.#row(row, by, this.#world);
    }
    for (const [order, before] of touched) {
      this.#accessFollowsFacts(order);
      auditFurtherPayments(order, before, (law, message) => this.#broken(law, message));
    }
  }

  /** The log was put back: forgets what it has no longer, by reading again what it has. */
  putBack(): void {
    const { rows } = this.#world.log;
    const appends = this.#appends.slice(0, rows.length);
    this.#appends = appends;
    for (const known of [this.log.orders, this.log.references, this.#streams, this.#policies, this.#ids, this.#instances, this.#rounds]) {
      known.clear();
    }
    this.#ledgerId = undefined;
    this.#again = true;
    for (const [index, { by, atMs }] of appends.entries()) {
      this.#row(rows[index]!, by, Object.create(this.#world, { scheduler: { value: { nowMs: atMs } } }) as World);
    }
    this.#again = false;
  }

  /** @param world has the time at which the row was appended. */
  #row({ stream, revision, id, type, data, metadata }: StoredRow, by: Incarnation, world: World): void {
    const place = `${stream}@${revision} (${type})`;
    if (this.#ids.has(id)) this.#broken('random event ids', `${place}: id ${id} stood in the log before`);
    this.#ids.add(id);
    const event: AuditedEvent = { stream, revision, type, data: JSON.parse(data), metadata: JSON.parse(metadata), place };
    this.#envelope(event, by);
    if (stream.startsWith('order-')) this.#orderEvent(event, by, world);
    else if (stream.startsWith('reference-')) this.#referenceEvent(stream.slice('reference-'.length), event);
    else if (stream.startsWith('sweep-')) this.#sweepEvent(event);
    else if (stream === 'ledger') this.#identity(event);
    else if (stream === 'policy') this.#policies.set(String(event.data['hash']), event.data['policy'] as Policy);
    else this.#broken('known streams', `${stream} is no stream of the design`);
  }

  /**
   * An older release adds nothing to a stream that it cannot read to its end. Of a sweep it may have the state that a newer
   * process has folded, from the read models that they share.
   */
  #nothingAfterTheUnread({ stream, revision }: StoredRow, { release, party, options }: Incarnation): void {
    if (release !== 'older' || (stream.startsWith('sweep-') && options.readModels === 'shared')) return;
    const unread = this.#world.newerEvents.firstIn(stream);
    if (unread !== undefined && unread < revision)
      this.#broken('an older release says what it cannot read', `${party.name} adds ${stream}@${revision}, and cannot read ${unread}`);
  }

  #broken(law: string, message: string): void {
    if (!this.#again) this.#world.report(law, message);
  }

  #envelope({ stream, revision, metadata, place }: AuditedEvent, by: Incarnation): void {
    const before = this.#streams.get(stream) ?? { revision: -1, recordedAt: '' };
    if (revision !== before.revision + 1) this.#broken('revisions are contiguous', `${place} follows revision ${before.revision}`);
    const { recordedAt = '', instance, policy } = metadata;
    if (recordedAt === '' || recordedAt < before.recordedAt) {
      this.#broken('recordedAt never runs back', `${place} is recorded at ${recordedAt}, after ${before.recordedAt}`);
    }
    this.#streams.set(stream, { revision, recordedAt });
    if (instance === undefined || (instance === '') === by.options.delivers) {
      this.#broken('an instance is one process', `${place} names the instance ${instance}`);
    }
    const known = this.#instances.get(instance || by.party.name);
    if (known && known !== by)
      this.#broken('an instance is one process', `${place}: ${by.party.name} and ${known.party.name} are both ${instance}`);
    this.#instances.set(instance || by.party.name, by);
    if (stream.startsWith('order-') && !this.#policies.has(policy ?? '')) {
      this.#broken('policy is adopted first', `${place} names policy ${policy}, which no PolicyAdopted before it holds`);
    }
  }

  /** Checks that the log gets one identity, by the first process that places an order. */
  #identity({ type, data, revision, place }: AuditedEvent): void {
    if (type !== 'LedgerCreated') this.#broken('known events', `${place} is no event of the design`);
    if (revision !== 0) this.#broken('a log has one identity', `${place} gives it ${data['ledgerId']}, and it was ${this.#ledgerId}`);
    this.#ledgerId = String(data['ledgerId']);
  }

  #referenceEvent(id: string, event: AuditedEvent): void {
    const { type, data, place } = event;
    const reference = this.log.reference(id);
    if (type === 'ReferenceLinked') {
      this.#linked(id, event);
      return;
    }
    if (reference.owner !== undefined) this.#broken(oneOwner, `${place} stands after the link to ${reference.owner}`);
    if (type !== 'PaymentHeld') this.#broken('known events', `${place} is no event of the design`);
    const observed = data as unknown as ObservedFact;
    if (!namesOf(observed).includes(id)) this.#broken('law 7: held under its own names', `${place} holds ${observed.payment.id}`);
    const name = observedFactName(observed);
    if (reference.held.some((each) => observedFactName(each) === name))
      this.#broken('law 5: noise is not kept', `${place} holds ${name} again`);
    reference.held.push(observed);
  }

  /** Checks a link: each link after the first must follow a `PaymentMoved` that ends the link before it. */
  #linked(id: string, { data, place, revision }: AuditedEvent): void {
    const reference = this.log.reference(id);
    const { orderId, endsRevision } = data as { orderId: string; endsRevision?: number };
    const last = reference.links.at(-1);
    const move = last && this.log.order(last.orderId).moved.get(id);
    const follows = last
      ? endsRevision === last.revision && move?.linkRevision === endsRevision && move.toOrderId === orderId
      : endsRevision === undefined;
    if (!follows) this.#broken(oneOwner, `${place} stands after the link to ${last?.orderId ?? 'nobody'}`);
    if (everOwned(reference, orderId)) this.#broken('law 3: a payment never comes back', `${place}: ${id} to ${orderId}`);
    reference.links.push({ orderId, revision });
    reference.owner = orderId;
    if (reference.held.length > 0) this.#world.coverage.met('linked with held payments');
  }

  #orderEvent(event: AuditedEvent, by: Incarnation, world: World): void {
    const order = this.log.order(event.stream.slice('order-'.length));
    if (event.type === 'OrderPlaced' && this.#ledgerId === undefined)
      this.#broken('an order is placed in a log with an identity', event.place);
    const policy = this.#policies.get(event.metadata['policy'] ?? '');
    const broken = (law: string, message: string): void => this.#broken(law, message);
    const context: AuditContext = { ...this.#options, world, log: this.log, policy, by, broken };
    if (isDeliveryEvent(event)) auditDelivery(order, event, context);
    else auditOrderEvent(order, event, context);
  }

  #sweepEvent({ stream, type, data, place }: AuditedEvent): void {
    const round = Number(data['round']);
    const started = this.#rounds.get(stream) ?? 0;
    if (type === 'SweepFinished') {
      if (round > started) this.#broken('one process a round', `${place} finishes round ${round} of ${started}`);
      return;
    }
    if (round !== started + 1) this.#broken('one process a round', `${place} starts round ${round} after ${started}`);
    this.#rounds.set(stream, round);
  }

  /** Checks laws 1, 4 and 6 after each append: the status is what the facts recorded so far allow. */
  #accessFollowsFacts(order: AuditedOrder): void {
    const expected = statusByFacts(order);
    if (order.status === expected) return;
    this.#broken('law 4: access follows payments', `order ${order.orderId} is ${order.status}, its facts make it ${expected}`);
  }
}
