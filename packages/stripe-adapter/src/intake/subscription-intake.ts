// From an object of Stripe Billing into the ledger, by one path for webhook, poll and status query. If Stripe or the store did not
// answer, the error is thrown, so that the source comes again. One object:
//   1. Find the subscription that owns it. If it is not ours, nothing is read or recorded.
//   2. If it is in another shape, it is only a name: it is read again, also where its shape does not show whose it is.
//   3. Map it, with all of the lists that it depends on.
//   4. Read at Stripe what it leaves open: a look, or the subscription as it is now.
//   5. If its time is in doubt, it counts, and its time moves nothing; a look and a state of the subscription are not taken.
//   6. Observe all of it at once. What cannot be read, or the ledger refuses, is recorded by id.
import { LedgerError, type Logger, type PaymentLedger, type Statement } from '@paidonce/ledger';
import { defined, type SubscriptionReference } from '@paidonce/ledger/adapter';
import type { Unread } from '../mapping/billing-reading.ts';
import type { Provenance } from '../mapping/provenance.ts';
import { type SubscriptionClaim, subscriptionClaimOf } from '../mapping/subscription-claim.ts';
import { type MappedSubscription, moneyBackOf } from '../mapping/to-subscription-observation.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { type BillingType, billingTypes } from '../stripe/billing-types.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import { readProvenance } from './answer-provenance.ts';
import { recordForbidden } from './forbidden.ts';
import { type IntakeResult, stronger } from './intake-result.ts';
import type { OwnedSubscription } from './known-subscriptions.ts';
import { mapWhole, paidIn } from './map-whole.ts';
import type { NotOursCache } from './not-ours-cache.ts';
import { type BegunLook, lookAtSubscription, type SeenSubscription } from './subscription-look.ts';
import { type From, partlyDated, SubscriptionReads, type SubscriptionReadsParts, type Told } from './subscription-reads.ts';
import { named, recordUnreadable } from './unreadable.ts';

export interface SubscriptionIntakeParts extends SubscriptionReadsParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly notOurs: NotOursCache;
  readonly log: Logger;
}

export interface HowToRead {
  readonly whole?: boolean;
  readonly begun?: BegunLook;
}

export class SubscriptionIntake {
  readonly #parts: SubscriptionIntakeParts;
  readonly #reads: SubscriptionReads;

  constructor(parts: SubscriptionIntakeParts) {
    this.#parts = parts;
    this.#reads = new SubscriptionReads(parts);
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
   * that; a person has to look. Undefined: some answers of Stripe had no time, so nothing was recorded.
   *
   * @throws LedgerError as `take`.
   */
  async lookAt(
    owner: OwnedSubscription & { readonly reference: SubscriptionReference },
    provenance: Provenance,
  ): Promise<IntakeResult | undefined> {
    const { reference } = owner;
    const calls = await this.#parts.accounts.calls(reference.account);
    const seen = await this.#reads.look(reference, owner, calls);
    if (seen === undefined) {
      await this.#parts.subscriptions.isMissing(owner.subscriptionId);
      return { outcome: 'not_ours' };
    }
    if (seen.isPartlyDated) return undefined;
    const object = { object: 'subscription', id: reference.id };
    const statements = await this.#reads.inTime(seen.statements, 'read', calls);
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
    if (seen.isPartlyDated) throw partlyDated();
    return { ...seen, statements: await this.#reads.inTime(seen.statements, 'read', calls) };
  }

  async #route(object: unknown, provenance: Provenance): Promise<IntakeResult> {
    const { scope } = this.#parts.ourLedger;
    // 1
    const claim = await this.#parts.ourLedger.judgeSubscription(subscriptionClaimOf(object, scope));
    const owner = await this.#ownerOf(claim);
    const isForeign = provenance.form === 'foreign_snapshot';
    const isClaimed = owner !== undefined || claim.subscriptionId !== undefined;
    if (!isClaimed && !(isForeign && claim.isSilent)) return { outcome: 'not_ours' };
    // 2
    const { object: name, id } = identityOf(object);
    const type = billingTypes.find((each) => each === name);
    if (isForeign && type !== undefined && id !== undefined) return this.#readForeign(type, id, isClaimed, provenance);
    // 3
    const calls = await this.#parts.accounts.calls(provenance.account);
    const { mapped, reads } = await mapWhole(object, provenance, scope, calls.billing, paidIn(owner?.invoices), owner?.holds);
    const reference = mapped.subscription ?? owner?.reference;
    if (reference === undefined) return this.#ignored(object, mapped, provenance);
    const begun = { mapped: { ...mapped, claim }, reads: [provenance, ...reads] };
    return this.#readAndObserve(object, begun, { owner, reference, provenance, calls });
  }

  /** A copy that is silent and not ours is read once: lists overlap, and an invoice has several events. */
  async #readForeign(type: BillingType, id: string, isClaimed: boolean, provenance: Provenance): Promise<IntakeResult> {
    const { notOurs } = this.#parts;
    if (!isClaimed && notOurs.has(id)) return { outcome: 'not_ours' };
    const result = await this.#readAndRoute(type, id, provenance);
    if (result.outcome === 'not_ours') notOurs.add(id);
    return result;
  }

  async #readAndObserve(object: unknown, begun: BegunLook, from: From): Promise<IntakeResult> {
    const { provenance } = from;
    const { subscriptionId } = begun.mapped.claim;
    // 4
    const told = await this.#reads.before(begun, from);
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
