// From an object of Stripe Billing into the ledger, by one path for webhook, poll and status query. If Stripe or the store did not
// answer, the error is thrown, so that the source comes again. One object:
//   1. If it is in another shape, it is only a name: it is read again.
//   2. Find the subscription that owns it. If it is not ours, nothing is read or recorded.
//   3. Map it, with all of the lists that it depends on.
//   4. Read at Stripe what it leaves open: a look, or the subscription as it is now.
//   5. If its time is in doubt, it counts, and its time moves nothing; a look and a state of the subscription are not taken.
//   6. Observe all of it at once. What cannot be read, or the ledger refuses, is recorded by id.
import { LedgerError, type Logger, type PaymentLedger, type Statement } from '@paidonce/ledger';
import {
  defined,
  type LookOutcome,
  type SubscriptionObservation,
  type SubscriptionPolicy,
  type SubscriptionReference,
  type SubscriptionStatement,
} from '@paidonce/ledger/adapter';
import type { Unread } from '../mapping/billing-reading.ts';
import type { Provenance } from '../mapping/provenance.ts';
import { type SubscriptionClaim, subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import { type MappedSubscription, moneyBackOf } from '../mapping/to-subscription-observation.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { type BillingType, billingTypes } from '../stripe/billing-types.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { readProvenance } from './answer-provenance.ts';
import { recordForbidden } from './forbidden.ts';
import { type IntakeResult, stronger } from './intake-result.ts';
import type { OwnedSubscription, SubscriptionLedger } from './known-subscriptions.ts';
import { mapWhole } from './map-whole.ts';
import type { OurLedger } from './our-ledger.ts';
import { inDoubt, type ProviderClock } from './provider-clock.ts';
import { readBefore, without } from './read-before.ts';
import { type BegunLook, lookAtSubscription, type SeenSubscription } from './subscription-look.ts';
import { named, recordUnreadable } from './unreadable.ts';

export interface SubscriptionIntakeParts {
  readonly ledger: PaymentLedger;
  readonly subscriptions: SubscriptionLedger;
  readonly plans: SubscriptionPolicy['plans'];
  readonly accounts: Accounts;
  readonly ourLedger: OurLedger;
  readonly clock: ProviderClock;
  readonly log: Logger;
}

export interface HowToRead {
  readonly whole?: boolean;
  readonly begun?: BegunLook;
}

interface From {
  readonly owner: OwnedSubscription | undefined;
  readonly reference: SubscriptionReference;
  readonly provenance: Provenance;
  readonly calls: StripeCalls;
}
type Told = Omit<SubscriptionObservation, 'source'> & { readonly unreadable: readonly Unread[] };

export class SubscriptionIntake {
  readonly #parts: SubscriptionIntakeParts;

  constructor(parts: SubscriptionIntakeParts) {
    this.#parts = parts;
  }

  /** Takes in one object. @throws LedgerError `provider_unavailable` or a code of the store: the source must come again. */
  take(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    return recordForbidden(this.#parts, object, named(object), provenance, () => this.#route(object, provenance));
  }

  /** Takes in an object of which only the id is known, as thin events report it. @throws LedgerError as `take`. */
  takeById(type: BillingType, id: string, provenance: Provenance): Promise<IntakeResult> {
    return recordForbidden(this.#parts, undefined, { type, objectId: id }, provenance, () => this.#readAndRoute(type, id, provenance));
  }

  /**
   * Takes in a refund or a dispute. Undefined: its payment is of no subscription that has begun, as far as the ledger knows.
   *
   * @param object what states it. @throws LedgerError as `take`.
   */
  async takeMoneyBack(statement: Statement, object: unknown, provenance: Provenance): Promise<IntakeResult | undefined> {
    const back = moneyBackOf(statement, provenance);
    const owner = back && (await this.#parts.subscriptions.subscriptionOf(statement.payment));
    if (back === undefined || owner?.reference === undefined) return undefined;
    const claim = { references: [], hasOurScope: false };
    const begun = { mapped: { claim, statements: [back], unreadable: [], incomplete: [] }, reads: [provenance] };
    const calls = await this.#parts.accounts.calls(provenance.account);
    return this.#readAndObserve(object, begun, { owner, reference: owner.reference, provenance, calls });
  }

  async #readAndRoute(type: BillingType, id: string, provenance: Provenance): Promise<IntakeResult> {
    const { billing } = await this.#parts.accounts.calls(provenance.account);
    const answer = await billing.object(type, id);
    return answer ? this.#route(answer.object, readProvenance(answer, provenance)) : { outcome: 'not_ours' };
  }

  /**
   * Looks whether the subscription has ended, and records what it finds. `not_ours`: Stripe has no such subscription. Nothing ends by
   * that; a person has to look.
   *
   * @throws LedgerError as `take`.
   */
  async lookAt(owner: OwnedSubscription & { readonly reference: SubscriptionReference }, provenance: Provenance): Promise<IntakeResult> {
    const { reference } = owner;
    const calls = await this.#parts.accounts.calls(reference.account);
    const seen = await this.#look(reference, owner, calls);
    if (seen === undefined) {
      await this.#parts.subscriptions.isMissing(owner.subscriptionId);
      return { outcome: 'not_ours' };
    }
    const object = { object: 'subscription', id: reference.id };
    const statements = await this.#inTime(seen.statements, 'read', calls);
    const recorded = await this.#recordUnreadable(object, seen.unreadable, provenance);
    if (statements.length === 0) return recorded ?? { outcome: 'ignored' };
    return this.#observe({ subscription: reference, statements, unreadable: [], ...defined({ look: seen.look }) }, object, provenance);
  }

  /**
   * Reads the subscription with its invoices, for who compares or imports. Nothing is recorded. Undefined: Stripe has no such
   * subscription.
   *
   * @param how `whole`: all invoices. `begun`: the first read, where it was made already.
   * @throws LedgerError `provider_unavailable`: also where the time of a read is in doubt.
   */
  async read(reference: SubscriptionReference, { whole = false, begun }: HowToRead = {}): Promise<SeenSubscription | undefined> {
    const calls = await this.#parts.accounts.calls(reference.account);
    const { plans, ourLedger } = this.#parts;
    const seen = await lookAtSubscription({ subscription: reference, plans, whole }, ourLedger.scope, calls.billing, begun);
    if (seen.outcome === 'missing') return undefined;
    return { ...seen, statements: await this.#inTime(seen.statements, 'read', calls) };
  }

  async #route(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    const { scope } = this.#parts.ourLedger;
    // 1
    const { object: name, id } = identityOf(object);
    const type = billingTypes.find((each) => each === name);
    if (provenance.form === 'foreign_snapshot' && type !== undefined && id !== undefined) return this.#readAndRoute(type, id, provenance);
    // 2
    const claim = await this.#parts.ourLedger.judgeSubscription(subscriptionClaimOf(object, scope));
    const owner = await this.#ownerOf(claim);
    if (owner === undefined && claim.subscriptionId === undefined) return { outcome: 'not_ours' };
    // 3
    const calls = await this.#parts.accounts.calls(provenance.account);
    const { mapped, reads } = await mapWhole(object, provenance, scope, calls.billing);
    const reference = mapped.subscription ?? owner?.reference;
    if (reference === undefined) return this.#ignored(object, mapped, provenance);
    const begun = { mapped: { ...mapped, claim }, reads: [provenance, ...reads] };
    return this.#readAndObserve(object, begun, { owner, reference, provenance, calls });
  }

  async #readAndObserve(object: unknown, begun: BegunLook, from: From): Promise<IntakeResult> {
    const { provenance } = from;
    const { subscriptionId } = begun.mapped.claim;
    // 4
    const told = await this.#read(begun, from);
    const recorded = await this.#recordUnreadable(object, told.unreadable, provenance);
    if (told.statements.length === 0) return recorded ?? this.#ignored(object, { ...begun.mapped, unreadable: [] }, provenance);
    // 6
    const observed = await this.#observe({ ...told, ...defined({ subscriptionId }) }, object, provenance);
    return recorded ? stronger(recorded, observed) : observed;
  }

  async #ownerOf({ references }: SubscriptionClaim): Promise<OwnedSubscription | undefined> {
    for (const reference of references) {
      const owner = await this.#parts.subscriptions.subscriptionOf(reference);
      if (owner) return owner;
    }
    return undefined;
  }

  /** The statements as they are recorded, after the reads that come first. */
  async #read(begun: BegunLook, { owner, reference, provenance, calls }: From): Promise<Told> {
    const { plans, ourLedger } = this.#parts;
    const { mapped } = begun;
    const linked = owner?.reference?.id === reference.id ? owner : undefined;
    const isCopy = provenance.form === 'snapshot';
    const before = readBefore(mapped, linked && { ...linked, plans }, isCopy);
    const has = (kind: 'lifecycle' | 'invoice'): boolean => mapped.statements.some(({ fact }) => fact.kind === kind);
    // Who asked for it by its session, or by its id, has made the first read of the look. A list shows no invoice, and the newest one
    // may be older than those that a look lists.
    const isBegun = !isCopy && has('lifecycle') && (linked === undefined || has('invoice'));
    const asked = before === 'look' ? await this.#look(reference, linked, calls, isBegun ? begun : undefined) : undefined;
    const answer = before === 'subscription' ? await calls.billing.object('subscription', reference.id) : undefined;
    const now = answer && (await mapWhole(answer.object, readProvenance(answer, provenance), ourLedger.scope, calls.billing));
    // What was paid may be over by now, though it was not when the event was made.
    const isOver = now !== undefined && readBefore(now.mapped, linked && { ...linked, plans }, false) === 'look';
    const read =
      answer && isOver ? await this.#look(reference, linked, calls, { mapped: now.mapped, reads: [answer, ...now.reads] }) : asked;
    // Where Stripe has it no more, what the copy says is all that there is.
    const newer = read ?? now?.mapped;
    const kept = newer ? without(mapped.statements, newer.statements) : mapped.statements;
    const statements = [
      ...(await this.#inTime(kept, isCopy ? 'event' : 'read', calls)),
      ...(await this.#inTime(newer?.statements ?? [], 'read', calls)),
    ];
    const unreadable = [...mapped.unreadable, ...(newer?.unreadable ?? [])];
    return { subscription: reference, statements, unreadable, ...defined({ look: read?.look }) };
  }

  /** Undefined: Stripe has no such subscription. */
  async #look(
    reference: SubscriptionReference,
    known: OwnedSubscription | undefined,
    calls: StripeCalls,
    begun?: BegunLook,
  ): Promise<SeenSubscription | undefined> {
    const { plans, ourLedger, subscriptions } = this.#parts;
    const at = { subscription: reference, plans, ...defined({ paidThrough: known?.paidThrough, invoices: known?.invoices }) };
    let outcome: LookOutcome = 'failed';
    try {
      const seen = await lookAtSubscription(at, ourLedger.scope, calls.billing, begun);
      outcome = seen.outcome === 'seen' && seen.look === undefined ? 'undated' : seen.outcome;
      return seen.outcome === 'missing' ? undefined : seen;
    } finally {
      subscriptions.countLook(outcome);
    }
  }

  // 5
  async #inTime(
    statements: readonly SubscriptionStatement[],
    origin: 'event' | 'read',
    calls: StripeCalls,
  ): Promise<readonly SubscriptionStatement[]> {
    const taken: SubscriptionStatement[] = [];
    for (const statement of statements) {
      const isDoubtful = statement.doubtful ?? (await this.#parts.clock.isDoubtful(statement.asOf, origin, () => calls.now()));
      taken.push(...(isDoubtful ? inDoubt([statement]) : [statement]));
    }
    return taken;
  }

  async #observe({ unreadable: _, ...told }: Told, object: unknown, provenance: Provenance): Promise<IntakeResult> {
    const { ledger, subscriptions, log } = this.#parts;
    try {
      return await subscriptions.observeSubscription({ ...told, source: provenance.source });
    } catch (error) {
      // What the ledger refuses now, it would refuse at each retry.
      if (!(error instanceof LedgerError && error.code === 'invalid_input')) throw error;
      log.error({ err: error, ...named(object) }, 'the ledger cannot take what Stripe says of a subscription; it is kept by id');
      return recordUnreadable(ledger, JSON.stringify(object) ?? '', { ...named(object), path: 'observation' }, provenance);
    }
  }

  async #ignored(object: unknown, mapped: MappedSubscription, provenance: Provenance): Promise<IntakeResult> {
    const recorded = await this.#recordUnreadable(object, mapped.unreadable, provenance);
    if (recorded) return recorded;
    this.#parts.log.info({ because: mapped.ignored, eventId: provenance.eventId }, 'an object of Stripe was ignored');
    return { outcome: 'ignored' };
  }

  /** Undefined: there is none. */
  async #recordUnreadable(object: unknown, unreadable: readonly Unread[], provenance: Provenance): Promise<IntakeResult | undefined> {
    for (const each of unreadable) await recordUnreadable(this.#parts.ledger, JSON.stringify(object) ?? '', each, provenance);
    return unreadable.length === 0 ? undefined : { outcome: 'unreadable' };
  }
}
